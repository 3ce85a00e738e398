-- Seals over the audit log: Merkle trees (RFC 6962) over entries in order of visibility, each seal chained to the one before.

create table plinth.audit_seals (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  sequence int not null,
  entry_ids uuid[] not null,
  leaf_hashes bytea not null,
  root bytea not null,
  chain_hash bytea not null,
  last_xid xid8 not null,
  last_id uuid not null,
  created_at timestamptz not null default now(),
  constraint audit_seals_pkey primary key (organization_id, id),
  constraint audit_seals_sequence_key unique (organization_id, sequence),
  constraint audit_seals_sequence_check check (sequence >= 1)
);
comment on table plinth.audit_seals is 'Proof that the audit log is what it was: a Merkle tree over up to 1000 entries each, chained.';
comment on column plinth.audit_seals.sequence is 'Counts from 1 without gaps.';
comment on column plinth.audit_seals.entry_ids is 'The entries of audit_logs it covers, in the order of the leaves.';
comment on column plinth.audit_seals.leaf_hashes is 'Their leaf hashes, 32 bytes each: tell which entry is not what it was.';
comment on column plinth.audit_seals.root is 'Root of the tree over the leaf hashes.';
comment on column plinth.audit_seals.chain_hash is 'SHA-256 of the chain hash before, the sequence, the number of entries and the root. Keep the newest one elsewhere.';
comment on column plinth.audit_seals.last_xid is 'Where the next seal begins, with last_id: the cursor of the last entry.';
comment on column plinth.audit_seals.last_id is 'The id of the last entry.';
select plinth.register_table('audit_seals', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert}');

-- The organization with audit entries that comes after this one, or null. One step of an index each.
create function plinth.next_audited_organization(after uuid) returns uuid
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (
    select a.organization_id
    from audit_logs a
    where a.organization_id > coalesce(after, '00000000-0000-0000-0000-000000000000')
    order by a.organization_id
    limit 1);
end
$$;

-- The entries that no seal covers yet and that nothing can come before any more.
create function plinth.audit_entries_to_seal(organization uuid, rows_max int)
returns table (id uuid, xid text)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  after_xid xid8 := '0';
  after_id uuid := '00000000-0000-0000-0000-000000000000';
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select s.last_xid, s.last_id into after_xid, after_id
  from audit_seals s
  where s.organization_id = organization
  order by s.sequence desc
  limit 1;
  return query
    select a.id, a.xid::text
    from audit_logs a
    where a.organization_id = organization
      and a.xid < pg_snapshot_xmin(pg_current_snapshot())
      and (a.xid, a.id) > (coalesce(after_xid, '0'), coalesce(after_id, '00000000-0000-0000-0000-000000000000'))
    order by a.xid, a.id
    limit rows_max;
end
$$;

-- Adds a seal unless another worker was faster. False: it was.
create function plinth.add_audit_seal(
  organization uuid, new_sequence int, ids uuid[], hashes bytea, new_root bytea, new_chain_hash bytea, cursor_xid text, at timestamptz
) returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  if cardinality(ids) not between 1 and 1000 or length(hashes) <> 32 * cardinality(ids)
     or length(new_root) <> 32 or length(new_chain_hash) <> 32 then
    raise exception 'not a seal' using errcode = '22023';
  end if;
  -- another worker may have sealed the same entries since they were read, under the number before this one
  if new_sequence > 1 and not exists (
    select 1 from audit_seals s
    where s.organization_id = organization and s.sequence = new_sequence - 1 and not s.entry_ids && ids
  ) then
    return false;
  end if;
  insert into audit_seals (organization_id, sequence, entry_ids, leaf_hashes, root, chain_hash, last_xid, last_id, created_at)
  values (organization, new_sequence, ids, hashes, new_root, new_chain_hash, cursor_xid::xid8, ids[cardinality(ids)], at)
  on conflict do nothing;
  return found;
end
$$;

select plinth.register_function('next_audited_organization(uuid)', '{worker}');
select plinth.register_function('audit_entries_to_seal(uuid, integer)', '{worker}');
select plinth.register_function(
  'add_audit_seal(uuid, integer, uuid[], bytea, bytea, bytea, text, timestamp with time zone)', '{worker}');
