select plinth.unregister_function('is_task_held(uuid, uuid, uuid)');
select plinth.unregister_function('await_tasks(uuid, uuid, uuid[])');
select plinth.unregister_function('wake_task(uuid, uuid)');
select plinth.unregister_function('wake_waiters(uuid, uuid[])');
select plinth.unregister_function('wake_tasks(uuid, uuid[])');
select plinth.unregister_function('suspend_tasks(uuid, uuid, uuid[], timestamp with time zone[])');
select plinth.unregister_table('task_waiters');
alter table plinth.tasks drop column woken;
select plinth.refresh_table('tasks');
