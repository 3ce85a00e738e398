/** The one door to a transaction: the same promises on every engine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, expect, inject, it } from 'vitest';
import type { Engine } from '../../src/platform/db/engine.ts';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { type Door, makeDoor, type ScopedTx } from '../../src/platform/scope/door.ts';
import type { Scope } from '../../src/platform/scope/scope.ts';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';
import { askAsOwner, makeTenant, type TestTenant } from '../support/tenants.ts';

const concurrent_scopes = 200;
const runaway = 'select count(*) from generate_series(1, 1000000000) n';

const asOwnerOf = ({ organizationId, userIds }: TestTenant): Scope => ({
  organizationId,
  userId: userIds[0],
  memberRole: 'owner',
});

const insertProject = (tx: ScopedTx, slug: string) =>
  tx.sql<{ id: string }>('insert into plinth.projects (organization_id, name, slug) values ($1, $2, $2) returning id', [
    tx.organizationId,
    slug,
  ]);

const slugs = async (tx: ScopedTx) =>
  (await tx.sql<{ slug: string }>('select slug from plinth.projects order by slug')).map((row) => row.slug);

async function rowsAbout(engine: Engine, slug: string): Promise<number> {
  const [row] = await askAsOwner<{ n: string }>(
    engine,
    `select (select count(*) from plinth.projects where slug = $1)
          + (select count(*) from plinth.audit_logs where new_values ->> 'slug' = $1) as n`,
    [slug],
  );
  return Number(row!.n);
}

describeEngines('the door', (on) => {
  let door: Door;
  let a: TestTenant;
  let b: TestTenant;
  beforeAll(async () => {
    await admitTestLogin(on.engine);
    door = makeDoor(on.engine);
    a = await makeTenant(on.engine);
    b = await makeTenant(on.engine);
  });

  it('writes what resolves, with its audit entry, and returns what the work returns', async () => {
    const id = await door.write(asOwnerOf(a), async (tx) => (await insertProject(tx, 'written'))[0]!.id);
    expect(await rowsAbout(on.engine, 'written')).toBe(2);
    expect(
      await askAsOwner(on.engine, 'select actor, actor_user_id from plinth.audit_logs where resource_id = $1', [id]),
    ).toEqual([{ actor: 'user', actor_user_id: a.userIds[0] }]);
  });

  it('leaves nothing of what throws, the audit entry included, and throws it on', async () => {
    const failure = new Error('changed my mind');
    const attempt = door.write(asOwnerOf(a), async (tx) => {
      await insertProject(tx, 'taken-back');
      throw failure;
    });
    await expect(attempt).rejects.toMatchObject({ name: 'PlinthError', code: 'internal' });
    expect(await rowsAbout(on.engine, 'taken-back')).toBe(0);
  });

  it('hands an error of the catalogue on as it is', async () => {
    const attempt = door.read(asOwnerOf(a), (tx) =>
      tx.one(
        { compile: () => ({ sql: 'select from plinth.projects where false', parameters: [] }) } as never,
        'project',
      ),
    );
    await expect(attempt).rejects.toMatchObject({ code: 'not_found', detail: 'no such project' });
  });

  it('fails at once when opened inside itself, whichever way, and the outer one goes on', async () => {
    const inner: readonly ((scope: Scope) => Promise<unknown>)[] = [
      (scope) => door.write(scope, (tx) => slugs(tx)),
      (scope) => door.read(scope, (tx) => slugs(tx)),
      (scope) => door.readOne(scope, 'select 1 as one'),
    ];
    for (const open of inner) {
      for (const outer of [door.write, door.read]) {
        const seen = await outer(asOwnerOf(a), async (tx) => {
          await expect(open(asOwnerOf(a))).rejects.toMatchObject({ code: 'reentrant_scope' });
          await expect(Promise.resolve().then(() => open(asOwnerOf(b)))).rejects.toMatchObject({
            code: 'reentrant_scope',
          });
          return await slugs(tx);
        });
        expect(seen).toContain('written');
      }
    }
  });

  it('may be opened again by what runs after it', async () => {
    let after: Promise<string[]> | undefined;
    await door.write(asOwnerOf(a), async (tx) => {
      tx.afterCommit(() => {
        after = door.read(asOwnerOf(a), (inner) => slugs(inner));
      });
    });
    expect(await after).toContain('written');
  });

  it('refuses work on a transaction that has ended', async () => {
    let kept: ScopedTx | undefined;
    await door.write(asOwnerOf(a), async (tx) => {
      kept = tx;
    });
    await expect(kept!.sql('select 1')).rejects.toMatchObject({ code: 'internal' });
    await expect(
      door.write(asOwnerOf(a), async (tx) => {
        kept = tx;
        throw new Error('no');
      }),
    ).rejects.toThrow();
    await expect(insertProject(kept!, 'too-late')).rejects.toMatchObject({ code: 'internal' });
    expect(await rowsAbout(on.engine, 'too-late')).toBe(0);
  });

  it('does not call committed what PostgreSQL had given up', async () => {
    const attempt = door.write(asOwnerOf(a), async (tx) => {
      await insertProject(tx, 'lost');
      await tx.sql('select 1 / 0').catch(() => undefined);
      return 'done';
    });
    await expect(attempt).rejects.toMatchObject({ code: 'internal' });
    expect(await rowsAbout(on.engine, 'lost')).toBe(0);
  });

  it('reads only where it is to read, also after entering again', async () => {
    await expect(door.read(asOwnerOf(a), (tx) => insertProject(tx, 'sneaked'))).rejects.toMatchObject({
      code: 'read_only',
    });
    const again = door.read(asOwnerOf(a), async (tx) => {
      await tx.sql('select plinth.enter($1::jsonb, false)', [contextOf(b)]);
      return await insertProject(tx, 'sneaked');
    });
    await expect(again).rejects.toMatchObject({ code: 'read_only' });
    const lifted = door.read(asOwnerOf(a), async (tx) => {
      await tx.sql('set transaction read write');
      return await insertProject(tx, 'sneaked');
    });
    await expect(lifted).rejects.toMatchObject({ name: 'PlinthError' });
    await expect(
      door.readOne(
        asOwnerOf(a),
        `insert into plinth.projects (organization_id, name, slug) values ($1, 'x', 'sneaked')`,
        [a.organizationId],
      ),
    ).rejects.toMatchObject({ code: 'read_only' });
    expect(await rowsAbout(on.engine, 'sneaked')).toBe(0);
  });

  const contextOf = (tenant: TestTenant) =>
    JSON.stringify({ as: 'app', organization_id: tenant.organizationId, user_id: tenant.userIds[0] });

  it('shows each scope its own tenant, and the next one nothing of the last', async () => {
    await door.write(asOwnerOf(b), (tx) => insertProject(tx, 'of-b'));
    expect(await door.read(asOwnerOf(b), slugs)).toEqual(['of-b']);
    expect(await door.read(asOwnerOf(a), slugs)).not.toContain('of-b');
    expect(await door.read({}, slugs)).toEqual([]);
    const readOne = (scope: Scope) =>
      door.readOne<{ slug: string }>(scope, 'select slug from plinth.projects order by slug');
    expect(await readOne(asOwnerOf(b))).toEqual([{ slug: 'of-b' }]);
    expect(await readOne({})).toEqual([]);
    await expect(door.read({}, async (tx) => tx.organizationId)).rejects.toMatchObject({
      code: 'organization_required',
    });
  });

  it('changes the tenant when entered again', async () => {
    const seen = await door.write(asOwnerOf(a), async (tx) => {
      const before = await slugs(tx);
      await tx.sql('select plinth.enter($1::jsonb, false)', [contextOf(b)]);
      return { before, after: await slugs(tx) };
    });
    expect(seen.before).toContain('written');
    expect(seen.after).toEqual(['of-b']);
  });

  it('runs as the request role with the context set, and leaves none of it on the connection', async () => {
    const ask = `select current_user::text as role, current_setting('plinth.organization_id', true) as organization,
      current_setting('plinth.request_id', true) as request, current_setting('plinth.ip_address', true) as address`;
    const scope: Scope = { ...asOwnerOf(a), requestId: "r'1", ipAddress: '192.0.2.7' };
    const expected = { role: 'plinth_app', organization: a.organizationId, request: "r'1", address: '192.0.2.7' };
    expect(await door.write(scope, (tx) => tx.sql(ask))).toEqual([expected]);
    // a read records nothing, so that it need not know which request it is of
    const reading = { ...expected, request: expect.toBeOneOf(['', null]), address: expect.toBeOneOf(['', null]) };
    expect(await door.read(scope, (tx) => tx.sql(ask))).toEqual([reading]);
    expect(await door.readOne(scope, ask)).toEqual([reading]);
    expect(await door.readOne({ as: 'readonly' }, 'select current_user::text as role')).toEqual([
      { role: 'plinth_readonly' },
    ]);
    expect(await door.read({ as: 'worker' }, (tx) => tx.sql('select current_user::text as role'))).toEqual([
      { role: 'plinth_worker' },
    ]);
    const { rows } = await on.pool.query(ask);
    expect(rows[0]).toMatchObject({
      organization: expect.toBeOneOf(['', null]),
      address: expect.toBeOneOf(['', null]),
    });
    expect(rows[0].role).not.toBe('plinth_app');
  });

  it('lets reads share a transaction only with those of the same principal, and each see its own tenant', async () => {
    const member: Scope = { organizationId: a.organizationId, userId: a.userIds[0], memberRole: 'member' };
    const principals: Scope[] = [asOwnerOf(a), asOwnerOf(b), member, { ...asOwnerOf(a), as: 'readonly' }, {}];
    const ask = `select virtualtransaction as transaction, plinth.current_organization_id() as organization,
                        plinth.current_member_role() as role, current_user::text as as, $1::int as n
                 from pg_locks where locktype = 'virtualxid' and pid = pg_backend_pid()`;
    const asked = (n: number) => principals[n % principals.length]!;
    const read = (n: number) =>
      door.readOne<{ transaction: string }>({ ...asked(n), requestId: `r${n}` }, ask, [n]).then((rows) => rows[0]!);
    for (let round = 0; round < 4; round++) await read(0);
    const rows = await Promise.all(Array.from({ length: 60 }, (_, n) => read(n)));
    const principalsOf = new Map<string, Set<number>>();
    rows.forEach((row, n) => {
      const { organizationId = null, memberRole = null, as = 'app' } = asked(n);
      expect(row).toMatchObject({ organization: organizationId, role: memberRole, as: `plinth_${as}`, n });
      const found = principalsOf.get(row.transaction) ?? new Set();
      principalsOf.set(row.transaction, found.add(n % principals.length));
    });
    expect([...principalsOf.values()].every((found) => found.size === 1)).toBe(true);
    // that they do share, a test of the queue shows; here a busy machine may let each go alone
    if (on.engine.kind !== 'postgres') expect(principalsOf.size).toBe(rows.length);
    // one that fails is not told of another's rows, and theirs are right
    const divide = (n: number) =>
      door.readOne(asked(n), 'select plinth.current_organization_id() as organization, 60 / $1::int as n', [n % 10]);
    for (let round = 0; round < 4; round++) await divide(5);
    const outcomes = await Promise.allSettled(Array.from({ length: 60 }, (_, n) => divide(n)));
    outcomes.forEach((outcome, n) => {
      expect(outcome.status).toBe(n % 10 === 0 ? 'rejected' : 'fulfilled');
      if (outcome.status === 'fulfilled') {
        const organization = asked(n).organizationId ?? null;
        expect(outcome.value).toEqual([{ organization, n: Math.trunc(60 / (n % 10)) }]);
      }
    });
  });

  it('reads one statement by the same rules, in one round trip where the engine can', async () => {
    const read = () =>
      door.readOne<{ slug: string }>(asOwnerOf(a), 'select slug from plinth.projects where slug = $1', ['written']);
    expect(await read()).toEqual([{ slug: 'written' }]);
    expect(await door.readOne(asOwnerOf(b), 'select slug from plinth.projects where slug = $1', ['written'])).toEqual(
      [],
    );
    if (on.engine.capabilities.pipelinedScope) {
      const client = (await on.pool.connect()) as pg.PoolClient & { connection: NodeJS.EventEmitter };
      let answers = 0;
      const count = () => {
        answers++;
      };
      client.connection.on('readyForQuery', count);
      client.release();
      await read();
      client.connection.removeListener('readyForQuery', count);
      expect(answers).toBe(1);
    }
    await expect(door.readOne(asOwnerOf(a), 'select 1 / 0')).rejects.toMatchObject({ name: 'PlinthError' });
    await expect(door.readOne(asOwnerOf(a), 'select nowhere')).rejects.toMatchObject({ code: 'internal' });
    expect(await read()).toEqual([{ slug: 'written' }]);
  });

  it('tells after the commit, in order, and never of what was rolled back', async () => {
    const told: string[] = [];
    await door.write(asOwnerOf(a), async (tx) => {
      tx.afterCommit(() => told.push('first'));
      tx.afterCommit(() => told.push('second'));
      await insertProject(tx, 'told');
      expect(told).toEqual([]);
    });
    expect(told).toEqual(['first', 'second']);
    const failing = door.write(asOwnerOf(a), async (tx) => {
      tx.afterCommit(() => told.push('never'));
      await insertProject(tx, 'told');
    });
    await expect(failing).rejects.toMatchObject({ code: 'already_exists' });
    expect(told).toEqual(['first', 'second']);
  });

  it(`finishes ${concurrent_scopes} scopes at once on its one connection`, async () => {
    const numbers = Array.from({ length: concurrent_scopes }, (_, n) => n);
    await Promise.all(numbers.map((n) => door.write(asOwnerOf(n % 2 ? a : b), (tx) => insertProject(tx, `many-${n}`))));
    const count = async (tenant: TestTenant) =>
      (await door.read(asOwnerOf(tenant), slugs)).filter((slug) => slug.startsWith('many-')).length;
    expect(await count(a)).toBe(concurrent_scopes / 2);
    expect(await count(b)).toBe(concurrent_scopes / 2);
  });

  it('gives errors of the database their code', async () => {
    await expect(door.write(asOwnerOf(a), (tx) => insertProject(tx, 'written'))).rejects.toMatchObject({
      code: 'already_exists',
    });
    await expect(door.write(asOwnerOf(a), (tx) => insertProject(tx, 'Not A Slug'))).rejects.toMatchObject({
      code: 'invalid_value',
      field: 'slug',
    });
    const foreign = door.write(asOwnerOf(a), (tx) =>
      tx.sql(`insert into plinth.projects (organization_id, name, slug) values ($1, 'x', 'foreign')`, [
        b.organizationId,
      ]),
    );
    await expect(foreign).rejects.toMatchObject({ code: 'forbidden' });
    const missing = door.write(asOwnerOf(a), (tx) =>
      tx.sql(
        `insert into plinth.project_repositories (organization_id, project_id, repository_id)
         values ($1, plinth.uuidv7(), plinth.uuidv7())`,
        [tx.organizationId],
      ),
    );
    await expect(missing).rejects.toMatchObject({ code: 'reference_not_found' });
  });
});

describeEngines('the door, when a statement takes too long', (on) => {
  it('stops it, says so, and the connection serves the next', async () => {
    // An engine in memory is empty after it was stopped; in a folder it is not.
    const folder = mkdtempSync(join(tmpdir(), 'plinth-door-'));
    const load = inject('engines').find(({ name }) => name === 'pglite')?.templateTar;
    const engine =
      on.name === 'pglite'
        ? await openPglite({ dataDir: join(folder, 'data'), fsync: false, ...(load !== undefined && { load }) })
        : on.engine;
    try {
      await admitTestLogin(engine);
      const door = makeDoor(engine);
      const tenant = await makeTenant(engine);
      const slow = { statementTimeoutMs: 500 };
      await expect(
        door.write(
          asOwnerOf(tenant),
          async (tx) => {
            await insertProject(tx, 'too-slow');
            return await tx.sql(runaway);
          },
          slow,
        ),
      ).rejects.toMatchObject({ code: 'statement_timeout' });
      await expect(door.readOne(asOwnerOf(tenant), runaway, [], slow)).rejects.toMatchObject({
        code: 'statement_timeout',
      });
      expect(await door.read(asOwnerOf(tenant), slugs)).toEqual([]);
      expect(await rowsAbout(engine, 'too-slow')).toBe(0);
      // The limit was that scope's alone.
      const [row] = await door.readOne<{ limit: string }>(
        asOwnerOf(tenant),
        `select current_setting('statement_timeout') as limit`,
      );
      expect(row).toEqual({ limit: '15s' });
    } finally {
      if (engine !== on.engine) await engine.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describeEngines(
  'the door, when the server drops its connection',
  (on) => {
    it('says that the database can not be reached, and serves the next call', async () => {
      await admitTestLogin(on.engine);
      const door = makeDoor(on.engine);
      const tenant = await makeTenant(on.engine);
      const admin = new pg.Client(on.test.adminUrl);
      await admin.connect();
      const drop = async (tx: ScopedTx) => {
        const [row] = await tx.sql<{ pid: number }>('select pg_backend_pid() as pid');
        await admin.query('select pg_terminate_backend($1, 5000)', [row!.pid]);
      };
      try {
        const between = door.write(asOwnerOf(tenant), async (tx) => {
          await insertProject(tx, 'dropped');
          await drop(tx);
          return await slugs(tx);
        });
        await expect(between).rejects.toMatchObject({ code: 'database_unavailable' });
        expect(await door.read(asOwnerOf(tenant), slugs)).toEqual([]);

        const during = door.write(asOwnerOf(tenant), async (tx) => {
          const [row] = await tx.sql<{ pid: number }>('select pg_backend_pid() as pid');
          const sleeping = tx.sql('select pg_sleep(20)');
          sleeping.catch(() => undefined);
          await admin.query('select pg_terminate_backend($1, 5000)', [row!.pid]);
          return await sleeping;
        });
        await expect(during).rejects.toMatchObject({ code: 'database_unavailable' });
        expect(await door.readOne(asOwnerOf(tenant), 'select 1 as one')).toEqual([{ one: 1 }]);

        // Dropped before the commit is sent: nobody can know, and it is said.
        const committing = door.write(asOwnerOf(tenant), async (tx) => {
          await insertProject(tx, 'dropped');
          await drop(tx);
        });
        await expect(committing).rejects.toMatchObject({
          code: expect.toBeOneOf(['outcome_unknown', 'database_unavailable']),
        });
        expect(await door.read(asOwnerOf(tenant), slugs)).toEqual([]);

        const idle = await door.readOne<{ pid: number }>(asOwnerOf(tenant), 'select pg_backend_pid() as pid');
        await admin.query('select pg_terminate_backend($1, 5000)', [idle[0]!.pid]);
        await expect.poll(() => on.pool.idleCount).toBe(0);
        expect(await door.readOne(asOwnerOf(tenant), 'select 1 as one')).toEqual([{ one: 1 }]);
      } finally {
        await admin.end();
      }
    });
  },
  { only: ['postgres', 'postgres15'] },
);
