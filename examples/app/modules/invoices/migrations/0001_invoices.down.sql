select plinth.unregister_function('seed_invoice_tax_rates(jsonb)');
select plinth.unregister_table('invoice_tax_rates');
select plinth.unregister_table('invoice_items');
select plinth.unregister_table('invoices');
