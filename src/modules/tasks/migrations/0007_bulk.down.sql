select plinth.unregister_function('hold_task(uuid, uuid, text)');
select plinth.unregister_function('change_tasks(uuid, text, jsonb, text, uuid, integer)');
select plinth.unregister_function('resume_tasks(uuid, uuid[])');
select plinth.unregister_function('pause_tasks(uuid, uuid[])');
