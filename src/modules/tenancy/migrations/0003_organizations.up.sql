-- Organizations: made, renamed, deleted, recovered, removed for good. Slugs are written first: they are global rows.
-- The functions answer with a word; the caller turns a refusal into an error, which takes back what was written.

create function plinth.assert_organization(organization uuid) returns void
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
end
$$;

create function plinth.assert_person(person uuid) returns void
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if person is distinct from current_user_id() then
    raise exception 'not the user of this request' using errcode = '42501';
  end if;
end
$$;

-- The feed's entry for what is done here. On Citus a function that writes global rows and a request that writes the
-- tenant's do not share a transaction, so the caller can not add it.
create function plinth.note_activity(organization uuid, activity text, summary text) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  insert into activity_logs (organization_id, api_key_id, action, resource_type, resource_id, summary)
  values (organization, nullif(current_setting('plinth.api_key_id', true), '')::uuid, activity, 'organizations', organization,
          left(note_activity.summary, 500));
end
$$;

-- created, slug_taken, too_many (the person owns owned_max already; null: no limit) or no_user. The id is the caller's
-- choice, so that the transaction already runs in the new tenant and its audit entries say who made it.
create function plinth.create_organization(
  organization uuid, organization_name text, new_slug text, person uuid, owned_max int, at timestamptz
) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  maker users;
  owned bigint;
begin
  perform assert_organization(organization);
  perform assert_person(person);
  -- locked, so that the copies in the membership can not be older than the user
  select * into maker from users u where u.id = person and u.is_active and u.deleted_at is null for no key update;
  if not found then
    return 'no_user';
  end if;
  select count(*) into owned from organization_memberships m where m.user_id = person and m.role = 'owner';
  if owned >= owned_max then
    return 'too_many';
  end if;
  insert into organization_slugs (slug, organization_id) values (new_slug, organization) on conflict do nothing;
  if not found then
    return 'slug_taken';
  end if;
  insert into organizations (id, name, slug, created_at, updated_at)
  values (organization, organization_name, new_slug, at, at);
  insert into organization_memberships (organization_id, user_id, role, display_name, email, created_at, updated_at)
  values (organization, person, 'owner', maker.full_name, maker.email, at, at);
  perform note_activity(organization, 'organization_created', format('Organization %s was created', organization_name));
  return 'created';
end
$$;

-- renamed, slug_taken or not_found. The old slug is free at once.
create function plinth.rename_organization(organization uuid, new_slug text) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  holder uuid;
begin
  perform assert_organization(organization);
  -- one at a time: two renames at once would leave both slugs behind
  perform from organizations o where o.id = organization and o.deleted_at is null for no key update;
  if not found then
    return 'not_found';
  end if;
  insert into organization_slugs (slug, organization_id) values (new_slug, organization) on conflict do nothing;
  if not found then
    select s.organization_id into holder from organization_slugs s where s.slug = new_slug;
    if holder is distinct from organization then
      return 'slug_taken';
    end if;
  end if;
  delete from organization_slugs s where s.organization_id = organization and s.slug <> new_slug;
  update organizations o set slug = new_slug where o.id = organization and o.slug <> new_slug;
  return 'renamed';
end
$$;

-- From the next request on its keys and sessions open nothing. False: it was deleted already, or is not there.
create function plinth.delete_organization(organization uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_organization(organization);
  update organizations o set deleted_at = at where o.id = organization and o.deleted_at is null;
  return found;
end
$$;

-- recovered, too_late (30 days, or its removal has begun) or not_found (also when the person is no owner of it).
create function plinth.recover_organization(organization uuid, person uuid, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  was_deleted_at timestamptz;
begin
  perform assert_organization(organization);
  perform assert_person(person);
  if not exists (
    select 1 from organization_memberships m
    where m.organization_id = organization and m.user_id = person and m.role = 'owner'
  ) then
    return 'not_found';
  end if;
  select o.deleted_at into was_deleted_at from organizations o where o.id = organization for no key update;
  if was_deleted_at is null then
    return 'not_found';
  end if;
  -- removing takes the slug first
  if was_deleted_at <= at - interval '30 days'
     or not exists (select 1 from organization_slugs s where s.organization_id = organization) then
    return 'too_late';
  end if;
  update organizations o set deleted_at = null where o.id = organization;
  perform note_activity(organization, 'organization_recovered', 'The organization was recovered');
  return 'recovered';
end
$$;

-- The organizations a person belongs to, deleted ones that can be recovered included.
create function plinth.organizations_of_user(person uuid)
returns table (id uuid, name text, slug text, role text, deleted_at timestamptz)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform assert_person(person);
  return query
    select o.id, o.name, o.slug, m.role, o.deleted_at
    from organization_memberships m
    join organizations o on o.id = m.organization_id
    where m.user_id = person and (o.deleted_at is null or m.role = 'owner')
    order by lower(o.name), o.id;
end
$$;

-- Removing ------------------------------------------------------------------------------------------------------------

create function plinth.organizations_to_purge(at timestamptz, rows_max int) returns setof uuid
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select o.id
    from organizations o
    where o.deleted_at <= at - interval '30 days'
    order by o.deleted_at
    limit rows_max;
end
$$;

-- Deletes up to rows_max of one organization's rows from one table; returns how many. Rows that others of the same table
-- point at wait until those are gone; what is left then points at itself in a circle and goes in one statement.
create function plinth.purge_table(organization uuid, target text, tenant_column text, rows_max bigint) returns bigint
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  relation constant regclass := ('plinth.' || quote_ident(target))::regclass;
  key_columns text;
  unreferenced text;
  removed bigint := 0;
  batch bigint;
begin
  select string_agg(quote_ident(a.attname), ', ' order by k.place)
  into strict key_columns
  from pg_index i
  cross join lateral unnest(i.indkey::int2[]) with ordinality as k(attnum, place)
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
  where i.indrelid = relation and i.indisprimary;

  select string_agg(format(' and not exists (select 1 from %s child where %s)', relation, matches), '')
  into unreferenced
  from (
    select string_agg(format('child.%I = parent.%I', own.attname, theirs.attname), ' and ') as matches
    from pg_constraint c
    cross join lateral unnest(c.conkey, c.confkey) as k(own, theirs)
    join pg_attribute own on own.attrelid = c.conrelid and own.attnum = k.own
    join pg_attribute theirs on theirs.attrelid = c.confrelid and theirs.attnum = k.theirs
    where c.contype = 'f' and c.conrelid = relation and c.confrelid = relation
    group by c.oid
  ) self_references;

  loop
    execute format('delete from %1$s where %2$I = $1 and (%3$s) in (select %3$s from %1$s parent where %2$I = $1%4$s limit $2)',
      relation, tenant_column, key_columns, unreferenced)
    using organization, rows_max - removed;
    get diagnostics batch = row_count;
    removed := removed + batch;
    exit when batch = 0 or unreferenced is null or removed >= rows_max;
  end loop;
  if unreferenced is not null and removed < rows_max then
    execute format('delete from %s where %I = $1', relation, tenant_column) using organization;
    get diagnostics batch = row_count;
    removed := removed + batch;
  end if;
  return removed;
end
$$;

-- Removes a deleted organization for good, up to about rows_max rows a call: call again until it is finished. Children
-- first, that is tables in reverse order of making, the audit log last; people stay. Meanwhile the audit trigger is quiet.
create function plinth.purge_organization(organization uuid, at timestamptz, rows_max int, forced boolean default false)
returns table (removed bigint, finished boolean)
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  was_deleted_at timestamptz;
  t record;
begin
  if rows_max is null or rows_max < 1 then
    raise exception 'rows_max is at least 1' using errcode = '22023';
  end if;
  removed := 0;
  finished := false;
  -- two purges of one organization take turns
  select o.deleted_at into was_deleted_at from organizations o where o.id = organization for update;
  if not found then
    finished := true;
    return next;
    return;
  end if;
  if was_deleted_at is null or (was_deleted_at > at - interval '30 days' and not forced) then
    raise exception 'organization % was not deleted 30 days ago', organization using errcode = '55000';
  end if;
  delete from organization_slugs s where s.organization_id = organization;
  execute format('set local plinth.purging = %L', organization);
  for t in
    select r.table_name, r.tenant_column
    from registered_tables r
    where r.tenant_column is not null and r.table_name <> 'organizations'
    order by r.table_name = 'audit_logs', r.position desc
  loop
    removed := removed + purge_table(organization, t.table_name, t.tenant_column, rows_max - removed);
    exit when removed >= rows_max;
  end loop;
  if removed < rows_max then
    perform record_security_event(jsonb_build_object('kind', 'organization_purged', 'severity', 'warning',
      'organization_id', organization, 'details', jsonb_build_object('forced', forced, 'deleted_at', was_deleted_at)));
    delete from organizations o where o.id = organization;
    removed := removed + 1;
    finished := true;
  end if;
  set local plinth.purging = '';
  return next;
end
$$;
comment on function plinth.purge_organization(uuid, timestamptz, int, boolean) is
  'Removes one batch of a deleted organization; finished says whether anything is left.';

select plinth.register_function('assert_organization(uuid)');
select plinth.register_function('assert_person(uuid)');
select plinth.register_function('create_organization(uuid, text, text, uuid, integer, timestamp with time zone)', '{app}');
select plinth.register_function('note_activity(uuid, text, text)');
select plinth.register_function('rename_organization(uuid, text)', '{app}');
select plinth.register_function('delete_organization(uuid, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('recover_organization(uuid, uuid, timestamp with time zone)', '{app}');
select plinth.register_function('organizations_of_user(uuid)', '{app}');
select plinth.register_function('organizations_to_purge(timestamp with time zone, integer)', '{worker}');
select plinth.register_function('purge_table(uuid, text, text, bigint)', security => 'invoker');
select plinth.register_function('purge_organization(uuid, timestamp with time zone, integer, boolean)', '{worker}', 'owner');
