/** Claiming and completing no-op tasks, beside graphile-worker at its best documented settings, on the same server. */
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { startWorker, type TaskWorker } from '../src/modules/tasks/index.ts';
import type { TaskHandler } from '../src/platform/module.ts';
import type { Platform } from '../src/platform/platform.ts';
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternate, type Benchmark, perSecond, type Row, ratio } from './measure.ts';
import { fairness } from './task-fairness.ts';
import { limits } from './task-limits.ts';

const goal = 2;
const enqueue_batch = 1000;
const noop: TaskHandler = { description: 'does nothing', run: async () => undefined };

export const tasks: Benchmark = async (context) => {
  const { rounds, quick, note } = context;
  const count = quick ? 5_000 : 40_000;
  const server = await startServer();
  const ours = await openBenchPlinth(await newDatabase(server), { poolSize: 10 });
  const graphileUrl = await newDatabase(server);
  const rates = await alternate(rounds, {
    ours: () => drainOurs(ours.plinth.platform, ours.organization.id, count),
    graphile: () => drainGraphile(graphileUrl, count),
  });
  note(`tasks: ours ${perSecond(rates.ours)}, graphile-worker ${perSecond(rates.graphile)}`);
  await ours.close();
  const more = [...(await fairness(server, context)), ...(await limits(server, context))];
  await server.stop();
  const embedded = await openBenchPlinth();
  const { pglite } = await alternate(rounds, {
    pglite: () => drainOurs(embedded.plinth.platform, embedded.organization.id, Math.floor(count / 4)),
  });
  await embedded.close();
  const rows: Row[] = [
    {
      what: `Drain of ${count.toLocaleString('en')} no-op tasks (claim, run, complete, results kept) ÷ graphile-worker 0.18`,
      engine: 'PostgreSQL 18',
      result: `${perSecond(rates.ours)} ÷ ${perSecond(rates.graphile)} = ${ratio(rates.ours / rates.graphile)}`,
      goal: `≥ ${goal}`,
      met: rates.ours / rates.graphile >= goal,
    },
    { what: 'Drain of no-op tasks', engine: 'PGlite', result: perSecond(pglite), goal: '' },
    ...more,
  ];
  return rows;
};

async function drainOurs(platform: Platform, organizationId: string, count: number): Promise<number> {
  const scope = { as: 'app', organizationId, memberRole: 'service' } as const;
  for (let made = 0; made < count; made += enqueue_batch) {
    const batch = Array.from({ length: enqueue_batch }, (_, at) => ({
      task_type: 'bench.noop',
      payload: { n: made + at },
    }));
    await platform.door.write(scope, (tx) =>
      tx.sql('select count(*) from plinth.enqueue_tasks($1, $2::jsonb)', [organizationId, JSON.stringify(batch)]),
    );
  }
  await analyze(platform);
  const started = performance.now();
  const worker: TaskWorker = startWorker({
    platform,
    version: 'bench',
    handlers: new Map([['bench.noop', noop]]),
    concurrency: 24,
  });
  while (worker.statistics.completed < count) await new Promise((resolve) => setTimeout(resolve, 5));
  await worker.idle();
  const seconds = (performance.now() - started) / 1000;
  await worker.stop();
  return count / seconds;
}

async function analyze(platform: Platform): Promise<void> {
  const client = await platform.engine.directPool.connect();
  await client.query('begin; set local role plinth_owner');
  await client.query('analyze plinth.tasks; analyze plinth.task_queue');
  await client.query('commit');
  client.release();
}

async function drainGraphile(connectionString: string, count: number): Promise<number> {
  const logger = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString, logger });
  await utils.migrate();
  for (let made = 0; made < count; made += enqueue_batch) {
    await utils.addJobs(
      Array.from({ length: enqueue_batch }, (_, at) => ({ identifier: 'noop', payload: { n: made + at } })),
    );
  }
  let done = 0;
  const finished = Promise.withResolvers<void>();
  const started = performance.now();
  const runner = await run({
    connectionString,
    logger,
    concurrency: 24,
    noHandleSignals: true,
    preset: {
      worker: { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
    },
    taskList: {
      noop: () => {
        if (++done === count) finished.resolve();
      },
    },
  });
  await finished.promise;
  // the last completions are still on their way: a drain ends when nothing is left
  while (
    (await utils.withPgClient((client) => client.query('select 1 from graphile_worker._private_jobs limit 1'))).rowCount
  ) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const seconds = (performance.now() - started) / 1000;
  await runner.stop();
  await utils.release();
  return count / seconds;
}
