select plinth.unregister_function('event_name_matches(text[], text)');
select plinth.unregister_function('event_filter_matches(jsonb, jsonb)');
select plinth.unregister_function('event_filter_condition(jsonb, jsonb)');
select plinth.unregister_function('event_filter_equal(jsonb, jsonb)');
select plinth.unregister_function('event_filter_number(jsonb)');
select plinth.unregister_function('event_filter_operand(jsonb, jsonb)');
