select plinth.unregister_function('task_outcomes()');
select plinth.unregister_function('count_task_outcomes(jsonb)');
select plinth.unregister_table('task_outcome_counts');
select plinth.unregister_function('record_task_usage(uuid, uuid, integer, jsonb)');
select plinth.unregister_table('task_resource_usage');
