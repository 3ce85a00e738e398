select plinth.unregister_table('workflow_events');
select plinth.unregister_table('workflow_step_runs');
select plinth.unregister_function('make_workflow_run(uuid, uuid, text, integer, uuid, text, numeric, integer, timestamp with time zone)');
select plinth.unregister_table('workflow_runs');
