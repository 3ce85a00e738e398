-- What attempts took of the machine, as far as it was measured (those that run as processes of their own), and how they ended.

create table plinth.task_resource_usage (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(now()),
  measured_at timestamptz not null default now(),
  task_id uuid not null,
  attempt int not null,
  duration_ms int not null,
  cpu_ms int,
  cpu_usage_percent numeric,
  memory_usage_mb numeric,
  disk_usage_mb numeric,
  network_io_mb numeric,
  exit_code int,
  constraint task_resource_usage_pkey primary key (organization_id, id, measured_at),
  constraint task_resource_usage_id_time_check check (plinth.id_has_time(id, measured_at))
) partition by range (measured_at);
comment on table plinth.task_resource_usage is
  'CPU time, memory and I/O of attempts that ran as processes of their own; null: not measured on that system.';
comment on column plinth.task_resource_usage.cpu_usage_percent is 'CPU time in percent of the duration; above 100 on several cores.';
comment on column plinth.task_resource_usage.memory_usage_mb is 'The most that its processes held at once.';
comment on column plinth.task_resource_usage.disk_usage_mb is 'Read from and written to storage.';
-- what a task took
create index task_resource_usage_task_idx on plinth.task_resource_usage (organization_id, task_id, id);
select plinth.register_table('task_resource_usage', visibility => 'tenant', audit => 'self', request_verbs => '{select}',
  definer_verbs => '{select,insert}', partition_by => 'measured_at', retention => '13 months');

-- Records what an attempt took: duration_ms, cpu_ms, memory_usage_mb, disk_usage_mb, exit_code.
create function plinth.record_task_usage(organization uuid, task uuid, attempt int, usage jsonb) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
begin
  insert into task_resource_usage (organization_id, id, measured_at, task_id, attempt, duration_ms, cpu_ms, cpu_usage_percent,
    memory_usage_mb, disk_usage_mb, exit_code)
  values (organization, plinth.uuidv7(at), at, task, record_task_usage.attempt, (usage ->> 'duration_ms')::int, (usage ->> 'cpu_ms')::int,
    round(100 * (usage ->> 'cpu_ms')::numeric / greatest(1, (usage ->> 'duration_ms')::numeric), 1),
    (usage ->> 'memory_usage_mb')::numeric, (usage ->> 'disk_usage_mb')::numeric, (usage ->> 'exit_code')::int);
end
$$;

select plinth.register_function('record_task_usage(uuid, uuid, integer, jsonb)', '{worker}');

-- How attempts end, counted for /metrics: whoever runs tasks writes what it has counted every few seconds.

create table plinth.task_outcome_counts (
  task_type text not null,
  outcome text not null,
  attempts bigint not null,
  updated_at timestamptz not null default now(),
  constraint task_outcome_counts_pkey primary key (task_type, outcome),
  constraint task_outcome_counts_outcome_check check (outcome in ('completed', 'retried', 'failed', 'lost'))
);
comment on table plinth.task_outcome_counts is 'How many attempts of all organizations have ended how, since the database was made.';
comment on column plinth.task_outcome_counts.task_type is
  'A type that a module declares; external: those of workers outside; unknown: of attempts that were lost with their worker.';
comment on column plinth.task_outcome_counts.outcome is 'retried: it failed and another attempt follows; failed: it failed for good.';
comment on column plinth.task_outcome_counts.attempts is 'Only grows.';
select plinth.register_table('task_outcome_counts', visibility => 'platform', audit => 'action', definer_verbs => '{select,insert,update}');

-- Adds what a process has counted: [{ "t": type, "k": outcome, "n": attempts }].
create function plinth.count_task_outcomes(counted jsonb) returns void
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  at constant timestamptz := clock_timestamp();
  one record;
begin
  -- in one order, so that two processes never wait for each other in a circle
  for one in
    select x.t, x.k, sum(x.n) as n from jsonb_to_recordset(counted) as x(t text, k text, n bigint) group by x.t, x.k order by x.t, x.k
  loop
    insert into task_outcome_counts as c (task_type, outcome, attempts, updated_at)
    values (one.t, one.k, one.n, at)
    on conflict (task_type, outcome) do update set attempts = c.attempts + excluded.attempts, updated_at = excluded.updated_at;
  end loop;
end
$$;

-- What has been counted; types that nothing has been heard of for a quarter of a year are left out.
create function plinth.task_outcomes() returns table (task_type text, outcome text, attempts bigint)
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select c.task_type, c.outcome, c.attempts
    from task_outcome_counts c
    where c.updated_at > now() - interval '90 days';
end
$$;

select plinth.register_function('count_task_outcomes(jsonb)', '{worker}');
select plinth.register_function('task_outcomes()', '{worker}');
