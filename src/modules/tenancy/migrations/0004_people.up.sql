-- People: making accounts, members and their roles, changes of what colleagues see, and switching an account off.

create function plinth.role_rank(role text) returns int
language sql immutable parallel safe security definer set search_path = pg_catalog, pg_temp
as $$ select case role when 'owner' then 4 when 'admin' then 3 when 'member' then 2 when 'viewer' then 1 else 0 end $$;

-- The id of a new user, or null when the e-mail is taken. The username is made from the e-mail's local part.
create function plinth.add_user(new_id uuid, new_email text, new_full_name text, platform_role text, at timestamptz) returns uuid
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  base constant text := coalesce(nullif(left(trim(leading '._-' from
    regexp_replace(lower(split_part(new_email, '@', 1)), '[^a-z0-9._-]+', '-', 'g')), 50), ''), 'user');
  candidate text := base;
begin
  for attempt in 1..10 loop
    insert into users (id, email, username, full_name, role, created_at, updated_at)
    values (new_id, new_email, candidate, new_full_name, platform_role, at, at)
    on conflict do nothing;
    if found then
      return new_id;
    end if;
    if exists (select 1 from users u where u.email = new_email) then
      return null;
    end if;
    candidate := base || '-' || left(replace(gen_random_uuid()::text, '-', ''), 6);
  end loop;
  raise exception 'no free username was found' using errcode = '23505';
end
$$;

-- The id of the account with this e-mail; made, without a password, when there is none.
create function plinth.ensure_user(new_email text, new_full_name text, at timestamptz) returns uuid
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  person uuid;
begin
  select u.id into person from users u where u.email = new_email;
  if found then
    return person;
  end if;
  person := add_user(plinth.uuidv7(at), new_email, new_full_name, 'user', at);
  if person is null then
    select u.id into person from users u where u.email = new_email;   -- another request was faster
  else
    perform record_security_event(jsonb_build_object('kind', 'user_created', 'user_id', person));
  end if;
  return person;
end
$$;

-- Members -------------------------------------------------------------------------------------------------------------

-- added, already_member or not_found (no such user, or switched off).
create function plinth.add_member(organization uuid, person uuid, new_role text, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  u users;
begin
  perform assert_organization(organization);
  -- locked, so that the copies can not be older than the user
  select * into u from users where id = person and is_active and deleted_at is null for no key update;
  if not found then
    return 'not_found';
  end if;
  insert into organization_memberships (organization_id, user_id, role, display_name, email, created_at, updated_at)
  values (organization, person, new_role, u.full_name, u.email, at, at)
  on conflict (organization_id, user_id) do nothing;
  return case when found then 'added' else 'already_member' end;
end
$$;

-- True when somebody else stays owner without this person. Locks the owners' rows, so that two who leave at once take
-- turns and the second sees what the first did.
create function plinth.is_owned_without(organization uuid, person uuid) returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  owners uuid[];
begin
  perform assert_organization(organization);
  select coalesce(array_agg(locked.user_id), '{}')
  into owners
  from (
    select m.user_id
    from organization_memberships m
    where m.organization_id = organization and m.role = 'owner'
    order by m.id
    for update
  ) locked;
  return array_remove(owners, person) <> '{}';
end
$$;

-- changed, not_found, last_owner or forbidden: by_role, the role of who asks, bounds both what they touch and what they give.
-- A key of the person never does more than they may (authenticate_api_key).
create function plinth.change_member_role(organization uuid, person uuid, new_role text, by_role text) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  others_own constant boolean := is_owned_without(organization, person);
  old_role text;
begin
  select m.role into old_role
  from organization_memberships m
  where m.organization_id = organization and m.user_id = person
  for update;
  if not found then
    return 'not_found';
  end if;
  if greatest(role_rank(old_role), role_rank(new_role)) > role_rank(by_role) then
    return 'forbidden';
  end if;
  if old_role = 'owner' and new_role <> 'owner' and not others_own then
    return 'last_owner';
  end if;
  update organization_memberships m set role = new_role where m.organization_id = organization and m.user_id = person;
  return 'changed';
end
$$;

-- removed, not_found, last_owner or forbidden. Their keys of this organization stop with them.
create function plinth.remove_member(organization uuid, person uuid, by_role text, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  others_own constant boolean := is_owned_without(organization, person);
  old_role text;
begin
  select m.role into old_role
  from organization_memberships m
  where m.organization_id = organization and m.user_id = person
  for update;
  if not found then
    return 'not_found';
  end if;
  if role_rank(old_role) > role_rank(by_role) then
    return 'forbidden';
  end if;
  if old_role = 'owner' and not others_own then
    return 'last_owner';
  end if;
  update api_keys k set revoked_at = at where k.organization_id = organization and k.user_id = person and k.revoked_at is null;
  delete from organization_memberships m where m.organization_id = organization and m.user_id = person;
  return 'removed';
end
$$;

-- One's own account ---------------------------------------------------------------------------------------------------
-- The user first (a global row, and the lock that add_member waits for), then credentials, sessions and identities, then
-- the copies in every organization. On Citus these locks are of the whole global table and a shared one is made stronger
-- by whoever writes a row that refers to it, so that two people deadlock who lock in another order, or for share.

create function plinth.change_full_name(person uuid, new_full_name text, at timestamptz) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_person(person);
  update users u set full_name = new_full_name, updated_at = at where u.id = person;
  update organization_memberships m set display_name = new_full_name where m.user_id = person and m.display_name <> new_full_name;
end
$$;

-- changed, unchanged or taken. The new address is not verified, and all other sessions end.
create function plinth.change_email(person uuid, new_email text, keep_session uuid, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  old_email text;
begin
  perform assert_person(person);
  select u.email into old_email from users u where u.id = person for update;
  if old_email = new_email then
    return 'unchanged';
  end if;
  begin
    update users u set email = new_email, is_verified = false, updated_at = at where u.id = person;
  exception when unique_violation then
    return 'taken';
  end;
  update user_sessions s set revoked_at = at
  where s.user_id = person and s.revoked_at is null and s.id is distinct from keep_session;
  perform record_security_event(jsonb_build_object('kind', 'email_changed', 'user_id', person));
  update organization_memberships m set email = new_email where m.user_id = person;
  return 'changed';
end
$$;

-- changed or taken.
create function plinth.change_username(person uuid, new_username text, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_person(person);
  begin
    update users u set username = new_username, updated_at = at where u.id = person;
  exception when unique_violation then
    return 'taken';
  end;
  return 'changed';
end
$$;

-- Stores a new password and ends every other session: whoever knew the old one is out.
create function plinth.set_password(person uuid, new_hash text, keep_session uuid, at timestamptz) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_person(person);
  perform from users u where u.id = person for no key update;
  insert into user_credentials (user_id, password_hash, changed_at) values (person, new_hash, at)
  on conflict (user_id) do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at;
  update user_sessions s set revoked_at = at
  where s.user_id = person and s.revoked_at is null and s.id is distinct from keep_session;
  perform record_security_event(jsonb_build_object('kind', 'password_changed', 'user_id', person));
end
$$;

-- Switching an account off and on, by an administrator of the installation: changed, not_found, forbidden or
-- last_superuser. Off means at once: sessions and keys ask whether their user is active, and are revoked for good.
create function plinth.set_user_active(administrator uuid, person uuid, active boolean, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  administrator_role text;
  person_role text;
begin
  perform assert_person(administrator);
  -- one at a time: two superusers who switch each other off would leave none
  perform pg_advisory_xact_lock(hashtextextended('plinth.superusers', 0));
  select u.role into administrator_role
  from users u where u.id = administrator and u.is_active and u.deleted_at is null and u.role in ('admin', 'superuser');
  if not found then
    return 'forbidden';
  end if;
  select u.role into person_role from users u where u.id = person and u.deleted_at is null;
  if not found then
    return 'not_found';
  end if;
  if person_role <> 'user' and administrator_role <> 'superuser' then
    return 'forbidden';
  end if;
  if not active and person_role = 'superuser' and not exists (
    select 1 from users u where u.role = 'superuser' and u.is_active and u.deleted_at is null and u.id <> person
  ) then
    return 'last_superuser';
  end if;
  update users u set is_active = active, updated_at = at where u.id = person;
  if not active then
    update user_sessions s set revoked_at = at where s.user_id = person and s.revoked_at is null;
  end if;
  perform record_security_event(jsonb_build_object('severity', 'warning', 'user_id', person,
    'kind', case when active then 'user_activated' else 'user_deactivated' end,
    'details', jsonb_build_object('by', administrator)));
  if not active then
    update api_keys k set revoked_at = at where k.user_id = person and k.revoked_at is null;
  end if;
  return 'changed';
end
$$;

select plinth.register_function('role_rank(text)');
select plinth.register_function('add_user(uuid, text, text, text, timestamp with time zone)');
select plinth.register_function('ensure_user(text, text, timestamp with time zone)', '{app}');
select plinth.register_function('add_member(uuid, uuid, text, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('is_owned_without(uuid, uuid)', tenant_argument => 'organization');
select plinth.register_function('change_member_role(uuid, uuid, text, text)', '{app}', tenant_argument => 'organization');
select plinth.register_function('remove_member(uuid, uuid, text, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('change_full_name(uuid, text, timestamp with time zone)', '{app}');
select plinth.register_function('change_email(uuid, text, uuid, timestamp with time zone)', '{app}');
select plinth.register_function('change_username(uuid, text, timestamp with time zone)', '{app}');
select plinth.register_function('set_password(uuid, text, uuid, timestamp with time zone)', '{app}');
select plinth.register_function('set_user_active(uuid, uuid, boolean, timestamp with time zone)', '{app}');
