import { afterAll, beforeAll, expect, test } from 'vitest';
import { allTargets, type TestDatabase, type TestServer } from '../../../tests/migrations/databases.ts';
import { Fixture, program, standardFiles } from '../../../tests/migrations/fixtures.ts';
import { runBootstrap } from './bootstrap.ts';
import { migrateUp } from './run.ts';
import { detectDrift, diffSnapshots, renderSnapshot } from './snapshot.ts';

/** One of everything that a version might write in its own way. */
const everything = `-- one of everything
create table plinth.events (
  organization_id uuid not null,
  id uuid not null,
  occurred_at timestamptz not null default now(),
  kind text not null collate "C",
  amount numeric(12, 4) not null default 0,
  tags text[] not null default '{}',
  until date default date '2026-01-01',
  seen timestamptz default timestamptz '2026-01-01 12:00+02',
  wait interval default interval '1 day 02:00',
  raw bytea default '\\x00ff',
  payload jsonb not null default '{"a": [1, 2]}',
  constraint events_pkey primary key (organization_id, id, occurred_at),
  constraint events_kind_check check (kind in ('a', 'b') and length(kind) between 1 and 9 or kind is null),
  constraint events_amount_check check (amount >= 0 and (tags <> '{}' or amount < 10)) not valid
) partition by range (occurred_at);
create table plinth.events_default partition of plinth.events default;
create index events_kind_idx on plinth.events (organization_id, kind desc nulls last) include (amount) where amount > 0;
comment on table plinth.events is 'what happened; with a
line break';
comment on column plinth.events.kind is 'which';
create table plinth.marks (
  organization_id uuid not null,
  id uuid not null,
  project_id uuid,
  constraint marks_pkey primary key (organization_id, id),
  constraint marks_project_fkey foreign key (organization_id, project_id)
    references plinth.projects (organization_id, id) on delete cascade deferrable initially deferred,
  constraint marks_project_key unique (organization_id, project_id)
);
create view plinth.open_projects with (security_invoker = true) as
  select p.organization_id, p.id, count(m.id) as marks, max(p.name) filter (where p.status = 'open') as name
  from plinth.projects as p
  left join plinth.marks as m on m.organization_id = p.organization_id and m.project_id = p.id
  where p.status = 'open' and (p.name <> '' or p.metadata ? 'x')
  group by p.organization_id, p.id;
create view plinth.one_table with (security_invoker = true) as
  select id, name, case when status = 'open' then 1 else 0 end as open from plinth.projects where name like 'x%';
create function plinth.atomic(a integer, b text default 'x;y') returns integer language sql immutable
begin atomic
  select case when a > 1 then a else length(b) end;
end;
create function plinth.touch() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$ begin new.created_at := clock_timestamp(); return new; end $$;
create trigger touch before update of name, status on plinth.projects
  for each row when (old.status is distinct from new.status) execute function plinth.touch('projects');
create policy members on plinth.projects for select to public
  using (organization_id = nullif(current_setting('plinth.organization_id', true), '')::uuid and status <> 'draft');
do $$ begin
  execute format('grant select, insert (organization_id, id), update (name) on plinth.projects to %I', replace(plinth.owner_name(), 'owner', 'app'));
end $$;
create type plinth.mood as enum ('good', 'bad');
create domain plinth.positive as integer constraint positive_check check (value > 0);
create statistics plinth.projects_stats (dependencies) on name, status from plinth.projects;
`;

const servers: TestServer[] = [];
const databases = new Map<string, TestDatabase>();
const fixtures: Fixture[] = [];
beforeAll(async () => {
  const fixture = await Fixture.create({ ...standardFiles, 'tasks/0002_everything': [everything, '-- nothing'] });
  fixtures.push(fixture);
  for (const target of allTargets.filter(({ skip }) => !skip)) {
    const server = await target.start();
    servers.push(server);
    const database = await server.createDatabase();
    await runBootstrap(database.pool);
    await migrateUp(database.pool, await fixture.read(), program);
    databases.set(target.name, database);
  }
}, 120_000);
afterAll(async () => {
  for (const fixture of fixtures) await fixture.cleanUp();
  for (const server of servers) await server.stop();
});

test('the same migrations give the same text on every engine and version', async () => {
  const [first, ...others] = await Promise.all([...databases.values()].map(({ pool }) => renderSnapshot(pool)));
  for (const other of others) {
    expect(diffSnapshots(first!, other)).toEqual([]);
    expect(other).toBe(first);
  }
  for (const part of [
    'table projects\n',
    'owner plinth_owner',
    'row level security enabled, forced',
    'column 6 name_lower text generated always as (lower(name)) stored',
    "constraint projects_status_check CHECK ((status = ANY (ARRAY['draft'::text",
    'index CREATE INDEX projects_status_idx ON plinth.projects',
    'policy owner_all for all to plinth_owner using (true) with check (true)',
    'grant insert (organization_id, id) to plinth_app',
    'partition by RANGE (occurred_at)',
    'default partition events_default',
    'function atomic(a integer, b text)',
    'security definer',
    'type mood',
  ]) {
    expect(first).toContain(part);
  }
  expect(first).not.toContain('table events_default');
});

test('another role prefix gives the same text', async () => {
  const fixture = fixtures[0]!;
  for (const server of servers) {
    const { pool } = await server.createDatabase();
    await runBootstrap(pool, { prefix: 'acme' });
    await migrateUp(pool, await fixture.read(), { ...program, prefix: 'acme' });
    const plain = await renderSnapshot(databases.get(server.name)!.pool);
    expect(diffSnapshots(plain, await renderSnapshot(pool, { prefix: 'acme' }))).toEqual([]);
  }
});

test('a month more or less is no difference', async () => {
  for (const { pool } of databases.values()) {
    const before = await renderSnapshot(pool);
    await asOwner(
      pool,
      "create table plinth.events_2026_01 partition of plinth.events for values from ('2026-01-01') to ('2026-02-01')",
    );
    expect(await renderSnapshot(pool)).toBe(before);
  }
});

test.each([
  ['alter table plinth.projects add column x integer', 'table projects: only in the database: column x integer'],
  [
    'alter table plinth.projects disable row level security',
    'table projects: only in the database: row level security disabled, forced',
  ],
  [
    'alter table plinth.projects alter column name drop not null',
    'table projects: only in the database: column name text',
  ],
  ['drop index plinth.projects_status_idx', 'only in the migrations: index CREATE INDEX projects_status_idx'],
  ['grant delete on plinth.projects to public', 'table projects: only in the database: grant delete to public'],
  [
    'create policy p on plinth.projects for delete to plinth_app using (true)',
    'only in the database: policy p for delete to plinth_app using (true)',
  ],
  ['alter table plinth.projects disable trigger touch', '(enabled: D)'],
  [
    'create or replace function plinth.touch() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$ begin return new; end $$',
    'function touch(): only in the database: body',
  ],
  [
    'alter function plinth.touch() reset search_path',
    'function touch(): only in the migrations: set search_path=pg_catalog, pg_temp',
  ],
  ['grant execute on function plinth.applied_migrations() to public', 'grant execute to public'],
  ['create table plinth.by_hand ()', 'table by_hand: only in the database'],
  [
    "create or replace view plinth.one_table with (security_invoker = true) as select id, name, case when status = 'open' then 2 else 0 end as open from plinth.projects where name like 'x%'",
    'view one_table: only in the database: definition',
  ],
  [
    'alter view plinth.one_table reset (security_invoker)',
    'view one_table: only in the migrations: with (security_invoker=true)',
  ],
])('drift is named: %s', async (sql, expected) => {
  for (const { pool } of databases.values()) {
    const before = await renderSnapshot(pool);
    expect(await detectDrift(pool, before)).toEqual([]);
    const client = await pool.connect();
    try {
      await client.query(`begin; set local role plinth_owner; ${sql}; commit`);
    } finally {
      client.release();
    }
    expect((await detectDrift(pool, before)).join('\n')).toContain(expected);
  }
});

async function asOwner(pool: TestDatabase['pool'], sql: string): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`begin; set local role plinth_owner; ${sql}; commit`);
  } finally {
    client.release();
  }
}
