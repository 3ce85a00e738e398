select plinth.unregister_table('organization_memberships');
select plinth.unregister_table('user_credentials');
select plinth.unregister_table('users');
select plinth.unregister_table('organization_slugs');
select plinth.unregister_table('organizations');
