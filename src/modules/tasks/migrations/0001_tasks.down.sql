select plinth.unregister_table('task_attempts');
select plinth.unregister_table('task_leases');
select plinth.unregister_table('workers');
select plinth.unregister_table('task_timers');
select plinth.unregister_table('task_queue');
select plinth.keep_reference_on_delete('tasks', 'repository_id', 'repositories');
select plinth.keep_reference_on_delete('tasks', 'project_id', 'projects');
select plinth.unregister_table('tasks');
