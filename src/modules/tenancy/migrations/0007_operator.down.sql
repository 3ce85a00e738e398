select plinth.unregister_function('list_organizations(integer)');
