select plinth.unregister_function('count_failed_tasks(integer)');
select plinth.unregister_function('task_engine_state()');
select plinth.unregister_function('stop_worker(uuid)');
select plinth.unregister_function('register_worker(uuid, text, integer, text, text[])');
select plinth.unregister_function('retry_task(uuid, uuid)');
select plinth.unregister_function('cancel_task(uuid, uuid, text)');
select plinth.unregister_function('retry_tasks(uuid, uuid[])');
select plinth.unregister_function('cancel_tasks(uuid, uuid[], text)');
