select plinth.unregister_function('next_batch_due()');
select plinth.unregister_function('due_batches(timestamp with time zone, integer)');
select plinth.unregister_function('take_due_batches(uuid, timestamp with time zone, integer)');
select plinth.unregister_function('add_to_batch(uuid, uuid, jsonb, timestamp with time zone, integer)');
select plinth.unregister_table('subscription_batches');
