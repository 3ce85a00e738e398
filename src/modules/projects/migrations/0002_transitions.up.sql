-- Which states of a project follow which, and the times that go with them.
--   planning → active, on_hold, archived, deleted        active → on_hold, completed, archived, deleted
--   on_hold → active, completed, archived, deleted       completed → active, archived, deleted
--   archived → active, deleted                           deleted → active, archived (within 30 days)
-- archived_at and deleted_at belong to the state: they are set here and nowhere else.

create function plinth.check_project_transition() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  allowed constant jsonb := '{
    "planning": ["active", "on_hold", "archived", "deleted"],
    "active": ["on_hold", "completed", "archived", "deleted"],
    "on_hold": ["active", "completed", "archived", "deleted"],
    "completed": ["active", "archived", "deleted"],
    "archived": ["active", "deleted"],
    "deleted": ["active", "archived"]
  }';
begin
  if not allowed -> old.status ? new.status then
    raise exception 'a project does not go from % to %', old.status, new.status using errcode = '55000';
  end if;
  if old.status = 'deleted' and old.deleted_at <= at - interval '30 days' then
    raise exception 'the project was deleted more than 30 days ago' using errcode = '55000';
  end if;
  new.deleted_at := case when new.status = 'deleted' then at end;
  -- a deleted project remembers that it was archived
  new.archived_at := case new.status when 'archived' then coalesce(old.archived_at, at) when 'deleted' then old.archived_at end;
  return new;
end
$$;

create function plinth.check_project_times() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' and new.status not in ('planning', 'active') then
    raise exception 'a project begins as planning or active, not as %', new.status using errcode = '55000';
  end if;
  new.deleted_at := case when tg_op = 'UPDATE' then old.deleted_at end;
  new.archived_at := case when tg_op = 'UPDATE' then old.archived_at end;
  return new;
end
$$;

-- Removes projects deleted 30 days ago, at most rows_max; tasks keep their rows without the project. Returns how many.
create function plinth.purge_deleted_projects(at timestamptz, rows_max int) returns bigint
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  removed bigint;
begin
  delete from projects
  where (organization_id, id) in (
    select p.organization_id, p.id from projects p where p.deleted_at <= at - interval '30 days' limit rows_max);
  get diagnostics removed = row_count;
  return removed;
end
$$;

do $do$
begin
  if plinth.is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
end
$do$;
create trigger check_transition before update on plinth.projects
  for each row when (old.status is distinct from new.status)
  execute function plinth.check_project_transition('projects');
create trigger check_times_at_start before insert on plinth.projects
  for each row execute function plinth.check_project_times('projects');
create trigger check_times before update on plinth.projects
  for each row
  when (old.status is not distinct from new.status
    and (old.deleted_at is distinct from new.deleted_at or old.archived_at is distinct from new.archived_at))
  execute function plinth.check_project_times('projects');
select plinth.register_function('check_project_transition()', security => 'invoker');
select plinth.register_function('check_project_times()', security => 'invoker');
select plinth.register_function('purge_deleted_projects(timestamp with time zone, integer)', '{worker}', 'owner');
