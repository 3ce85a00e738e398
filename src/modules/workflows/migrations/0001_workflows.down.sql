select plinth.unregister_table('workflow_steps');
select plinth.unregister_table('workflows');
