select plinth.unregister_function('rotate_api_key(uuid, uuid, uuid, bytea, text, text, uuid, timestamp with time zone, integer, timestamp with time zone)');
select plinth.unregister_function('revoke_api_key(uuid, uuid, timestamp with time zone)');
select plinth.unregister_function('touch_api_keys(uuid, uuid[], timestamp with time zone[])');
select plinth.unregister_function('authenticate_api_key(uuid, bytea, timestamp with time zone)');
select plinth.unregister_function('create_api_key(uuid, uuid, bytea, text, text, uuid, text, text, text[], timestamp with time zone, uuid, integer, timestamp with time zone)');
