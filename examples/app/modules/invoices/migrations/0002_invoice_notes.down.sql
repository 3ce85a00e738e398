select plinth.unregister_table('invoice_notes');
