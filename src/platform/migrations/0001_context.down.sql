drop function if exists plinth.enter_request(text, uuid, uuid, text, uuid, text, text, int, boolean);
drop function plinth.enter(jsonb, boolean);
drop function plinth.current_member_role();
drop function plinth.current_user_id();
drop function plinth.current_organization_id();
drop function plinth.id_has_time(uuid, timestamptz);
drop function plinth.uuid_time_end(uuid);
drop function plinth.uuid_time(uuid);
drop function plinth.uuidv7(timestamptz);
do $do$
begin
  execute format('revoke usage on schema plinth from %I, %I, %I, %I',
    plinth.role_name('app'), plinth.role_name('worker'), plinth.role_name('readonly'), plinth.role_name('definer'));
end
$do$;
drop function plinth.is_citus();
drop function plinth.role_name(text);
-- plinth: allow narrow-grants because this puts back what was there before the first migration
alter default privileges grant execute on functions to public;
