select plinth.unregister_table('project_repositories');
select plinth.unregister_table('repositories');
select plinth.keep_reference_on_delete('projects', 'owner_id', 'organization_memberships');
select plinth.unregister_table('projects');
