/** Single adds of 100 callers at once, each answered after its commit. */
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternate, type Benchmark, median, perSecond, rate, ratio } from './measure.ts';
import { openGraphile } from './task-graphile.ts';
import { enqueue, noop_type, scopeOf } from './task-ours.ts';

const callers = 100;
const goal = 20;
/** graphile-worker waits for its commits: more connections share them. */
const graphile_connections = [10, 50, 100];

export const adds: Benchmark = async ({ rounds, quick, note }) => {
  const ms = quick ? 1_000 : 4_000;
  const server = await startServer();
  const ours = await openBenchPlinth(await newDatabase(server), { poolSize: 10 });
  const { tasks } = ours.plinth.as(scopeOf(ours));
  const graphileUrl = await newDatabase(server);
  const pools = await Promise.all(graphile_connections.map((connections) => openGraphile(graphileUrl, connections)));
  const best: number[] = [];
  const rates = await alternate(rounds, {
    ours: () => rate(callers, ms, () => tasks.enqueue({ task_type: noop_type, payload: { n: 1 } })),
    ownTransaction: () => rate(callers, ms, () => enqueue(ours, [{ task_type: noop_type, payload: { n: 1 } }])),
    async graphile() {
      const all: number[] = [];
      for (const { utils } of pools) all.push(await rate(callers, ms / 2, () => utils.addJob('noop', { n: 1 })));
      best.push(graphile_connections[all.indexOf(Math.max(...all))]!);
      return Math.max(...all);
    },
  });
  const results = `${perSecond(rates.ours)}, in own transactions ${perSecond(rates.ownTransaction)}`;
  note(`adds: ours ${results}, graphile-worker ${perSecond(rates.graphile)}, best with ${median(best)} connections`);
  for (const pool of pools) await pool.close();
  await ours.close();
  await server.stop();
  return [
    {
      what: `Single adds of ${callers} callers (tasks.enqueue, each answered after its commit) ÷ graphile-worker (addJob, the best of 10, 50 and 100 connections)`,
      engine: 'PostgreSQL 18',
      result: `${perSecond(rates.ours)} ÷ ${perSecond(rates.graphile)} = ${ratio(rates.ours / rates.graphile)}`,
      goal: `≥ ${goal}`,
      met: rates.ours / rates.graphile >= goal,
    },
    {
      what: `Single adds of ${callers} callers, each in a transaction of its own`,
      engine: 'PostgreSQL 18',
      result: perSecond(rates.ownTransaction),
      goal: '',
    },
  ];
};
