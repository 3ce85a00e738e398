select plinth.unregister_function('take_gateway_rates(uuid, uuid[], uuid[], uuid[], uuid[], integer[], bigint[], timestamp with time zone)');
select plinth.unregister_table('gateway_rate_counts');
select plinth.unregister_table('gateway_rate_limits');
