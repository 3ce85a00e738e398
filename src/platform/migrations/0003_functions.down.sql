delete from plinth.registered_functions where signature in ('close_functions()', 'clear_reference()');
drop function plinth.close_functions();
drop function plinth.admit_login(text);
drop function plinth.unregister_function(text);
drop function plinth.register_function(text, text[], text, text, boolean);
drop function plinth.keep_reference_on_delete(text, text, text);
drop function plinth.clear_reference_on_delete(text, text, text, text);
drop function plinth.clear_reference();
