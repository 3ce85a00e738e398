select plinth.unregister_function('add_audit_seal(uuid, integer, uuid[], bytea, bytea, bytea, text, timestamp with time zone)');
select plinth.unregister_function('audit_entries_to_seal(uuid, integer)');
select plinth.unregister_function('next_audited_organization(uuid)');
select plinth.unregister_table('audit_seals');
