select plinth.unregister_function('task_key_use(uuid, text)');
select plinth.unregister_function('claim_keyed_tasks_by_tenant(text[], integer, uuid)');
select plinth.unregister_function('claim_keyed_tasks(text[], integer, uuid)');
select plinth.unregister_function('room_of_keys(uuid[], text[], integer[], uuid[], text[], integer)');
select plinth.unregister_function('renew_rates(timestamp with time zone)');
select plinth.unregister_function('note_claimed(uuid, text, integer)');
select plinth.unregister_function('held_slots()');
select plinth.unregister_table('task_rates');
select plinth.unregister_table('task_limits');
