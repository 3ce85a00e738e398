/** Monthly partitions: made ahead, made for rows that were early, and dropped when they are too old. */
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { type Door, makeDoor } from '../../src/platform/scope/door.ts';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';
import { askAsOwner, asOwner, makeTenant, type TestTenant } from '../support/tenants.ts';

const table = (name: string, registration: string) => `
  create table plinth.${name} (
    organization_id uuid not null,
    id uuid not null,
    created_at timestamptz not null,
    note text not null,
    note_lower text generated always as (lower(note)) stored,
    xid xid8 not null,
    constraint ${name}_pkey primary key (organization_id, id, created_at),
    constraint ${name}_id_time_check check (plinth.id_has_time(id, created_at))
  ) partition by range (created_at);
  select plinth.register_table('${name}', visibility => 'tenant', partition_by => 'created_at', ${registration});`;

describeEngines('partitions', (on) => {
  let door: Door;
  let tenant: TestTenant;
  beforeAll(async () => {
    await admitTestLogin(on.engine);
    door = makeDoor(on.engine);
    tenant = await makeTenant(on.engine);
  });
  beforeEach(async () => {
    for (const name of ['scratch_log', 'scratch_kept', 'scratch_audited']) {
      const [row] = await askAsOwner<{ there: boolean }>(
        on.engine,
        `select to_regclass('plinth.${name}') is not null as there`,
      );
      if (row!.there) await asOwner(on.engine, `select plinth.unregister_table('${name}')`);
    }
    await asOwner(
      on.engine,
      table('scratch_log', `audit => 'self', request_verbs => '{select,insert}', retention => '3 months'`),
    );
  });

  const insert = (name: string, at: string, note = 'n') =>
    askAsOwner<{ id: string; xid: string }>(
      on.engine,
      `insert into plinth.${name} (organization_id, id, created_at, note)
       values ($1, plinth.uuidv7($2), $2, $3) returning id, xid::text as xid`,
      [tenant.organizationId, at, note],
    ).then((rows) => rows[0]!);
  const partitionsOf = (name: string) =>
    askAsOwner<{ name: string }>(
      on.engine,
      `select c.relname as name from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
       where i.inhparent = 'plinth.${name}'::regclass order by 1`,
    ).then((rows) => rows.map((row) => row.name));
  const months = async (offsets: readonly number[]) => {
    const rows = await askAsOwner<{ name: string }>(
      on.engine,
      `select to_char(now() at time zone 'UTC' + make_interval(months => n), 'YYYY_MM') as name from unnest($1::int[]) as n order by 1`,
      [offsets],
    );
    return rows.map((row) => row.name);
  };
  const ensure = (only: string | null = 'scratch_log', ahead = 3) =>
    door
      .write({ as: 'worker' }, (tx) =>
        tx.sql<{ made: number }>('select plinth.ensure_partitions($1, $2) as made', [only, ahead]),
      )
      .then((rows) => rows[0]!.made);

  it('ids of any time say their millisecond, pass the check, and sort as the times do', async () => {
    const [row] = await askAsOwner<Record<string, number>>(
      on.engine,
      `with made as (
         select at, plinth.uuidv7(at) as id
         from generate_series(timestamptz '1999-12-31 23:59:59.999', '2000-01-01 00:00:00.011', '1 microsecond') as at)
       select count(*)::int as made, count(*) filter (where plinth.id_has_time(id, at))::int as checked,
         count(*) filter (where id > before or before is null)::int as in_order,
         count(*) filter (where id::text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')::int as formed
       from (select *, lag(id) over (order by at) as before from made) as m`,
    );
    expect(row).toEqual({ made: 12_001, checked: 12_001, in_order: 12_001, formed: 12_001 });
  });

  it('are there for this month and three more from the start, with a default one', async () => {
    const named = (await months([0, 1, 2, 3])).map((month) => `scratch_log_${month}`);
    expect(await partitionsOf('scratch_log')).toEqual([...named, 'scratch_log_default']);
    expect(await ensure()).toBe(0);
    expect(await ensure('scratch_log', 5)).toBe(2);
    expect(await ensure(null)).toBe(0);
  });

  it('hold the months of UTC, to the microsecond', async () => {
    const [month] = await months([1]);
    const [first] = await askAsOwner<{ at: string; before: string }>(
      on.engine,
      `select (to_date($1, 'YYYY_MM')::timestamp at time zone 'UTC')::text as at,
              ((to_date($1, 'YYYY_MM')::timestamp at time zone 'UTC') - interval '1 microsecond')::text as before`,
      [month],
    );
    const { id: later } = await insert('scratch_log', first!.at);
    const { id: sooner } = await insert('scratch_log', first!.before);
    const where = await askAsOwner<{ id: string; part: string }>(
      on.engine,
      'select id, tableoid::regclass::text as part from plinth.scratch_log',
    );
    const [current] = await months([0]);
    expect(Object.fromEntries(where.map(({ id, part }) => [id, part]))).toEqual({
      [later]: `plinth.scratch_log_${month}`,
      [sooner]: `plinth.scratch_log_${current}`,
    });
  });

  it('take over rows that waited in the default one, with their id, xid and contents', async () => {
    const early = [
      await insert('scratch_log', '2031-05-01T00:00:00Z', 'May'),
      await insert('scratch_log', '2031-05-31T23:59:59.999999Z', 'May too'),
    ];
    const june = await insert('scratch_log', '2031-06-01T00:00:00Z', 'June');
    const waiting = () =>
      door.read({ as: 'worker' }, (tx) =>
        tx.sql(`select waiting_rows from plinth.default_partition_rows() where table_name = 'scratch_log'`),
      );
    expect(await waiting()).toEqual([{ waiting_rows: '3' }]);
    expect(await ensure()).toBe(2);
    expect(await waiting()).toEqual([{ waiting_rows: '0' }]);
    const rows = await askAsOwner<{ id: string; xid: string; part: string; note_lower: string }>(
      on.engine,
      'select id, xid::text as xid, tableoid::regclass::text as part, note_lower from plinth.scratch_log order by id',
    );
    expect(rows).toEqual([
      { ...early[0], part: 'plinth.scratch_log_2031_05', note_lower: 'may' },
      { ...early[1], part: 'plinth.scratch_log_2031_05', note_lower: 'may too' },
      { ...june, part: 'plinth.scratch_log_2031_06', note_lower: 'june' },
    ]);
  });

  it('are made beside somebody who writes, and the two never wait for each other', async ({ skip }) => {
    if (!on.engine.capabilities.concurrentConnections || on.engine.capabilities.distributed) skip();
    await insert('scratch_log', '2031-05-01T00:00:00Z');
    const writer = await on.engine.directPool.connect();
    try {
      // as an insert begins: the table first, and the partition when its row is known
      await writer.query(
        'begin; set local role plinth_owner; lock table only plinth.scratch_log in row exclusive mode',
      );
      const made = ensure();
      const waits = `select 1 from pg_locks where not granted and relation = 'plinth.scratch_log'::regclass`;
      while ((await writer.query(waits)).rowCount === 0);
      await writer.query(
        `insert into plinth.scratch_log (organization_id, id, created_at, note)
         values ($1, plinth.uuidv7($2), $2, 'n')`,
        [tenant.organizationId, '2031-05-02T00:00:00Z'],
      );
      await writer.query('commit');
      expect(await made).toBe(1);
    } finally {
      writer.release();
    }
    expect(await askAsOwner(on.engine, 'select 1 from plinth.scratch_log_2031_05')).toHaveLength(2);
  });

  it('are made for one table at a time where that is asked for', async () => {
    await asOwner(on.engine, table('scratch_kept', `audit => 'self', request_verbs => '{select,insert}'`));
    for (const name of ['scratch_log', 'scratch_kept']) await insert(name, '2031-05-01T00:00:00Z');
    const one = () =>
      door.write({ as: 'worker' }, (tx) =>
        tx.sql<{ made: number }>('select plinth.ensure_partitions(tables_max => 1) as made'),
      );
    expect([...(await one()), ...(await one()), ...(await one())].map(({ made }) => made)).toEqual([1, 1, 0]);
  });

  it('leave no trace in the audit when rows are moved', async () => {
    await asOwner(on.engine, table('scratch_audited', `audit => 'row'`));
    await insert('scratch_audited', '2031-05-01T00:00:00Z');
    const count = async () =>
      (
        await askAsOwner<{ n: number }>(
          on.engine,
          `select count(*)::int as n from plinth.audit_logs where resource_type = 'scratch_audited'`,
        )
      )[0]!.n;
    expect(await count()).toBe(1);
    expect(await ensure('scratch_audited')).toBe(1);
    expect(await count()).toBe(1);
  });

  it('go when they are wholly older than the retention, and only where there is one', async () => {
    await asOwner(on.engine, table('scratch_kept', `audit => 'self', request_verbs => '{select,insert}'`));
    const [old, border, fresh] = await months([-5, -4, -3]);
    const madeFor = `select plinth.ensure_partition($1, to_date($2, 'YYYY_MM'))`;
    for (const name of ['scratch_log', 'scratch_kept']) {
      for (const month of [old, border, fresh]) await askAsOwner(on.engine, madeFor, [name, month]);
    }
    await insert('scratch_log', `${old!.replace('_', '-')}-15T00:00:00Z`, 'old');
    const dropped = await door.write({ as: 'worker' }, (tx) =>
      tx.sql('select plinth.drop_expired_partitions() as names'),
    );
    expect(dropped).toEqual([{ names: [`scratch_log_${old}`, `scratch_log_${border}`] }]);
    const left = await partitionsOf('scratch_log');
    expect(left).toContain(`scratch_log_${fresh}`);
    expect(left).not.toContain(`scratch_log_${border}`);
    expect(await partitionsOf('scratch_kept')).toContain(`scratch_kept_${old}`);
  });

  it('are analysed when they begin to fill, once', async ({ skip }) => {
    if (!on.engine.capabilities.autovacuum || on.engine.capabilities.distributed) skip();
    const fill = (rows: number) =>
      askAsOwner(
        on.engine,
        `insert into plinth.scratch_log (organization_id, id, created_at, note)
         select $1, plinth.uuidv7(now()), now(), 'n' from generate_series(1, $2)`,
        [tenant.organizationId, rows],
      );
    const analyze = () =>
      door.write({ as: 'worker' }, (tx) => tx.sql<{ n: number }>('select plinth.analyze_new_tables() as n'));
    const known = () =>
      askAsOwner<{ rows: number }>(
        on.engine,
        `select sum(greatest(c.reltuples, 0))::int as rows from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
         where i.inhparent = 'plinth.scratch_log'::regclass`,
      );
    await fill(99);
    // what a session has done is counted within a second, or when it is asked to
    await asOwner(on.engine, 'select pg_stat_force_next_flush()');
    await analyze();
    expect(await known()).toEqual([{ rows: 0 }]);
    await fill(1);
    await asOwner(on.engine, 'select pg_stat_force_next_flush()');
    await analyze();
    expect(await known()).toEqual([{ rows: 100 }]);
    await fill(800);
    await asOwner(on.engine, 'select pg_stat_force_next_flush()');
    await analyze();
    expect(await known()).toEqual([{ rows: 100 }]);
    await fill(200);
    await asOwner(on.engine, 'select pg_stat_force_next_flush()');
    await analyze();
    expect(await known()).toEqual([{ rows: 1100 }]);
  });

  it('are made and dropped by the worker alone, and read by name by nobody', async () => {
    for (const call of [
      'plinth.ensure_partitions()',
      'plinth.drop_expired_partitions()',
      'plinth.default_partition_rows()',
    ]) {
      await expect(
        door.write({ organizationId: tenant.organizationId }, (tx) => tx.sql(`select * from ${call}`)),
      ).rejects.toMatchObject({
        cause: { code: '42501' },
      });
    }
    await ensure('scratch_log', 4);
    for (const part of await partitionsOf('scratch_log')) {
      await expect(
        door.readOne({ organizationId: tenant.organizationId }, `select 1 from plinth.${part}`),
      ).rejects.toMatchObject({ cause: { code: '42501' } });
    }
  });

  it("refuse an id that was not minted from the row's time", async () => {
    const off = askAsOwner(
      on.engine,
      `insert into plinth.scratch_log (organization_id, id, created_at, note) values ($1, plinth.uuidv7(now() - interval '1 hour'), now(), 'n')`,
      [tenant.organizationId],
    );
    await expect(off).rejects.toMatchObject({ code: '23514' });
  });

  it('let a request insert its own time, and stamp the xid themselves', async () => {
    const scope = { organizationId: tenant.organizationId };
    const [row] = await door.write(scope, (tx) =>
      tx.sql<{ stamped: boolean }>(
        `insert into plinth.scratch_log (organization_id, id, created_at, note)
         select $1, plinth.uuidv7(t), t, 'mine' from now() as t returning xid = pg_current_xact_id() as stamped`,
        [tenant.organizationId],
      ),
    );
    expect(row).toEqual({ stamped: true });
    const forged = door.write(scope, (tx) =>
      tx.sql(
        `insert into plinth.scratch_log (organization_id, id, created_at, note, xid) values ($1, plinth.uuidv7(now()), now(), 'n', '3')`,
        [tenant.organizationId],
      ),
    );
    await expect(forged).rejects.toMatchObject({ cause: { code: '42501' } });
  });
});
