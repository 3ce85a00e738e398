select plinth.unregister_function('claim_membership(uuid, uuid, text, timestamp with time zone)');
select plinth.unregister_function('create_identity(text, text, text, text, timestamp with time zone)');
select plinth.unregister_function('identities_of_user(uuid)');
select plinth.unregister_function('unlink_identity(text, text, uuid)');
select plinth.unregister_function('link_identity(text, text, uuid, timestamp with time zone)');
select plinth.unregister_function('find_claimed_organization(uuid, text)');
select plinth.unregister_function('find_identity(text, text, uuid, text)');
select plinth.unregister_table('user_identities');
