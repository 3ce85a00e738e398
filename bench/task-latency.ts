/** From a call to a handler on an idle system: one task, and the last of a chain of three. */
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternateAll, type Benchmark, milliseconds, pause, percentile, ratio } from './measure.ts';
import { openGraphile } from './task-graphile.ts';
import { enqueue, scopeOf, startBenchWorker } from './task-ours.ts';

const start_goal = 0.8;
const chain_goal_ms = 20;
/** Between two tasks everything comes to rest. */
const rest_ms = 15;
const task_type = 'bench.start';

type Latency = Record<'p50' | 'p95', number>;

export const latency: Benchmark = async ({ rounds, quick, note }) => {
  const samples = quick ? 50 : 100;
  const server = await startServer();
  const ours = await openBenchPlinth(await newDatabase(server), { poolSize: 10 });
  const graphile = await openGraphile(await newDatabase(server));
  const clock = new Stopwatch();
  const { tasks } = ours.plinth.as(scopeOf(ours));
  const add = async () => void (await tasks.enqueue({ task_type }));
  const addChain = () =>
    enqueue(ours, [
      { task_type, ref: 'first' },
      { task_type, ref: 'second', depends_on: ['first'] },
      { task_type, depends_on: ['second'] },
    ]);
  const oursTimes = async (runs: number, work: () => Promise<void>) => {
    const run = async () => clock.note();
    const worker = startBenchWorker(ours.plinth.platform, { [task_type]: { description: 'notes the time', run } });
    const times = await clock.sample(samples, runs, work);
    await worker.stop();
    return times;
  };
  const graphileTimes = async (batched: boolean) => {
    const runner = await graphile.start({ start: () => clock.note() }, batched);
    const times = await clock.sample(samples, 1, async () => void (await graphile.utils.addJob('start', {})));
    await runner.stop();
    return times;
  };
  const figures = await alternateAll<'ours' | 'graphile' | 'graphileBatched' | 'chain', keyof Latency>(rounds, {
    ours: () => oursTimes(1, add),
    graphile: () => graphileTimes(false),
    graphileBatched: () => graphileTimes(true),
    chain: () => oursTimes(3, addChain),
  });
  for (const [name, { p50, p95 }] of Object.entries(figures)) {
    note(`${name}: p50 ${milliseconds(p50)}, p95 ${milliseconds(p95)}`);
  }
  await graphile.close();
  await ours.close();
  await server.stop();
  const best = figures.graphile.p50 <= figures.graphileBatched.p50 ? figures.graphile : figures.graphileBatched;
  const both = ({ p50, p95 }: Latency) => `${milliseconds(p50)}, ${milliseconds(p95)}`;
  const quotient = figures.ours.p50 / best.p50;
  return [
    {
      what: 'From enqueueing to the start of the handler, idle: p50 and p95, p50 ÷ graphile-worker (with or without batches, the faster)',
      engine: 'PostgreSQL 18',
      result: `${both(figures.ours)} ÷ ${both(best)} = ${ratio(quotient)}`,
      goal: `≤ ${start_goal}`,
      met: quotient <= start_goal,
    },
    {
      what: 'From enqueueing a chain of three to the start of the last, idle: p50 and p95',
      engine: 'PostgreSQL 18',
      result: both(figures.chain),
      goal: `p95 ≤ ${chain_goal_ms} ms`,
      met: figures.chain.p95 <= chain_goal_ms,
    },
  ];
};

/** Times from a call to the nth start of a handler after it. */
class Stopwatch {
  #left = 0;
  #reached: (at: number) => void = () => undefined;

  /** A handler has started. */
  note(): void {
    if (--this.#left === 0) this.#reached(performance.now());
  }

  async sample(samples: number, runs: number, work: () => Promise<void>): Promise<Latency> {
    const times: number[] = [];
    // the first ones warm up connections and plans
    for (let sample = -10; sample < samples; sample++) {
      await pause(rest_ms);
      const reached = new Promise<number>((resolve) => {
        this.#reached = resolve;
      });
      this.#left = runs;
      const started = performance.now();
      await work();
      const ms = (await reached) - started;
      if (sample >= 0) times.push(ms);
    }
    return { p50: percentile(times, 50), p95: percentile(times, 95) };
  }
}
