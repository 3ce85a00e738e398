/** A row by its key inside a tenant, with the real policy and context, beside the same read without row security. */
import pg from 'pg';
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternate, type Benchmark, perSecond, type Row, rate, ratio } from './measure.ts';

const concurrency = 16;
const rows_of_tenant = 1000;
const goal = 0.8;
const sql = 'select id, name, slug, status from plinth.projects where organization_id = $1 and id = $2';

export const reads: Benchmark = async (context) => {
  const server = await startServer();
  const databaseUrl = await newDatabase(server);
  const rows = [await measure('PostgreSQL 18', databaseUrl, context, true)];
  await server.stop();
  rows.push(await measure('PGlite', undefined, context, false));
  return rows;
};

async function measure(
  engine: string,
  databaseUrl: string | undefined,
  { rounds, quick }: Parameters<Benchmark>[0],
  hasGoal: boolean,
): Promise<Row> {
  const bench = await openBenchPlinth(databaseUrl, { poolSize: concurrency });
  const { platform } = bench.plinth;
  const { id: organizationId } = bench.organization;
  const scope = { as: 'app', organizationId, memberRole: 'owner' } as const;
  await platform.door.write(scope, (tx) =>
    tx.sql(
      `insert into plinth.projects (organization_id, name, slug, owner_id)
       select $1, 'Project ' || n, 'project-' || n, null from generate_series(1, $2::int) n returning id`,
      [organizationId, rows_of_tenant],
    ),
  );
  const owner = await platform.engine.directPool.connect();
  await owner.query('set role plinth_owner');
  await owner.query('analyze plinth.projects');
  await owner.query('reset role');
  owner.release();
  const ids = (
    await platform.door.readOne<{ id: string }>(scope, 'select id from plinth.projects where organization_id = $1', [
      organizationId,
    ])
  ).map(({ id }) => id);
  const anyId = () => ids[Math.floor(Math.random() * ids.length)];

  // the same client, the same named statement, as the schema's owner, whose policy is "true"
  const plain = databaseUrl ? new pg.Pool({ connectionString: databaseUrl, max: concurrency }) : undefined;
  if (plain)
    await Promise.all(
      Array.from({ length: concurrency }, () =>
        plain.query("select set_config('role', 'plinth_owner', false), pg_sleep(0.2)"),
      ),
    );
  const withoutScope = async () => {
    if (plain) return plain.query({ name: 'read', text: sql, values: [organizationId, anyId()] });
    return platform.engine.pool.query({ name: 'read', text: sql, values: [organizationId, anyId()] });
  };
  const ms = quick ? 500 : 3000;
  const { scoped, bare } = await alternate(rounds, {
    scoped: () => rate(concurrency, ms, () => platform.door.readOne(scope, sql, [organizationId, anyId()])),
    bare: () => rate(concurrency, ms, withoutScope),
  });
  await plain?.end();
  await bench.close();
  return {
    what: `Scoped read of one row ÷ without row security (${concurrency} callers)`,
    engine,
    result: `${perSecond(scoped)} ÷ ${perSecond(bare)} = ${ratio(scoped / bare)}`,
    goal: hasGoal ? `≥ ${goal}` : '',
    ...(hasGoal ? { met: scoped / bare >= goal } : {}),
  };
}
