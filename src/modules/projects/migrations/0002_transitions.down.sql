drop trigger check_times on plinth.projects;
drop trigger check_times_at_start on plinth.projects;
drop trigger check_transition on plinth.projects;
select plinth.unregister_function('purge_deleted_projects(timestamp with time zone, integer)');
select plinth.unregister_function('check_project_times()');
select plinth.unregister_function('check_project_transition()');
