/** One row written as the library writes it, beside the bare INSERT of the same row through the same driver. */
import pg from 'pg';
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternate, type Benchmark, perSecond, rate, ratio } from './measure.ts';

const callers = 50;
const connections = 10;
const goal = 0.4;
const columns = '(organization_id, name, slug) values ($1, $2, $3)';

/**
 * Ours: a transaction through the door, with context, row security, foreign keys, triggers and the audit entry. The
 * bare one: a copy of the table with its checks and indexes, as the owner. One commit each, as many connections.
 */
export const creates: Benchmark = async ({ rounds, quick }) => {
  const server = await startServer();
  const databaseUrl = await newDatabase(server);
  const bench = await openBenchPlinth(databaseUrl, { poolSize: connections });
  const { door } = bench.plinth.platform;
  const { id: organizationId, userId } = bench.organization;
  const scope = { as: 'app', organizationId, userId, memberRole: 'owner' } as const;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections });
  // each holds its connection for a moment, so that all of them are made and become the owner
  await Promise.all(
    Array.from({ length: connections }, () =>
      pool.query("select set_config('role', 'plinth_owner', false), pg_sleep(0.2)"),
    ),
  );
  await pool.query(
    'create table plinth.bench_projects (like plinth.projects including defaults including constraints including indexes)',
  );
  let n = 0;
  const values = () => [organizationId, 'A project', `p${Date.now().toString(36)}-${n++}`];
  const ms = quick ? 500 : 4000;
  const { ours, bare } = await alternate(rounds, {
    ours: () =>
      rate(callers, ms, () => door.write(scope, (tx) => tx.sql(`insert into plinth.projects ${columns}`, values()))),
    bare: () =>
      rate(callers, ms, () =>
        pool.query({ name: 'create', text: `insert into plinth.bench_projects ${columns}`, values: values() }),
      ),
  });
  await pool.query('drop table plinth.bench_projects');
  await pool.end();
  await bench.close();
  await server.stop();
  return [
    {
      what: `Creates (${callers} callers, in their scope, audited, one commit each) ÷ the bare INSERT through pg`,
      engine: 'PostgreSQL 18',
      result: `${perSecond(ours)} ÷ ${perSecond(bare)} = ${ratio(ours / bare)}`,
      goal: `≥ ${goal}`,
      met: ours / bare >= goal,
    },
  ];
};
