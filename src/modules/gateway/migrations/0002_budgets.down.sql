select plinth.unregister_function('reserve_budgets(uuid, text[], uuid[], uuid[], uuid[], uuid[], bigint[], numeric[], integer[], timestamp with time zone)');
select plinth.unregister_function('begin_budget_periods(uuid, uuid[], timestamp with time zone)');
select plinth.unregister_function('budget_window(text, text, timestamp with time zone)');
select plinth.unregister_table('budget_alerts');
select plinth.unregister_table('budget_reservations');
select plinth.unregister_table('budget_periods');
select plinth.unregister_table('budgets');
