-- Request context, ids and role names: what every later migration, policy and function stands on.

alter default privileges revoke execute on functions from public;

-- Role names carry a prefix (several installations in one cluster). It is baked in from the role that runs this
-- migration, <prefix>_owner, so that no other migration ever names a role.
do $do$
declare
  prefix text := regexp_replace(current_user, '_owner$', '');
begin
  if current_user !~ '_owner$' then
    raise exception 'migrations run as the role <prefix>_owner, not as %', current_user;
  end if;
  execute format(
    $f$
      create function plinth.role_name(kind text) returns text
      language sql immutable parallel safe
      as $b$ select %L || '_' || kind $b$
    $f$, prefix);
end
$do$;
comment on function plinth.role_name(text) is 'The name of one of our roles (owner, definer, app, worker, readonly) in this cluster.';

create function plinth.is_citus() returns boolean
language sql stable
as $$ select exists (select from pg_catalog.pg_extension where extname = 'citus') $$;
comment on function plinth.is_citus() is 'Whether tables are distributed here.';

-- Default privileges stay on the coordinator, and a worker asks its own: without this whoever reaches a query could have
-- a worker run any of our functions.
do $do$
declare
  failed text;
begin
  if plinth.is_citus() then
    execute $q$
      select string_agg(result, '; ')
      from run_command_on_workers('alter default privileges revoke execute on functions from public')
      where not success
    $q$ into failed;
    if failed is not null then
      raise exception 'default privileges on the workers: %', failed;
    end if;
    revoke execute on function plinth.role_name(text), plinth.is_citus() from public;
  end if;
end
$do$;

do $do$
begin
  execute format('grant usage on schema plinth to %I, %I, %I, %I',
    plinth.role_name('app'), plinth.role_name('worker'), plinth.role_name('readonly'), plinth.role_name('definer'));
end
$do$;

-- Ids -----------------------------------------------------------------------------------------------------------------

-- Twelve of the random bits are the time below the millisecond (RFC 9562, 6.2, method 3): ids sort as their times do.
-- One expression that names its argument once: only so does the planner put it into the statement.
create function plinth.uuidv7(at timestamptz default clock_timestamp()) returns uuid
language sql volatile parallel safe
as $$
  -- microseconds times 4.096, in whole numbers: exact, and a third of the time it took as numeric
  select (overlay(lpad(to_hex((date_part('epoch', at) * 1000000)::bigint * 512 / 125), 15, '0') placing '7' from 13 for 0)
          || substr(gen_random_uuid()::text, 20))::uuid
$$;
comment on function plinth.uuidv7(timestamptz) is
  'A version 7 UUID minted from the given time. Rows of partitioned tables mint their id from their own time.';

create function plinth.uuid_time(id uuid) returns timestamptz
language sql immutable strict parallel safe
as $$ select to_timestamp(('x0000' || substr(replace(id::text, '-', ''), 1, 12))::bit(64)::bigint / 1000.0::double precision) $$;
comment on function plinth.uuid_time(uuid) is 'The first instant of the millisecond a version 7 UUID was minted in.';

create function plinth.uuid_time_end(id uuid) returns timestamptz
language sql immutable strict parallel safe
as $$ select to_timestamp((('x0000' || substr(replace(id::text, '-', ''), 1, 12))::bit(64)::bigint + 1) / 1000.0::double precision) $$;
comment on function plinth.uuid_time_end(uuid) is
  'The first instant after that millisecond: occurred_at >= uuid_time(id) and occurred_at < uuid_time_end(id) prunes partitions.';

-- In plpgsql: a constraint is planned anew by each statement, and putting a SQL function into it took 35 µs each time.
create function plinth.id_has_time(id uuid, at timestamptz) returns boolean
language plpgsql immutable parallel safe
as $$
declare
  ms constant bigint := ('x0000' || substr(replace(id::text, '-', ''), 1, 12))::bit(64)::bigint;
begin
  return at >= to_timestamp(ms / 1000.0::double precision) and at < to_timestamp((ms + 1) / 1000.0::double precision);
end
$$;
comment on function plinth.id_has_time(uuid, timestamptz) is
  'Whether a version 7 UUID was minted in the millisecond of the time: the check of every partitioned table.';

-- The request context -------------------------------------------------------------------------------------------------

create function plinth.current_organization_id() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('plinth.organization_id', true), '')::uuid $$;

create function plinth.current_user_id() returns uuid
language sql stable parallel safe
as $$ select nullif(current_setting('plinth.user_id', true), '')::uuid $$;

create function plinth.current_member_role() returns text
language sql stable parallel safe
as $$ select nullif(current_setting('plinth.member_role', true), '') $$;

-- First call in every transaction. Sets the role and the settings locally and, for a read, makes the transaction read
-- only. Called again it changes the tenant, never the read-only flag. On Citus only a real SET LOCAL is forwarded to
-- the workers; elsewhere set_config is faster (84k/s against 66k/s of 103k/s without either).
-- context: { as: app|worker|readonly, organization_id, user_id, member_role, request_id, api_key_id, ip_address,
--            statement_timeout_ms }; an absent key clears the setting.
do $do$
declare
  -- setting name, and the type its value is checked against before it is set
  settings constant text[] := array['organization_id:uuid', 'user_id:uuid', 'member_role:text', 'request_id:text',
    'api_key_id:uuid', 'ip_address:text'];
  pair text;
  name text;
  value text;
  body text := '';
begin
  foreach pair in array settings loop
    name := split_part(pair, ':', 1);
    value := case split_part(pair, ':', 2)
               when 'uuid' then format('coalesce((context ->> %L)::uuid::text, %L)', name, '')
               else format('coalesce(context ->> %L, %L)', name, '') end;
    if plinth.is_citus() then
      body := body || format(E'  execute format(%L, %s);\n', 'set local plinth.' || name || ' = %L', value);
    else
      -- one PERFORM for all of them: a statement less each
      body := body || case when body = '' then '  perform ' else E',\n    ' end
                   || format('pg_catalog.set_config(%L, %s, true)', 'plinth.' || name, value);
    end if;
  end loop;
  if not plinth.is_citus() then
    body := body || E';\n';
  end if;
  execute format(
    $f$
create function plinth.enter(context jsonb, read_only boolean default false) returns void
language plpgsql
as $b$
declare
  role_kind text := coalesce(context ->> 'as', 'app');
begin
  if role_kind not in ('app', 'worker', 'readonly') then
    raise exception 'unknown role kind %%', role_kind using errcode = '22023';
  end if;
%s%s
  if context ? 'statement_timeout_ms' then
    perform pg_catalog.set_config('statement_timeout', context ->> 'statement_timeout_ms', true);
  end if;
  if read_only then
    perform pg_catalog.set_config('transaction_read_only', 'on', true);
  end if;
  perform pg_catalog.set_config('role', %L || role_kind, true);
end
$b$
    $f$,
    case when plinth.is_citus() then E'  set local citus.propagate_set_commands = ''local'';\n' else '' end,
    body,
    plinth.role_name(''));
end
$do$;
comment on function plinth.enter(jsonb, boolean) is
  'Opens the door: sets role, tenant and actor for this transaction. Never reachable by RPC.';

-- The same for one request, as the service sends it with every statement: plain arguments and one expression, which the
-- planner puts into the caller's statement, so that no function is called and no JSON is read. 55 µs of a backend for
-- entering and reading a row by its key, where enter() takes 95 and the row alone 40. Not on Citus, where the workers
-- would learn nothing of it.
do $do$
begin
  if plinth.is_citus() then
    return;
  end if;
  execute format(
    $f$
create function plinth.enter_request(as_role text, organization_id uuid, user_id uuid, member_role text,
  api_key_id uuid, request_id text, ip_address text, statement_timeout_ms int, read_only boolean) returns text
language sql
as $b$
  select pg_catalog.set_config('plinth.organization_id', coalesce(organization_id::text, ''), true)
      || pg_catalog.set_config('plinth.user_id', coalesce(user_id::text, ''), true)
      || pg_catalog.set_config('plinth.member_role', coalesce(member_role, ''), true)
      || pg_catalog.set_config('plinth.request_id', coalesce(request_id, ''), true)
      || pg_catalog.set_config('plinth.api_key_id', coalesce(api_key_id::text, ''), true)
      || pg_catalog.set_config('plinth.ip_address', coalesce(ip_address, ''), true)
      -- never null: the planner folds || with a constant null into null, and all these calls with it
      || case when statement_timeout_ms is null then ''
           else pg_catalog.set_config('statement_timeout', statement_timeout_ms::text, true) end
      || case when read_only then pg_catalog.set_config('transaction_read_only', 'on', true) else '' end
      -- a role that is none is an error, never the login's own rights
      || pg_catalog.set_config('role', case as_role when 'app' then %L when 'worker' then %L when 'readonly' then %L else '' end,
           true)
$b$
    $f$,
    plinth.role_name('app'), plinth.role_name('worker'), plinth.role_name('readonly'));
  execute format(
    'comment on function plinth.enter_request(text, uuid, uuid, text, uuid, text, text, int, boolean) is %L',
    'plinth.enter with plain arguments, cheap enough to travel with every statement. Null clears a setting. Never reachable by RPC.');
  execute format(
    'grant execute on function plinth.enter_request(text, uuid, uuid, text, uuid, text, text, int, boolean) to %I, %I, %I',
    plinth.role_name('app'), plinth.role_name('worker'), plinth.role_name('readonly'));
end
$do$;

do $do$
begin
  execute format('grant execute on function plinth.enter(jsonb, boolean) to %I, %I, %I',
    plinth.role_name('app'), plinth.role_name('worker'), plinth.role_name('readonly'));
  execute format(
    'grant execute on function plinth.role_name(text), plinth.is_citus(), plinth.uuidv7(timestamptz), plinth.uuid_time(uuid), '
    'plinth.uuid_time_end(uuid), plinth.id_has_time(uuid, timestamptz), plinth.current_organization_id(), plinth.current_user_id(), plinth.current_member_role() '
    'to %I, %I, %I, %I',
    plinth.role_name('app'), plinth.role_name('worker'), plinth.role_name('readonly'), plinth.role_name('definer'));
end
$do$;
