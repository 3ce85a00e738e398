select plinth.unregister_function('return_tasks(uuid, uuid, uuid[])');
select plinth.unregister_function('recover_expired_leases(integer)');
select plinth.unregister_function('heartbeat(uuid, uuid[], numeric)');
select plinth.unregister_function('settle_failed(uuid[], uuid[])');
select plinth.unregister_function('fail_tasks(uuid, uuid, uuid[], jsonb[])');
select plinth.unregister_function('fail_attempt(uuid, uuid, integer, uuid, text, jsonb, integer, timestamp with time zone, timestamp with time zone)');
select plinth.unregister_function('complete_tasks(uuid, uuid, uuid[], integer[], jsonb)');
select plinth.unregister_function('release_items(uuid, uuid, uuid[])');
