select plinth.unregister_function('held_by_external(uuid, uuid, uuid[])');
select plinth.unregister_function('claim_external_tasks(uuid, uuid, text[], integer, boolean, boolean, boolean)');
select plinth.unregister_function('claim_keyed_tasks_by_tenant(text[], integer, uuid, boolean)');
select plinth.unregister_function('take_keyed_tasks_by_tenant(uuid, text[], integer, boolean)');
select plinth.unregister_function('take_keyed_tasks(uuid, text[], integer, boolean)');
select plinth.unregister_function('take_plain_tasks(uuid, text[], integer, boolean)');
select plinth.unregister_function('due_for_external(uuid[], text[])');
select plinth.unregister_function('see_external_worker(uuid, uuid, uuid, boolean)');
select plinth.unregister_function('register_external_worker(uuid, uuid, uuid, text, text[], integer, integer)');
create or replace function plinth.live_task_types(organization uuid, types text[], since timestamptz)
returns table (task_type text, workers bigint, last_seen_at timestamptz)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  return query
    select u.name, count(*), max(w.last_seen_at)
    from unnest(types) as u(name)
    join workers w on u.name = any (w.task_types)
    where w.stopped_at is null and w.last_seen_at >= since
    group by u.name
    order by u.name;
end
$$;
alter table plinth.task_definitions drop column is_external;
select plinth.refresh_table('task_definitions');
select plinth.unregister_table('external_workers');
