select plinth.unregister_function('rotate_api_key(uuid, uuid, uuid, bytea, text, text, uuid, timestamp with time zone, integer, timestamp with time zone)');
select plinth.unregister_function('revoke_api_key(uuid, uuid, timestamp with time zone)');
select plinth.unregister_function('touch_api_keys(uuid, uuid[], timestamp with time zone[])');
select plinth.unregister_function('authenticate_api_key(uuid, bytea, timestamp with time zone)');
select plinth.unregister_function('create_api_key(uuid, uuid, bytea, text, text, uuid, text, text, text[], timestamp with time zone, uuid, integer, timestamp with time zone)');
do $do$
begin
  if plinth.is_citus() then
    perform set_config('citus.enable_unsafe_triggers', 'on', true);
  end if;
end
$do$;
drop trigger audit_row on plinth.api_keys;
create trigger audit_row after insert or update or delete on plinth.api_keys
  for each row execute function plinth.audit_row('api_keys', 'organization_id', 'user_id', '', '');
