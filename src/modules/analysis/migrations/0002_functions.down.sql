select plinth.unregister_function('seed_metric_definitions(jsonb)');
select plinth.unregister_function('mark_repository_analyzed(uuid, uuid, timestamp with time zone)');
