select plinth.unregister_function('default_partition_rows()');
select plinth.unregister_function('drop_expired_partitions()');
select plinth.unregister_function('ensure_partitions(text, integer)');
drop function plinth.ensure_partition(text, date);
