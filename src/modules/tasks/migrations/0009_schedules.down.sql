select plinth.unregister_function('next_schedule_at()');
select plinth.unregister_function('due_schedules(timestamp with time zone, integer)');
select plinth.unregister_table('schedule_firings');
select plinth.unregister_table('schedules');
