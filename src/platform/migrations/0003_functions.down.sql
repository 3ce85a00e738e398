delete from plinth.registered_functions where signature = 'close_functions()';
drop function plinth.close_functions();
drop function plinth.admit_login(text);
drop function plinth.unregister_function(text);
drop function plinth.register_function(text, text[], text, text, boolean);
