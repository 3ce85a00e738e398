select plinth.unregister_function('accept_invitation_as_new(uuid, bytea, uuid, text, text, timestamp with time zone)');
select plinth.unregister_function('accept_invitation(uuid, bytea, uuid, boolean, timestamp with time zone)');
select plinth.unregister_function('find_invitation(uuid, bytea, timestamp with time zone)');
select plinth.unregister_function('revoke_invitation(uuid, uuid, text, timestamp with time zone)');
select plinth.unregister_function('renew_invitation(uuid, uuid, text, bytea, uuid, timestamp with time zone, timestamp with time zone)');
select plinth.unregister_function(
  'create_invitation(uuid, uuid, text, text, bytea, uuid, integer, timestamp with time zone, timestamp with time zone)');
select plinth.unregister_table('invitations');
