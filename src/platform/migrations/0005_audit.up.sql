-- The audit log: who changed what, when, through which request. Append-only, one row a change, sealed later.

create table plinth.audit_logs (
  organization_id uuid not null,
  id uuid not null,
  occurred_at timestamptz not null,
  actor text not null,
  actor_user_id uuid,
  api_key_id uuid,
  request_id text,
  ip_address text,
  action text not null,
  resource_type text not null,
  resource_id uuid,
  old_values jsonb,
  new_values jsonb,
  details jsonb,
  xid xid8 not null,
  constraint audit_logs_pkey primary key (organization_id, id, occurred_at),
  constraint audit_logs_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.audit_logs is
  'What people and keys changed. Secrets appear as changed or not, personal values as a salted hash whose opening is in audit_personal_values.';
comment on column plinth.audit_logs.actor is
  'user, api_key or service as the request said; db:<login> for a write that came through no request.';
comment on column plinth.audit_logs.old_values is 'The changed columns before (update), or the whole row (delete).';
comment on column plinth.audit_logs.xid is 'Cursor of readers in order of visibility.';
-- the audit page: a resource's history; a person's actions; an action over time
create index audit_logs_resource_idx on plinth.audit_logs (organization_id, resource_type, resource_id, occurred_at);
create index audit_logs_user_idx on plinth.audit_logs (organization_id, actor_user_id, occurred_at);
create index audit_logs_action_idx on plinth.audit_logs (organization_id, action, occurred_at);
-- sealing and export, in order of visibility
create index audit_logs_xid_idx on plinth.audit_logs (organization_id, xid, id);

-- Erasing a person deletes these rows and leaves the log, and every seal over it, as it was.
create table plinth.audit_personal_values (
  organization_id uuid not null,
  id uuid not null,
  occurred_at timestamptz not null,
  subject_id uuid not null,
  salt uuid not null,
  old_values jsonb,
  new_values jsonb,
  constraint audit_personal_values_pkey primary key (organization_id, id, occurred_at),
  constraint audit_personal_values_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.audit_personal_values is
  'The personal values behind the hashes of audit_logs (same id), by the person they are about.';
-- erasing a person
create index audit_personal_values_subject_idx on plinth.audit_personal_values (organization_id, subject_id);

-- Security events know no tenant, or not yet: failed sign-ins, refused keys, refused outbound calls.
create table plinth.security_events (
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  kind text not null,
  severity text not null default 'info',
  organization_id uuid,
  user_id uuid,
  api_key_id uuid,
  request_id text,
  ip_address text,
  details jsonb not null default '{}',
  constraint security_events_pkey primary key (id, occurred_at),
  constraint security_events_severity_check check (severity in ('info', 'warning', 'critical')),
  constraint security_events_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.security_events is 'Sign-ins and refusals, for the operator. Details never hold a secret.';
create index security_events_kind_idx on plinth.security_events (kind, occurred_at);

create table plinth.error_logs (
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  request_id text,
  organization_id uuid,
  source text not null,
  code text not null,
  message text not null,
  details jsonb not null default '{}',
  constraint error_logs_pkey primary key (id, occurred_at),
  constraint error_logs_id_time_check
    check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.error_logs is 'Failures of the program itself, without parameters or secrets, for the operator.';

-- Personal values are replaced by { "sha256": hex(sha256(salt || value)) }: the log proves them, and does not hold them.
create function plinth.hash_values(source jsonb, columns text[], salt uuid) returns jsonb
language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select source || coalesce(jsonb_object_agg(c, jsonb_build_object('sha256', encode(sha256(convert_to(salt::text || (source ->> c), 'UTF8')), 'hex')))
    filter (where source ->> c is not null), '{}')
  from unnest(columns) c
  where source ? c
$$;

-- Arguments: table, tenant column, column of the person a row is about (or ''), personal columns, secret columns, and
-- columns whose change alone is not one.
create function plinth.audit_row() returns trigger
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  entry_id constant uuid := plinth.uuidv7(at);
  user_id constant uuid := current_user_id();
  api_key constant uuid := nullif(current_setting('plinth.api_key_id', true), '')::uuid;
  personal constant text[] := string_to_array(tg_argv[3], ',');
  secret constant text[] := string_to_array(tg_argv[4], ',');
  unaudited constant text[] := string_to_array(tg_argv[5], ',');
  salt uuid;
  before jsonb;
  after jsonb;
  whole jsonb;
  organization uuid;
begin
  if tg_op <> 'INSERT' then
    before := to_jsonb(old);
  end if;
  if tg_op <> 'DELETE' then
    after := to_jsonb(new);
  end if;
  whole := coalesce(after, before);
  organization := (whole ->> tg_argv[1])::uuid;
  if tg_op = 'DELETE' and current_setting('plinth.purging', true) = organization::text then
    return null;   -- purge_organization removes the log itself at the end
  end if;
  -- an import brings the entries of its rows along; the role is the one that was set, not this function's
  if tg_op = 'INSERT' and current_setting('plinth.importing', true) = organization::text
     and current_setting('role') = role_name('owner') then
    return null;
  end if;
  if tg_op = 'UPDATE' then
    select jsonb_object_agg(key, before -> key), jsonb_object_agg(key, value)
    into before, after
    from jsonb_each(after)
    where value is distinct from before -> key and key <> 'updated_at' and key <> all (unaudited);
    if after is null then
      return null;   -- nothing but its time of change, or of use
    end if;
  end if;
  if tg_argv[4] <> '' then
    select before || coalesce(jsonb_object_agg(c, 'secret'::text), '{}') into before from unnest(secret) c where before ? c;
    select after || coalesce(jsonb_object_agg(c, 'secret'::text), '{}') into after from unnest(secret) c where after ? c;
  end if;

  if tg_argv[3] <> '' and (coalesce(before, '{}') ?| personal or coalesce(after, '{}') ?| personal) then
    salt := gen_random_uuid();
    insert into audit_personal_values (organization_id, id, occurred_at, subject_id, salt, old_values, new_values)
    select organization, entry_id, at, coalesce((whole ->> nullif(tg_argv[2], ''))::uuid, (whole ->> 'id')::uuid), salt,
           (select jsonb_object_agg(c, before -> c) from unnest(personal) c where before ? c),
           (select jsonb_object_agg(c, after -> c) from unnest(personal) c where after ? c)
    on conflict do nothing;
    before := hash_values(before, personal, salt);
    after := hash_values(after, personal, salt);
  end if;

  insert into audit_logs (organization_id, id, occurred_at, actor, actor_user_id, api_key_id, request_id, ip_address,
                          action, resource_type, resource_id, old_values, new_values, xid)
  values (organization, entry_id, at,
          case when user_id is not null and api_key is null then 'user'
               when api_key is not null then 'api_key'
               when current_member_role() is not null then current_member_role()
               else 'db:' || session_user end,
          user_id, api_key, nullif(current_setting('plinth.request_id', true), ''),
          nullif(current_setting('plinth.ip_address', true), ''),
          lower(tg_op), tg_argv[0], (whole ->> 'id')::uuid, before, after, pg_current_xact_id());
  return null;
end
$$;

-- One entry for something a person did that is more than a row: a bulk retry, a cancel, a sign-out everywhere.
create function plinth.record_action(organization uuid, action text, resource_type text, resource_id uuid, details jsonb default null)
returns uuid
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  entry_id constant uuid := plinth.uuidv7(at);
  api_key constant uuid := nullif(current_setting('plinth.api_key_id', true), '')::uuid;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into audit_logs (organization_id, id, occurred_at, actor, actor_user_id, api_key_id, request_id, ip_address,
                          action, resource_type, resource_id, details)
  values (organization, entry_id, at,
          case when api_key is not null then 'api_key' when current_user_id() is not null then 'user'
               else coalesce(current_member_role(), 'service') end,
          current_user_id(), api_key, nullif(current_setting('plinth.request_id', true), ''),
          nullif(current_setting('plinth.ip_address', true), ''),
          record_action.action, record_action.resource_type, record_action.resource_id, record_action.details);
  return entry_id;
end
$$;

create function plinth.record_security_event(event jsonb) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  insert into security_events (kind, severity, organization_id, user_id, api_key_id, request_id, ip_address, details)
  values (event ->> 'kind', coalesce(event ->> 'severity', 'info'), (event ->> 'organization_id')::uuid,
          (event ->> 'user_id')::uuid, (event ->> 'api_key_id')::uuid,
          coalesce(event ->> 'request_id', nullif(current_setting('plinth.request_id', true), '')),
          coalesce(event ->> 'ip_address', nullif(current_setting('plinth.ip_address', true), '')),
          coalesce(event -> 'details', '{}'));
end
$$;
comment on function plinth.record_security_event(jsonb) is
  'One security event: kind, severity, organization_id, user_id, api_key_id, ip_address, details. Needs no tenant.';

create function plinth.record_error(entry jsonb) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  insert into error_logs (request_id, organization_id, source, code, message, details)
  values (entry ->> 'request_id', (entry ->> 'organization_id')::uuid, coalesce(entry ->> 'source', 'server'),
          coalesce(entry ->> 'code', 'internal'), left(coalesce(entry ->> 'message', ''), 2000), coalesce(entry -> 'details', '{}'));
end
$$;

-- Erasing a person from one organization's audit: the values go, the log and its seals stay. Returns the rows erased.
create function plinth.erase_audit_subject(organization uuid, subject uuid) returns bigint
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  erased bigint;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  delete from audit_personal_values where organization_id = organization and subject_id = subject;
  get diagnostics erased = row_count;
  return erased;
end
$$;

select plinth.register_table('audit_logs', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,delete}', partition_by => 'occurred_at');
select plinth.register_table('audit_personal_values', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,delete}', personal_columns => '{old_values,new_values}', partition_by => 'occurred_at');
select plinth.register_table('security_events', visibility => 'platform', audit => 'self', definer_verbs => '{select,insert}',
  partition_by => 'occurred_at', retention => '13 months');
select plinth.register_table('error_logs', visibility => 'platform', audit => 'self', definer_verbs => '{select,insert}',
  partition_by => 'occurred_at', retention => '3 months');

do $do$
begin
  execute format('grant execute on function plinth.hash_values(jsonb, text[], uuid) to %I', plinth.role_name('definer'));
end
$do$;
select plinth.register_function('audit_row()');
select plinth.register_function('record_action(uuid, text, text, uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('record_security_event(jsonb)', '{app,worker}');
select plinth.register_function('record_error(jsonb)', '{app,worker}');
select plinth.register_function('erase_audit_subject(uuid, uuid)', '{app}', tenant_argument => 'organization');
