/** A database with something in most tables, and one table with everything a column may hold. */

import type { Plinth } from '../../plinth.ts';
import { makeOrganization, makeUser } from '../../testing.ts';
import type { Engine } from '../db/engine.ts';
import { openDatabaseSource } from './source.ts';

/** One statement as the owner, who sees every row. */
export async function asOwner(engine: Engine, sql: string): Promise<Record<string, unknown>[]> {
  const client = await engine.directPool.connect();
  try {
    await client.query('begin');
    await client.query('set local role plinth_owner');
    const { rows } = await client.query(sql);
    await client.query('commit');
    return rows;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** Count and hash of each table. */
export async function hashesOf(engine: Engine): Promise<Record<string, string>> {
  const source = await openDatabaseSource(engine);
  try {
    const hashes: Record<string, string> = {};
    for (const table of source.shape.tables) {
      const { rows, hash } = await source.hash(table);
      hashes[table.name] = `${rows} ${hash}`;
    }
    return hashes;
  } finally {
    await source.close();
  }
}

/** Two organizations with people, projects, tasks that point at others, events of three years, audit. */
export async function fillDatabase(plinth: Plinth): Promise<{ organizationId: string; otherId: string }> {
  const { platform } = plinth;
  const acme = await makeOrganization(platform, 'Acme');
  const other = await makeOrganization(platform, 'Globex');
  for (const role of ['admin', 'member', 'viewer'] as const) {
    await makeUser(platform, { organizationId: acme.id, role });
  }
  await platform.keyring.seal(
    { organizationId: acme.id, table: 'event_sources', column: 'secret', rowId: acme.id },
    'a secret',
  );
  const { tasks } = plinth.as({ as: 'app', organizationId: acme.id, userId: acme.userId, memberRole: 'owner' });
  const task = { task_type: 'noop', payload: { text: 'tab\t, line\n, "quotes", \\N, é, 🙂' } };
  const parent = await tasks.enqueue(task);
  await tasks.enqueueMany(Array.from({ length: 50 }, () => ({ ...task, parent_task_id: parent.id })));
  for (const { id } of [acme, other]) {
    await asOwner(
      plinth.platform.engine,
      `insert into plinth.events (organization_id, id, occurred_at, type, source, payload, payload_bytes)
       select '${id}'::uuid, plinth.uuidv7(at), at, 'test', 'test', '{"n": 1.50}', 11
       from (select date_trunc('milliseconds', now()) - n * interval '12 hours' as at from generate_series(1, 1500) n) t`,
    );
  }
  return { organizationId: acme.id, otherId: other.id };
}

/** A table of a user's own: identity, generated column, text key, and values whose text depends on settings. */
export async function withHostileTable(engine: Engine, { rows = 3000 } = {}): Promise<void> {
  await asOwner(
    engine,
    `create table plinth.zoo (
       number bigint not null generated always as identity,
       name text not null,
       note text,
       moment timestamptz not null default '2024-03-31 01:30:00.123456+00',
       span interval not null default '1 year 2 mons 3 days 04:05:06.789',
       real8 double precision not null default 0.1,
       bytes bytea not null default '\\x00ff5c',
       list text[] not null default array['a,b', null, '"', '\\N', ''],
       document jsonb not null default '{"b": 1.10, "a": [null]}',
       amount numeric,
       length int not null generated always as (length(name)) stored,
       xid xid8,
       constraint zoo_pkey primary key (name, number)
     )`,
  );
  await asOwner(engine, `select plinth.register_table('zoo', visibility => 'platform', audit => 'action')`);
  if (rows === 0) return;
  await asOwner(
    engine,
    `insert into plinth.zoo (name, note, amount, xid)
     select (array['tab' || chr(9), 'line' || chr(10), 'return' || chr(13), 'back\\slash', '\\.', '\\N', 'Ä', 'ä', 'a', 'B', '', ' '])[1 + n % 12] || (n / 12),
            case when n % 3 = 0 then null when n % 3 = 1 then '' else repeat('x', n) end,
            (array[1.10, 'NaN', -0.0000001, null])[1 + n % 4]::numeric, pg_current_xact_id()
     from generate_series(1, ${rows}) n`,
  );
  await asOwner(engine, `select setval('plinth.zoo_number_seq', ${rows + 1})`);
}
