/** An exact limit by key over six processes: what it costs, and that it is never exceeded. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { withClient } from '../tests/support/server.ts';
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternate, type Benchmark, perSecond, ratio } from './measure.ts';
import type { Order } from './task-limit-child.ts';
import { asSuperuser, queueTasks } from './task-queue.ts';

const task_type = 'bench.limited';
const processes = 6;
const limit = 12;
const task_ms = 100;
const sample_ms = 10;
const goal = 0.9;

export const limits: Benchmark = async ({ rounds, quick, note }) => {
  const server = await startServer();
  const count = quick ? 240 : 960;
  const url = await newDatabase(server);
  const bench = await openBenchPlinth(url, { poolSize: 4 });
  const children = await Promise.all(Array.from({ length: processes }, () => startChild(url, bench.masterKey)));
  const superuserUrl = asSuperuser(server, url);
  const tell = (order: Partial<Order>) =>
    Promise.all(
      children.map(async (child) => {
        const obeyed = once(child, 'message');
        child.send({ concurrency: null, taskType: task_type, taskMs: task_ms, ...order } satisfies Order);
        await obeyed;
      }),
    );
  let highest = 0;
  const run = async (concurrency: number, key?: { name: string; limit: number }) => {
    await queueTasks(superuserUrl, { taskType: task_type, sizes: [count], ...(key ? { key } : {}) });
    const started = performance.now();
    await tell({ concurrency });
    const held = await watch(superuserUrl, count);
    const rate = (count * 1_000) / (performance.now() - started);
    if (key) highest = Math.max(highest, held);
    await tell({ concurrency: null });
    return rate;
  };
  const rates = await alternate(rounds, {
    // each process could run twice as many as the limit leaves for it
    limited: () => run((2 * limit) / processes, { name: 'bench', limit }),
    unlimited: () => run(limit / processes),
  });
  note(`limits: ${perSecond(rates.limited)} of ${perSecond(rates.unlimited)}; most at once ${highest} of ${limit}`);
  for (const child of children) child.kill();
  await bench.close();
  await server.stop();
  return [
    {
      what: `${count.toLocaleString('en')} tasks of ${task_ms} ms with a concurrency limit of ${limit} over ${processes} processes ÷ no limit and ${limit} handlers in all; most held at once`,
      engine: 'PostgreSQL 18',
      result: `${perSecond(rates.limited)} ÷ ${perSecond(rates.unlimited)} = ${ratio(rates.limited / rates.unlimited)}; ${highest}`,
      goal: `≥ ${goal}; ≤ ${limit}`,
      met: rates.limited / rates.unlimited >= goal && highest <= limit,
    },
  ];
};

/** Until so many tasks have completed: the most that leases held at one of the samples. */
async function watch(superuserUrl: string, count: number): Promise<number> {
  let most = 0;
  await withClient(superuserUrl, async (client) => {
    for (let done = 0; done < count; await new Promise((resolve) => setTimeout(resolve, sample_ms))) {
      const { rows } = await client.query<{ held: number; done: number }>(
        `select (select coalesce(sum(cardinality(array_remove(concurrency_keys, null))), 0)::int from plinth.task_leases) as held,
                (select count(*)::int from plinth.tasks where status = 'completed') as done`,
      );
      most = Math.max(most, rows[0]!.held);
      done = rows[0]!.done;
    }
  });
  return most;
}

async function startChild(databaseUrl: string, masterKey: string): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('task-limit-child.ts', import.meta.url)), {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PLINTH_MASTER_KEY: masterKey,
      NODE_ENV: 'production',
      PLINTH_LOG_LEVEL: 'error',
      PLINTH_POOL_SIZE: '4',
    },
  });
  await once(child, 'message');
  return child;
}
