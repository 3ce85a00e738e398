select plinth.unregister_table('activity_logs');
