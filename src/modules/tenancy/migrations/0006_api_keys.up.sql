-- API keys: made, checked at each request, rotated, revoked. Each function stays inside one organization.

-- created, not_member (a personal key is for a member) or too_many (keys_max live ones).
create function plinth.create_api_key(
  organization uuid, key_id uuid, key_hash bytea, key_prefix text, key_last4 text, owner_of_key uuid, key_name text,
  key_role text, key_scopes text[], expires timestamptz, maker uuid, keys_max int, at timestamptz
) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_organization(organization);
  if owner_of_key is not null and not exists (
    select 1 from organization_memberships m where m.organization_id = organization and m.user_id = owner_of_key
  ) then
    return 'not_member';
  end if;
  if (select count(*) from api_keys k
      where k.organization_id = organization and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > at) >= keys_max then
    return 'too_many';
  end if;
  insert into api_keys (organization_id, id, user_id, name, prefix, last4, role, scopes, expires_at, created_by, created_at)
  values (organization, key_id, owner_of_key, key_name, key_prefix, key_last4, key_role, key_scopes, expires, maker, at);
  insert into api_key_hashes (organization_id, id, hash) values (organization, key_id, key_hash);
  return 'created';
end
$$;

-- The key with this hash, if there is one: state is live, revoked, expired, organization_deleted, user_inactive or
-- not_member. member_role is the key's own, or that of the person behind it where that is less by now.
create function plinth.authenticate_api_key(organization uuid, key_hash bytea, at timestamptz)
returns table (key_id uuid, user_id uuid, organization_slug text, platform_role text, member_role text, scopes text[],
               last_used_at timestamptz, expires_at timestamptz, state text)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  key record;
  person users;
begin
  perform assert_organization(organization);
  select k.*, o.slug, o.deleted_at as organization_deleted_at, m.role as role_of_member
  into key
  from api_key_hashes h
  join api_keys k on k.organization_id = h.organization_id and k.id = h.id
  join organizations o on o.id = k.organization_id
  left join organization_memberships m on m.organization_id = k.organization_id and m.user_id = k.user_id
  where h.organization_id = organization and h.hash = key_hash;
  if not found then
    return;
  end if;
  -- a query of its own: on the tenant's node Citus joins no global table to the tenant's
  if key.user_id is not null then
    select * into person from users u where u.id = key.user_id;
  end if;
  key_id := key.id;
  user_id := key.user_id;
  organization_slug := key.slug;
  platform_role := person.role;
  member_role := case when key.user_id is null or role_rank(key.role) <= role_rank(key.role_of_member) then key.role
                      else key.role_of_member end;
  scopes := key.scopes;
  last_used_at := key.last_used_at;
  expires_at := key.expires_at;
  state := case when key.revoked_at is not null then 'revoked'
                when key.expires_at <= at then 'expired'
                when key.organization_deleted_at is not null then 'organization_deleted'
                when key.user_id is not null and not coalesce(person.is_active and person.deleted_at is null, false) then 'user_inactive'
                when key.user_id is not null and key.role_of_member is null then 'not_member'
                else 'live' end;
  return next;
end
$$;

create function plinth.touch_api_keys(organization uuid, keys uuid[], seen timestamptz[]) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_organization(organization);
  update api_keys k
  set last_used_at = t.seen_at
  from unnest(keys, seen) as t(id, seen_at)
  where k.organization_id = organization and k.id = t.id and (k.last_used_at is null or k.last_used_at < t.seen_at);
end
$$;

create function plinth.revoke_api_key(organization uuid, key_id uuid, at timestamptz) returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_organization(organization);
  update api_keys k set revoked_at = at where k.organization_id = organization and k.id = key_id and k.revoked_at is null;
  return found;
end
$$;

-- A new key with the rights of an old one, which works on until old_expires at the latest: rotated; not_live (of two
-- rotations at once the second finds the key already on its way out); or too_many (keys_max live ones, and the old one
-- would stay one of them).
create function plinth.rotate_api_key(
  organization uuid, old_id uuid, key_id uuid, key_hash bytea, key_prefix text, key_last4 text, maker uuid,
  old_expires timestamptz, keys_max int, at timestamptz
) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  old api_keys;
begin
  perform assert_organization(organization);
  select * into old
  from api_keys k
  where k.organization_id = organization and k.id = old_id and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > at
  for update;
  if not found then
    return 'not_live';
  end if;
  if old_expires > at and (
    select count(*) from api_keys k
    where k.organization_id = organization and k.revoked_at is null and coalesce(k.expires_at, 'infinity') > at
  ) >= keys_max then
    return 'too_many';
  end if;
  insert into api_keys (organization_id, id, user_id, name, prefix, last4, role, scopes, expires_at, created_by, created_at)
  values (organization, key_id, old.user_id, old.name, key_prefix, key_last4, old.role, old.scopes, old.expires_at, maker, at);
  insert into api_key_hashes (organization_id, id, hash) values (organization, key_id, key_hash);
  update api_keys k
  set expires_at = least(old.expires_at, old_expires)
  where k.organization_id = organization and k.id = old_id;
  return 'rotated';
end
$$;

select plinth.register_function('create_api_key(uuid, uuid, bytea, text, text, uuid, text, text, text[], timestamp with time zone, uuid, integer, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('authenticate_api_key(uuid, bytea, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('touch_api_keys(uuid, uuid[], timestamp with time zone[])', '{app}', tenant_argument => 'organization');
select plinth.register_function('revoke_api_key(uuid, uuid, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('rotate_api_key(uuid, uuid, uuid, bytea, text, text, uuid, timestamp with time zone, integer, timestamp with time zone)', '{app}', tenant_argument => 'organization');
