select plinth.unregister_function('default_partition_rows()');
select plinth.unregister_function('drop_expired_partitions()');
select plinth.unregister_function('analyze_new_tables(integer)');
select plinth.unregister_function('ensure_partitions(text, integer, integer)');
drop function plinth.ensure_partition(text, date);
