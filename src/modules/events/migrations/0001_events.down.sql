select plinth.unregister_table('event_processing_logs');
select plinth.unregister_table('event_subscriptions');
select plinth.unregister_table('github_events');
select plinth.unregister_table('event_deduplication');
select plinth.unregister_table('events');
select plinth.unregister_table('event_source_tokens');
select plinth.keep_reference_on_delete('event_sources', 'project_id', 'projects');
select plinth.unregister_table('event_sources');
