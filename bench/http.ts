/** One row over HTTP, and creates, with an API key, the server in a process of its own; memory on the way. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternate, type BenchContext, type Benchmark, median, pause, perSecond, type Row, ratio } from './measure.ts';
import { type RunningServer, startUp } from './process.ts';

const connections = 50;
const get_goal = 0.3;
const rest_ms = 20_000;

export const http: Benchmark = async (context) => {
  const server = await startServer();
  const rows = await measure('PostgreSQL 18', await newDatabase(server), context, true);
  await server.stop();
  rows.push(...(await measure('PGlite', undefined, context, false)));
  return rows;
};

async function measure(
  engine: string,
  databaseUrl: string | undefined,
  context: BenchContext,
  hasGoal: boolean,
): Promise<Row[]> {
  const bench = await openBenchPlinth(databaseUrl);
  const { plinth, key, organization, folder, masterKey } = bench;
  const scope = {
    as: 'app',
    organizationId: organization.id,
    userId: organization.userId,
    memberRole: 'owner',
  } as const;
  const [project] = await plinth.platform.door.write(scope, (tx) =>
    tx.sql<{ id: string }>(
      `insert into plinth.projects (organization_id, name, slug) values ($1, 'One', 'one') returning id`,
      [organization.id],
    ),
  );
  await plinth.close();
  const env = { NODE_ENV: 'production', PLINTH_LOG_LEVEL: 'warn', PLINTH_MASTER_KEY: masterKey };
  const where = ['--data', `${folder}/data`, ...(databaseUrl ? ['--database-url', databaseUrl] : [])];
  const server = await startUp(where, env);
  const bare = await startBare();
  const headers = { authorization: `Bearer ${key}` };
  const seconds = context.quick ? 2 : 6;
  const load = (options: autocannon.Options) => async () =>
    (await autocannon({ connections, duration: seconds, ...options })).requests.average;
  const idleMb = server.memoryMb();
  const targets = {
    rest: { url: `${server.url}/rest/v1/projects?id=eq.${project!.id}&select=id,name,status`, headers },
    route: { url: `${server.url}/v1/projects/${project!.id}`, headers },
    bare: { url: bare.url },
  };
  // until code is compiled for good: in its first seconds each of the three is up to half as fast
  for (const target of Object.values(targets)) await load(target)();
  const read = await alternate(context.rounds, {
    rest: load(targets.rest),
    route: load(targets.route),
    bare: load(targets.bare),
  });
  const writes = await measureCreates(context, server, engine, headers);
  const loadedMb = server.memoryMb();
  // V8 gives back what nobody uses once there is nothing to do
  await pause(rest_ms);
  const restedMb = server.memoryMb();
  bare.stop();
  await server.stop();
  const get = (name: string, value: number): Row => ({
    what: `GET one row, ${name} (${connections} connections) ÷ Fastify without a database`,
    engine,
    result: `${perSecond(value)} ÷ ${perSecond(read.bare)} = ${ratio(value / read.bare)}`,
    goal: hasGoal ? `≥ ${get_goal}` : '',
    ...(hasGoal ? { met: value / read.bare >= get_goal } : {}),
  });
  return [
    get('/rest/v1', read.rest),
    get('/v1', read.route),
    writes,
    {
      what: 'Memory of the process: idle, after this load, and 20 s later',
      engine,
      result: [idleMb, loadedMb, restedMb].map((mb) => `${Math.round(mb)} MB`).join(', '),
      goal: '',
    },
  ];
}

/** Creates over HTTP (validated, audited, one commit each); what of a create is ours and what is HTTP, `creates.ts` tells. */
async function measureCreates(
  { rounds, quick }: BenchContext,
  server: RunningServer,
  engine: string,
  headers: Record<string, string>,
): Promise<Row> {
  let n = 0;
  const slug = () => `p${Date.now().toString(36)}-${n++}`;
  const seconds = quick ? 2 : 6;
  const overHttp = async () => {
    const result = await autocannon({
      url: `${server.url}/rest/v1/projects`,
      method: 'POST',
      connections,
      duration: seconds,
      headers: { ...headers, 'content-type': 'application/json' },
      requests: [
        { setupRequest: (request) => ({ ...request, body: JSON.stringify({ name: 'A project', slug: slug() }) }) },
      ],
    });
    if (result.non2xx > 0) throw new Error(`${result.non2xx} creates were refused`);
    return result.requests.average;
  };
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await overHttp());
  return {
    what: `Creates over HTTP (${connections} connections, audited)`,
    engine,
    result: perSecond(median(values)),
    goal: '',
  };
}

/** Fastify with one JSON route and no database, in a process of its own: what the framework alone gives here. */
async function startBare(): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./bare-server.ts', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve) =>
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())),
  );
  return { url, stop: () => void child.kill() };
}
