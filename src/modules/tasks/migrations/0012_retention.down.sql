select plinth.unregister_function('forget_task_rates(integer)');
select plinth.unregister_function('forget_schedule_firings(timestamp with time zone, integer)');
select plinth.unregister_function('forget_ended_tasks(uuid, timestamp with time zone, integer)');
select plinth.unregister_function('organizations_with_ended_tasks(timestamp with time zone)');
select plinth.unregister_function('live_task_types(uuid, text[], timestamp with time zone)');
