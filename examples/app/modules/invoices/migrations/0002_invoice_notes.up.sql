-- What a person notes about an invoice for themselves, and for those they share it with.

create table plinth.invoice_notes (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  user_id uuid not null default plinth.current_user_id(),
  shared_with uuid[] not null default '{}',
  invoice_id uuid not null,
  text text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint invoice_notes_pkey primary key (organization_id, id),
  constraint invoice_notes_invoice_fkey foreign key (organization_id, invoice_id)
    references plinth.invoices (organization_id, id) on delete cascade,
  constraint invoice_notes_text_check check (length(text) between 1 and 5000)
);
comment on table plinth.invoice_notes is 'A person''s own notes: seen by them, those they share with, and the admins.';
create index invoice_notes_invoice_idx on plinth.invoice_notes (organization_id, invoice_id);
-- private: beyond the organization the row's user_id, its shared_with (to read), and owners and admins
select plinth.register_table('invoice_notes', visibility => 'private', admins_see => true);
