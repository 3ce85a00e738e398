-- What attempts say while they run: log lines, how far they are, and what they took of the machine.

create table plinth.task_execution_logs (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  occurred_at timestamptz not null default now(),
  task_id uuid not null,
  attempt int not null,
  level text not null default 'info',
  message text not null,
  data jsonb,
  constraint task_execution_logs_pkey primary key (organization_id, id, occurred_at),
  constraint task_execution_logs_level_check check (level in ('debug', 'info', 'warn', 'error')),
  constraint task_execution_logs_id_time_check check (plinth.id_has_time(id, occurred_at))
) partition by range (occurred_at);
comment on table plinth.task_execution_logs is 'Lines that handlers logged, per attempt. Bounded in length, rate and number; secrets are redacted.';
-- the log of a task in the order it was written
create index task_execution_logs_task_idx on plinth.task_execution_logs (organization_id, task_id, attempt, id);
select plinth.register_table('task_execution_logs', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert}', partition_by => 'occurred_at', retention => '3 months');

create table plinth.task_progress (
  organization_id uuid not null,
  task_id uuid not null,
  attempt int not null,
  fraction double precision not null,
  message text not null default '',
  reported_at timestamptz not null,
  constraint task_progress_pkey primary key (organization_id, task_id),
  constraint task_progress_fraction_check check (fraction between 0 and 1)
) with (fillfactor = 60);
comment on table plinth.task_progress is 'How far a task is, as its newest attempt said last. Beside tasks, whose rows are written as seldom as can be.';
-- what is old
create index task_progress_reported_idx on plinth.task_progress (reported_at);
select plinth.register_table('task_progress', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}');

-- Stores log lines and progress of attempts, a batch from one worker. Lines: o(rganization), i(d), t(ime), k (task),
-- a(ttempt), l(evel), m(essage), d(ata); progress: o, k, a, f(raction), m, t. Ids are minted from the times.
create function plinth.record_task_output(lines jsonb, progress jsonb) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  insert into task_execution_logs (organization_id, id, occurred_at, task_id, attempt, level, message, data)
  select r.o, r.i, r.t, r.k, r.a, r.l, r.m, r.d
  from jsonb_to_recordset(lines) as r(o uuid, i uuid, t timestamptz, k uuid, a int, l text, m text, d jsonb)
  on conflict do nothing;
  insert into task_progress as p (organization_id, task_id, attempt, fraction, message, reported_at)
  select r.o, r.k, r.a, r.f, r.m, r.t
  from jsonb_to_recordset(progress) as r(o uuid, k uuid, a int, f double precision, m text, t timestamptz)
  order by r.o, r.k
  on conflict (organization_id, task_id) do update
  set attempt = excluded.attempt, fraction = excluded.fraction, message = excluded.message, reported_at = excluded.reported_at
  where p.attempt <= excluded.attempt;
end
$$;

select plinth.register_function('record_task_output(jsonb, jsonb)', '{worker}');
