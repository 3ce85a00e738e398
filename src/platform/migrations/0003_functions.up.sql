-- Registering functions and views: who may use them, and with whose rights they run.

-- Hands a function over: nobody may execute it but its callers (app, worker, readonly, definer). 'definer': it runs with
-- the rights of the definer role; 'owner': with the owner's (DDL for maintenance, never with text from a request).
create function plinth.register_function(
  signature text,
  callers text[] default '{}',
  security text default 'definer',
  tenant_argument text default null,
  exposed boolean default false
) returns void
-- without our schema in the path: Citus says a type to the other nodes as the path finds it, and theirs is another
language plpgsql set search_path = public, pg_catalog, pg_temp
as $$
declare
  f constant regprocedure := ('plinth.' || signature)::regprocedure;
  is_definer boolean;
  caller text;
begin
  select prosecdef into is_definer from pg_proc where oid = f;
  if is_definer <> (security <> 'invoker') then
    raise exception '%: declared %, created otherwise', f, security using errcode = '42P16';
  end if;
  if is_definer and not exists (select from pg_proc where oid = f and 'search_path' = any (
       select split_part(c, '=', 1) from unnest(proconfig) c)) then
    raise exception '%: a security definer function pins its search_path', f using errcode = '42P16';
  end if;
  if plinth.is_citus() then
    -- a plan without its values goes to no shard: "could not create distributed plan"
    execute format('alter function %s reset plan_cache_mode', f);
  end if;
  execute format('revoke execute on function %s from public', f);   -- spelled out: default privileges do not reach Citus workers
  foreach caller in array callers loop
    execute format('grant execute on function %s to %I', f, plinth.role_name(caller));
  end loop;
  if security = 'definer' then
    execute format('grant create on schema plinth to %I', plinth.role_name('definer'));
    execute format('alter function %s owner to %I', f, plinth.role_name('definer'));
    execute format('revoke create on schema plinth from %I', plinth.role_name('definer'));
  end if;
  if tenant_argument is not null and plinth.is_citus() then
    execute 'select create_distributed_function($1, $2, colocate_with => $3, force_delegation => true)'
      using f, tenant_argument, plinth.colocation_anchor();
  end if;
  insert into plinth.registered_functions as r (signature, security, callers, tenant_argument, exposed)
  values (register_function.signature, security, callers, tenant_argument, exposed);
end
$$;
comment on function plinth.register_function(text, text[], text, text, boolean) is
  'Hands a function to the role it runs as and lets its callers execute it; nobody else can.';

create function plinth.unregister_function(signature text) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('drop function plinth.%s', signature);
  delete from plinth.registered_functions r where r.signature = unregister_function.signature;
end
$$;

-- A worker that joins a Citus cluster is given our functions without what was revoked: everybody may execute them there,
-- and a query sent to it runs them. Revokes again where a worker says so; returns how many functions were open.
create function plinth.close_functions() returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  open_functions int;
  f regprocedure;
begin
  if not plinth.is_citus() then
    return 0;
  end if;
  execute $q$
    select coalesce(max(case when success then result::int end), 0)
    from run_command_on_workers($w$
      select count(*) from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      where p.pronamespace = 'plinth'::regnamespace and a.grantee = 0 $w$)
  $q$ into open_functions;
  if open_functions > 0 then
    for f in select oid from pg_proc where pronamespace = 'plinth'::regnamespace order by oid loop
      execute format('revoke execute on function %s from public', f);
    end loop;
  end if;
  return open_functions;
end
$$;
comment on function plinth.close_functions() is
  'On Citus, takes EXECUTE from public again after a worker was added; returns how many functions were open there.';

-- A login of the running program: may enter, and nothing else until it has.
create function plinth.admit_login(login text) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  execute format('grant usage on schema plinth to %I', login);
  execute format('grant execute on function plinth.enter(jsonb, boolean) to %I', login);
  if not plinth.is_citus() then
    execute format(
      'grant execute on function plinth.enter_request(text, uuid, uuid, text, uuid, text, text, int, boolean) to %I', login);
  end if;
end
$$;

-- `on delete set null` of one column of a composite key is refused by Citus; so an optional key between tenant tables is
-- `no action`, and this trigger on the parent clears the children first. Arguments: child table, its column, parent key.
create function plinth.clear_reference() returns trigger
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  execute format('update plinth.%I set %I = null where organization_id = $1 and %I = $2', tg_argv[0], tg_argv[1], tg_argv[1])
  using old.organization_id, (to_jsonb(old) ->> tg_argv[2])::uuid;
  return old;
end
$$;

create function plinth.clear_reference_on_delete(child text, child_column text, parent text, parent_key text default 'id') returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
  execute format('create trigger %I before delete on plinth.%I for each row execute function plinth.clear_reference(%L, %L, %L)',
    format('clear_%s_%s', child, child_column), parent, child, child_column, parent_key);
end
$$;
comment on function plinth.clear_reference_on_delete(text, text, text, text) is
  'Makes deleting a parent row set the child column that points at it to null.';

create function plinth.keep_reference_on_delete(child text, child_column text, parent text) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  execute format('drop trigger %I on plinth.%I', format('clear_%s_%s', child, child_column), parent);
end
$$;
comment on function plinth.keep_reference_on_delete(text, text, text) is 'Undoes clear_reference_on_delete, for down migrations.';

-- Views run with the rights of who asks (security_invoker), so that the policies below them hold.
create function plinth.register_view(view_name text) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if not exists (select from pg_class where oid = ('plinth.' || quote_ident(view_name))::regclass and relkind = 'v'
                 and 'security_invoker=true' = any (reloptions)) then
    raise exception '%: a view is made with (security_invoker = true)', view_name using errcode = '42P16';
  end if;
  execute format('grant select on plinth.%I to %I, %I', view_name, role_name('app'), role_name('readonly'));
end
$$;

create function plinth.unregister_view(view_name text) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  execute format('drop view plinth.%I', view_name);
end
$$;

select plinth.register_function('clear_reference()', '{}', 'owner');
select plinth.register_function('close_functions()', '{worker}', 'owner');
