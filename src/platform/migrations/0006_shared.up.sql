-- What every module may need: settings of the installation, encryption keys, idempotency keys.

create table plinth.system_settings (
  key text not null,
  value jsonb not null,
  updated_at timestamptz not null default now(),
  constraint system_settings_pkey primary key (key)
);
comment on table plinth.system_settings is
  'The installation''s own state: the fingerprint of its master key, the epoch of its cursors.';

-- (epoch, xid, id) is the cursor of readers in order of visibility; copy, restore and moving a shard raise the epoch
insert into plinth.system_settings (key, value) values ('cursor_epoch', '1');

-- Data keys wrapped by the master key. The organization of nobody (all zero) holds the installation's own.
create table plinth.encryption_keys (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  wrapped_key bytea not null,
  master_key_fingerprint text not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz,
  constraint encryption_keys_pkey primary key (organization_id, id)
);
comment on table plinth.encryption_keys is 'Per-tenant data keys, wrapped by the master key, which is never in the database.';

create table plinth.idempotency_keys (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  principal text not null,
  key text not null,
  request_hash bytea not null,
  status int,
  response text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  constraint idempotency_keys_pkey primary key (organization_id, id),
  constraint idempotency_keys_key_key unique (organization_id, principal, key)
);
comment on table plinth.idempotency_keys is 'Answers kept for a repeated request; written in the transaction of the write itself.';
-- removing what has expired
create index idempotency_keys_expires_idx on plinth.idempotency_keys (expires_at);

create function plinth.get_system_setting(setting text) returns jsonb
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select s.value from system_settings s where s.key = setting);
end
$$;

-- Sets a setting once; returns the value that is there afterwards, ours or an earlier one.
create function plinth.init_system_setting(setting text, initial jsonb) returns jsonb
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  insert into system_settings (key, value) values (setting, initial) on conflict (key) do nothing;
  return (select s.value from system_settings s where s.key = setting);
end
$$;

-- False, and nothing was added, when new data keys are to be wrapped under another master key by now. What adds holds
-- the lock shared, set_master_key alone: once that has committed, no data key appears under the key before.
create function plinth.add_encryption_key(organization uuid, key_id uuid, wrapped bytea, fingerprint text) returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('plinth.master_key', 0));
  if (select s.value from system_settings s where s.key = 'master_key_fingerprint') is distinct from to_jsonb(fingerprint) then
    return false;
  end if;
  insert into encryption_keys (organization_id, id, wrapped_key, master_key_fingerprint)
  values (organization, key_id, wrapped, fingerprint);
  return true;
end
$$;

-- New data keys are wrapped under another master key from now on. False when it was not the expected one before.
create function plinth.set_master_key(expected text, fingerprint text) returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('plinth.master_key', 0));
  update system_settings s
  set value = to_jsonb(fingerprint)
  where s.key = 'master_key_fingerprint' and s.value = to_jsonb(expected);
  return found;
end
$$;

-- Data keys of all organizations in the order of their keys, after one of them.
create function plinth.list_encryption_keys(after_organization uuid, after_id uuid, rows_max int)
returns table (organization_id uuid, id uuid, wrapped_key bytea, master_key_fingerprint text)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select k.organization_id, k.id, k.wrapped_key, k.master_key_fingerprint
    from encryption_keys k
    where (k.organization_id, k.id) > (after_organization, after_id)
    order by k.organization_id, k.id
    limit rows_max;
end
$$;

-- How many data keys are wrapped under which master key.
create function plinth.count_encryption_keys() returns table (master_key_fingerprint text, keys bigint)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query select k.master_key_fingerprint, count(*) from encryption_keys k group by k.master_key_fingerprint;
end
$$;

-- The same data key wrapped anew. False when it was not wrapped under the expected master key any more.
create function plinth.rewrap_encryption_key(organization uuid, key_id uuid, expected text, wrapped bytea, fingerprint text)
returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  update encryption_keys k
  set wrapped_key = wrapped, master_key_fingerprint = fingerprint
  where k.organization_id = organization and k.id = key_id and k.master_key_fingerprint = expected;
  return found;
end
$$;

create function plinth.get_encryption_keys(organization uuid)
returns table (id uuid, wrapped_key bytea, master_key_fingerprint text, retired_at timestamptz)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select k.id, k.wrapped_key, k.master_key_fingerprint, k.retired_at
    from encryption_keys k
    where k.organization_id = organization
    order by k.created_at desc, k.id desc;
end
$$;

-- Claims a key for this transaction. No row: it is ours, do the work and save the answer. A row: the answer of the
-- first request, once that has committed. A second request waits for it on the unique index, but not for long: each
-- that waits holds a connection. Then it fails with 55P03.
create function plinth.claim_idempotency_key(organization uuid, principal text, key text, request_hash bytea, hours int)
returns table (request_hash_matches boolean, status int, response text)
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp set lock_timeout = '2s'
as $$
declare
  at constant timestamptz := clock_timestamp();
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  delete from idempotency_keys k
  where k.organization_id = organization and k.principal = claim_idempotency_key.principal
    and k.key = claim_idempotency_key.key and k.expires_at <= at;
  insert into idempotency_keys (organization_id, principal, key, request_hash, expires_at)
  values (organization, claim_idempotency_key.principal, claim_idempotency_key.key, claim_idempotency_key.request_hash,
          at + make_interval(hours => hours))
  on conflict on constraint idempotency_keys_key_key do nothing;
  if found then
    return;
  end if;
  return query
    select k.request_hash = claim_idempotency_key.request_hash, k.status, k.response
    from idempotency_keys k
    where k.organization_id = organization and k.principal = claim_idempotency_key.principal
      and k.key = claim_idempotency_key.key;
end
$$;

create function plinth.save_idempotent_response(organization uuid, principal text, key text, status int, response text)
returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  update idempotency_keys k
  set status = save_idempotent_response.status, response = save_idempotent_response.response
  where k.organization_id = organization and k.principal = save_idempotent_response.principal
    and k.key = save_idempotent_response.key;
end
$$;

-- Removes expired keys, a bounded number at a time; returns how many.
create function plinth.delete_expired_idempotency_keys(at timestamptz, rows_max int) returns bigint
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  removed bigint;
begin
  delete from idempotency_keys
  where (organization_id, id) in (
    select organization_id, id from idempotency_keys where expires_at <= at order by expires_at limit rows_max);
  get diagnostics removed = row_count;
  return removed;
end
$$;

select plinth.register_table('system_settings', visibility => 'platform', audit => 'action', definer_verbs => '{select,insert,update}');
select plinth.register_table('encryption_keys', visibility => 'auth', audit => 'action', definer_verbs => '{select,insert,update}');
select plinth.register_table('idempotency_keys', visibility => 'auth', audit => 'self', definer_verbs => '{select,insert,update,delete}');

select plinth.register_function('get_system_setting(text)', '{app,worker}');
select plinth.register_function('init_system_setting(text, jsonb)', '{worker}');
select plinth.register_function('add_encryption_key(uuid, uuid, bytea, text)', '{worker}');
select plinth.register_function('get_encryption_keys(uuid)', '{worker}');
select plinth.register_function('set_master_key(text, text)', '{worker}');
select plinth.register_function('list_encryption_keys(uuid, uuid, integer)', '{worker}');
select plinth.register_function('count_encryption_keys()', '{worker}');
select plinth.register_function('rewrap_encryption_key(uuid, uuid, text, bytea, text)', '{worker}');
select plinth.register_function('claim_idempotency_key(uuid, text, text, bytea, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('save_idempotent_response(uuid, text, text, integer, text)', '{app}', tenant_argument => 'organization');
select plinth.register_function('delete_expired_idempotency_keys(timestamp with time zone, integer)', '{worker}');
