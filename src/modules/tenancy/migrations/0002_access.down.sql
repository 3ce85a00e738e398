select plinth.unregister_table('sign_in_attempts');
select plinth.unregister_table('one_time_tokens');
select plinth.unregister_table('user_sessions');
select plinth.unregister_table('api_key_hashes');
select plinth.unregister_table('api_keys');
