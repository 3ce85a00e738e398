-- What runs ask of people: each assignee votes once, and the run goes on once enough have agreed, too many have not, or time is up.

create table plinth.approvals (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  run_id uuid not null,
  step_key text not null,
  title text not null,
  description text not null default '',
  assignees uuid[] not null,
  quorum int not null,
  status text not null default 'pending',
  due_at timestamptz,
  decided_at timestamptz,
  created_at timestamptz not null default now(),
  constraint approvals_pkey primary key (organization_id, id),
  constraint approvals_run_fkey foreign key (organization_id, run_id)
    references plinth.workflow_runs (organization_id, id) on delete cascade,
  constraint approvals_step_key unique (organization_id, run_id, step_key),
  constraint approvals_title_check check (length(title) between 1 and 500 and length(description) <= 20000),
  constraint approvals_assignees_check check (cardinality(assignees) between 1 and 100),
  constraint approvals_quorum_check check (quorum between 1 and cardinality(assignees)),
  constraint approvals_status_check check (status in ('pending', 'approved', 'rejected', 'timed_out')),
  constraint approvals_decided_check check ((decided_at is not null) = (status <> 'pending'))
);
comment on table plinth.approvals is 'Questions that runs of workflows ask people.';
comment on column plinth.approvals.step_key is 'The step of the run that waits for it.';
comment on column plinth.approvals.assignees is 'Who may vote, each once.';
comment on column plinth.approvals.quorum is 'How many must agree. It is rejected as soon as so many can not any more.';
comment on column plinth.approvals.due_at is 'When no vote is taken any more; null: never.';
-- what waits for people, newest first
create index approvals_pending_idx on plinth.approvals (organization_id, status, id);
select plinth.register_table('approvals', visibility => 'tenant', audit => 'action', request_verbs => '{select,insert,update}',
  definer_verbs => '{select,update}', touch => false);

create table plinth.approval_votes (
  organization_id uuid not null,
  approval_id uuid not null,
  user_id uuid not null,
  vote text not null,
  comment text not null default '',
  created_at timestamptz not null default now(),
  constraint approval_votes_pkey primary key (organization_id, approval_id, user_id),
  constraint approval_votes_approval_fkey foreign key (organization_id, approval_id)
    references plinth.approvals (organization_id, id) on delete cascade,
  constraint approval_votes_vote_check check (vote in ('approve', 'reject')),
  constraint approval_votes_comment_check check (length(comment) <= 2000)
);
comment on table plinth.approval_votes is 'Who voted how. A vote is never changed or taken back.';
select plinth.register_table('approval_votes', visibility => 'tenant', audit => 'row', request_verbs => '{select}',
  definer_verbs => '{select,insert}', touch => false);

-- The caller's vote on an approval they are asked for, once; with the one that decides it the run goes on. Returns cast, or
-- not_assigned, voted, closed (decided, too late, or its run has ended); null: no such approval. Votes on one take turns.
create function plinth.cast_vote(organization uuid, approval uuid, vote text, comment text) returns text
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  voter constant uuid := current_user_id();
  asked approvals;
  its_run uuid;
  agreed int;
  refused int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  -- the run first, as whoever closes the approval for it does
  select a.run_id into its_run from approvals a where a.organization_id = organization and a.id = approval;
  perform 1 from tasks t where t.organization_id = organization and t.id = its_run for no key update;
  select * into asked from approvals a where a.organization_id = organization and a.id = approval for update;
  if not found then
    return null;
  elsif voter is null or not voter = any (asked.assignees) then
    return 'not_assigned';
  elsif exists (select 1 from approval_votes v where v.organization_id = organization and v.approval_id = approval and v.user_id = voter) then
    return 'voted';
  elsif asked.status <> 'pending' or asked.due_at <= at or not exists (
    select 1 from tasks t where t.organization_id = organization and t.id = asked.run_id and t.completed_at is null
  ) then
    return 'closed';
  end if;
  insert into approval_votes (organization_id, approval_id, user_id, vote, comment)
  values (organization, approval, voter, cast_vote.vote, coalesce(cast_vote.comment, ''));
  select count(*) filter (where v.vote = 'approve'), count(*) filter (where v.vote = 'reject')
  into agreed, refused
  from approval_votes v
  where v.organization_id = organization and v.approval_id = approval;
  if agreed >= asked.quorum or cardinality(asked.assignees) - refused < asked.quorum then
    update approvals a
    set status = case when agreed >= asked.quorum then 'approved' else 'rejected' end, decided_at = at
    where a.organization_id = organization and a.id = approval;
    perform wake_tasks(organization, array[asked.run_id]);
  end if;
  return 'cast';
end
$$;
select plinth.register_function('cast_vote(uuid, uuid, text, text)', '{app}', tenant_argument => 'organization');
