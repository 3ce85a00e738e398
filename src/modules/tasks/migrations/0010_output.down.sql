select plinth.unregister_function('record_task_output(jsonb, jsonb)');
select plinth.unregister_table('task_progress');
select plinth.unregister_table('task_execution_logs');
