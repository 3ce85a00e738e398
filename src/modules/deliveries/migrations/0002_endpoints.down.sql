select plinth.unregister_function('switch_event_endpoint(uuid, uuid, text, boolean, timestamp with time zone)');
select plinth.unregister_function('rotate_event_endpoint_secret(uuid, uuid, text, timestamp with time zone)');
select plinth.unregister_function('update_event_endpoint(uuid, uuid, jsonb)');
select plinth.unregister_function('create_event_endpoint(uuid, jsonb)');
