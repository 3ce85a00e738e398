select plinth.unregister_view('analysis_metric_values');
select plinth.unregister_table('issues');
select plinth.unregister_table('code_elements');
select plinth.unregister_table('file_analysis');
select plinth.unregister_table('analysis_runs');
select plinth.unregister_table('metric_definitions');
