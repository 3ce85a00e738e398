select plinth.unregister_table('event_delivery_attempts');
select plinth.unregister_table('event_deliveries');
select plinth.unregister_table('endpoint_states');
select plinth.unregister_table('event_endpoints');
