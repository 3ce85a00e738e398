select plinth.unregister_table('workflow_events');
select plinth.unregister_table('workflow_step_runs');
select plinth.unregister_table('workflow_runs');
