/** Draining while a transaction holds a snapshot: what was deleted since can not be cleaned up, and is in the way. */
import { type TestServer, withClient } from '../tests/support/server.ts';
import { type BenchPlinth, newDatabase, openBenchPlinth, startServer } from './database.ts';
import { type Benchmark, median, perSecond, ratio } from './measure.ts';
import { drainRate, enqueue, noop_type } from './task-ours.ts';
import { asSuperuser } from './task-queue.ts';

const goal = 0.6;
const chunk = 20_000;
const enqueue_batch = 1_000;
/** The last drains are the ones that count. */
const counted = 3;

export const snapshot: Benchmark = async ({ quick, long, note }) => {
  const total = quick ? 60_000 : long ? 1_000_000 : 200_000;
  const server = await startServer();
  const [heldUrl, freeUrl] = [await newDatabase(server), await newDatabase(server)];
  const held = await openBenchPlinth(heldUrl, { poolSize: 10 });
  const free = await openBenchPlinth(freeUrl, { poolSize: 10 });
  const rates = await whileHeld(server, heldUrl, async () => {
    const all: { held: number; free: number }[] = [];
    for (let done = 0; done < total; done += chunk) all.push({ free: await drained(free), held: await drained(held) });
    return all;
  });
  for (const [n, { held, free }] of rates.entries()) {
    note(`${((n + 1) * chunk).toLocaleString('en')} tasks: held ${perSecond(held)}, free ${perSecond(free)}`);
  }
  await held.close();
  await free.close();
  await server.stop();
  const last = rates.slice(-counted);
  const [heldRate, freeRate] = [median(last.map(({ held }) => held)), median(last.map(({ free }) => free))];
  return [
    {
      what: `Drain under a snapshot that was held while ${total.toLocaleString('en')} tasks were made and run ÷ without one`,
      engine: 'PostgreSQL 18',
      result: `${perSecond(heldRate)} ÷ ${perSecond(freeRate)} = ${ratio(heldRate / freeRate)}`,
      goal: `≥ ${goal}`,
      met: heldRate / freeRate >= goal,
    },
  ];
};

async function drained(bench: BenchPlinth): Promise<number> {
  const tasks = Array.from({ length: enqueue_batch }, (_, n) => ({ task_type: noop_type, payload: { n } }));
  for (let made = 0; made < chunk; made += enqueue_batch) await enqueue(bench, tasks);
  return drainRate(bench.plinth.platform, chunk);
}

function whileHeld<T>(server: TestServer, url: string, work: () => Promise<T>): Promise<T> {
  return withClient(asSuperuser(server, url), async (client) => {
    await client.query('begin isolation level repeatable read');
    await client.query('select count(*) from plinth.organizations');
    const result = await work();
    await client.query('commit');
    return result;
  });
}
