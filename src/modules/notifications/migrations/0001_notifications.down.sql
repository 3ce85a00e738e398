select plinth.unregister_function('cleanup_old_notifications(uuid, timestamp with time zone, integer)');
select plinth.unregister_function('organizations_with_old_notifications(timestamp with time zone, integer)');
select plinth.unregister_function('make_notifications(uuid, jsonb, timestamp with time zone, integer)');
select plinth.unregister_table('notifications');
