select plinth.unregister_function('finish_events(uuid, jsonb)');
select plinth.unregister_function('lock_pending_events(uuid, integer, bigint)');
select plinth.unregister_function('organizations_with_pending_events(integer)');
select plinth.unregister_function('delete_event_source(uuid, uuid)');
select plinth.unregister_function('update_event_source(uuid, uuid, text, boolean)');
select plinth.unregister_function('rotate_event_source_secret(uuid, uuid, text, integer)');
select plinth.unregister_function('create_event_source(uuid, jsonb, bytea)');
select plinth.unregister_function('event_source_by_token(uuid, bytea)');
select plinth.unregister_function('ingest_events(uuid, uuid, text, jsonb)');
