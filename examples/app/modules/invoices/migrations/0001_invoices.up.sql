-- Invoices of an organization with their items, and the tax rates they are made with.

create table plinth.invoices (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  client text not null,
  country text not null,
  currency text not null,
  status text not null default 'draft',
  due_on date,
  reminders int not null default 0,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint invoices_pkey primary key (organization_id, id),
  constraint invoices_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint invoices_client_check check (length(client) between 1 and 200),
  constraint invoices_country_check check (country ~ '^[A-Z]{2}$'),
  constraint invoices_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint invoices_status_check check (status in ('draft', 'sent', 'paid'))
);
comment on table plinth.invoices is 'What clients owe, and whether they have paid.';
create index invoices_status_idx on plinth.invoices (organization_id, status, due_on);
-- tenant: row level security by organization, grants, the audit trigger and updated_at are made here
select plinth.register_table('invoices', visibility => 'tenant', user_column => 'created_by', fixed_columns => '{created_by}');

create table plinth.invoice_items (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  invoice_id uuid not null,
  text text not null,
  cents bigint not null,
  created_at timestamptz not null default now(),
  constraint invoice_items_pkey primary key (organization_id, id),
  -- composite: an invoice of another organization can not be named
  constraint invoice_items_invoice_fkey foreign key (organization_id, invoice_id)
    references plinth.invoices (organization_id, id) on delete cascade,
  constraint invoice_items_text_check check (length(text) between 1 and 500),
  constraint invoice_items_cents_check check (cents between 1 and 100000000000)
);
comment on table plinth.invoice_items is 'What an invoice is for.';
create index invoice_items_invoice_idx on plinth.invoice_items (organization_id, invoice_id);
select plinth.register_table('invoice_items', visibility => 'tenant', request_verbs => '{select,insert}');

create table plinth.invoice_tax_rates (
  country text not null,
  percent numeric not null,
  constraint invoice_tax_rates_pkey primary key (country),
  constraint invoice_tax_rates_percent_check check (percent between 0 and 100)
);
comment on table plinth.invoice_tax_rates is 'Value added tax by country: the same for every organization.';
select plinth.register_table('invoice_tax_rates', visibility => 'catalogue', audit => 'action', definer_verbs => '{select,insert,update}');

-- Brings the rates to what the program says.
create function plinth.seed_invoice_tax_rates(rates jsonb) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  changed int;
begin
  insert into invoice_tax_rates as r (country, percent)
  select e.key, e.value::text::numeric
  from jsonb_each(rates) e
  on conflict (country) do update set percent = excluded.percent where r.percent <> excluded.percent;
  get diagnostics changed = row_count;
  return changed;
end
$$;
select plinth.register_function('seed_invoice_tax_rates(jsonb)', '{worker}');
