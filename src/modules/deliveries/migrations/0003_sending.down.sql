select plinth.unregister_function('claim_event_deliveries(uuid, uuid, timestamp with time zone, integer, integer)');
select plinth.unregister_function('release_next_in_order(uuid, uuid, text[], timestamp with time zone)');
select plinth.unregister_function('release_late_deliveries(uuid, uuid, timestamp with time zone, boolean, integer)');
select plinth.unregister_function('next_delivery_due()');
select plinth.unregister_function('organizations_with_due_deliveries(timestamp with time zone, integer)');
select plinth.unregister_function('make_event_deliveries(uuid, jsonb, timestamp with time zone)');
