/** What fairness between tenants costs, and what the small ones get of it. */
import { startWorker } from '../src/modules/tasks/index.ts';
import type { Platform } from '../src/platform/platform.ts';
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternate, type Benchmark, pause, perSecond, type Row, ratio } from './measure.ts';
import { drainRate } from './task-ours.ts';
import { asSuperuser, makeFirstComeFirstServed, queueTasks } from './task-queue.ts';

const task_type = 'bench.fair';
const cost_goal = 0.8;
const wait_goal = 5;

export const fairness: Benchmark = async ({ rounds, quick, note }) => {
  const server = await startServer();
  const count = quick ? 5_000 : 40_000;
  const [fairUrl, fifoUrl] = [await newDatabase(server), await newDatabase(server)];
  const fair = await openBenchPlinth(fairUrl, { poolSize: 10 });
  const fifo = await openBenchPlinth(fifoUrl, { poolSize: 10 });
  await makeFirstComeFirstServed(asSuperuser(server, fifoUrl));
  const rows: Row[] = [];
  for (const tenants of quick ? [1, 100] : [1, 10, 100, 1_000]) {
    const sizes = Array.from({ length: tenants }, () => Math.ceil(count / tenants));
    const drained = async (platform: Platform, url: string) => {
      await queueTasks(asSuperuser(server, url), { taskType: task_type, sizes });
      return drainRate(platform, sizes.length * sizes[0]!, task_type);
    };
    const rates = await alternate(rounds, {
      fair: () => drained(fair.plinth.platform, fairUrl),
      fifo: () => drained(fifo.plinth.platform, fifoUrl),
    });
    note(`${tenants} tenants: fair ${perSecond(rates.fair)}, first come first served ${perSecond(rates.fifo)}`);
    rows.push({
      what: `Drain of ${count.toLocaleString('en')} no-op tasks of ${tenants.toLocaleString('en')} tenants, fair ÷ first come first served`,
      engine: 'PostgreSQL 18',
      result: `${perSecond(rates.fair)} ÷ ${perSecond(rates.fifo)} = ${ratio(rates.fair / rates.fifo)}`,
      goal: `≥ ${cost_goal}`,
      met: rates.fair / rates.fifo >= cost_goal,
    });
  }
  rows.push(await smallBehindLarge(fair.plinth.platform, asSuperuser(server, fairUrl)));
  await fair.close();
  await fifo.close();
  await server.stop();
  return rows;
};

async function smallBehindLarge(platform: Platform, superuserUrl: string): Promise<Row> {
  const small = Array.from({ length: 10 }, () => 99);
  const [large] = await queueTasks(superuserUrl, { taskType: task_type, sizes: [50_000, ...small] });
  let started = 0;
  let left = 990;
  let lastAt = 0;
  const worker = startWorker({
    platform,
    version: 'bench',
    handlers: new Map([
      [
        task_type,
        {
          description: 'counts',
          run: async ({ organizationId }) => {
            started++;
            if (organizationId !== large && --left === 0) lastAt = started;
          },
        },
      ],
    ]),
    concurrency: 24,
  });
  while (left > 0) await pause(5);
  await worker.stop();
  return {
    what: 'Tasks started until the last of 990 tasks of ten tenants, queued behind 50,000 of another, ÷ 990',
    engine: 'PostgreSQL 18',
    result: `${lastAt.toLocaleString('en')} ÷ 990 = ${ratio(lastAt / 990)}`,
    goal: `≤ ${wait_goal}`,
    met: lastAt / 990 <= wait_goal,
  };
}
