select plinth.unregister_function('promote_due_tasks(integer)');
select plinth.unregister_function('claim_tasks(uuid, uuid, text[], integer, numeric, uuid[], boolean, integer, uuid[], timestamp with time zone[])');
select plinth.unregister_function('wait_for_keys(uuid)');
select plinth.unregister_function('due_places(text[], integer, uuid[], boolean, timestamp with time zone[])');
select plinth.unregister_function('oldest_priority(text, uuid, text)');
select plinth.unregister_function('task_by_idempotency_key(uuid, text, text)');
select plinth.unregister_function('enqueue_tasks(uuid, jsonb)');
drop function plinth.queue_payload(jsonb);
