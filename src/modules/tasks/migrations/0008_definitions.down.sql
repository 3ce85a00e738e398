select plinth.unregister_function('task_retry_policies(uuid[], uuid[])');
alter table plinth.tasks drop column definition_id;
select plinth.refresh_table('tasks');
drop trigger keep_version on plinth.task_definitions;
select plinth.unregister_function('keep_definition_version()');
select plinth.unregister_table('task_definitions');
