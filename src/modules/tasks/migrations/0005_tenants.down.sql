select plinth.unregister_function('complete_tasks_by_tenant(uuid, uuid, uuid[], integer[], jsonb)');
select plinth.unregister_function('promote_due_tasks_by_tenant(integer)');
select plinth.unregister_function('claim_tasks_by_tenant(uuid, uuid, text[], integer, numeric, uuid[], boolean, integer, uuid[])');
