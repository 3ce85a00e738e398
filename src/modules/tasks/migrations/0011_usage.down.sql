select plinth.unregister_function('record_task_usage(uuid, uuid, integer, jsonb)');
select plinth.unregister_table('task_resource_usage');
