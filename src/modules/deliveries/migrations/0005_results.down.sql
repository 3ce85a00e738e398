select plinth.unregister_function('count_dead_event_deliveries(integer)');
select plinth.unregister_function('retry_event_deliveries(uuid, jsonb, integer, timestamp with time zone)');
select plinth.unregister_function('finish_event_deliveries(uuid, uuid, jsonb, timestamp with time zone)');
