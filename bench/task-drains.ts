/** Enqueueing in batches and draining, beside graphile-worker and pg-boss on the same server: rates, and CPU a task. */
import { cpuMicroseconds } from './cpu.ts';
import { type BenchPlinth, newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternateAll, type Benchmark, perSecond, type Row, ratio } from './measure.ts';
import { openBoss } from './task-boss.ts';
import { openGraphile } from './task-graphile.ts';
import { analyze, drain, enqueue, noop_type } from './task-ours.ts';

const enqueue_batch = 1_000;

/** What is measured of each: two phases, on one queue. */
interface Contender {
  enqueue(payloads: readonly { n: number }[]): Promise<void>;
  analyze(): Promise<void>;
  /** Resolves with what stops it, which is not measured. */
  drain(count: number): Promise<() => Promise<void>>;
}

export const drains: Benchmark = async ({ rounds, quick, note }) => {
  const count = quick ? 5_000 : 40_000;
  const server = await startServer();
  const ours = await openBenchPlinth(await newDatabase(server), { poolSize: 10 });
  const graphile = await openGraphile(await newDatabase(server));
  const boss = await openBoss(await newDatabase(server));
  // programs and connections warm up
  for (const contender of [oursAs(ours), graphileAs(graphile), { ...boss, enqueue: boss.insert }]) {
    await measure(contender, enqueue_batch);
  }
  const figures = await alternateAll(rounds, {
    ours: () => measure(oursAs(ours), count, server.pid),
    graphile: () => measure(graphileAs(graphile), count, server.pid),
    boss: () => measure({ ...boss, enqueue: boss.insert }, count, server.pid),
  });
  for (const [name, { enqueued, drained, enqueueCpu, cpu }] of Object.entries(figures)) {
    const cpus = `CPU ${enqueueCpu.toFixed(1)} and ${cpu.toFixed(1)} µs a task`;
    note(`${name}: enqueued ${perSecond(enqueued)}, drained ${perSecond(drained)}, ${cpus}`);
  }
  await ours.close();
  await graphile.close();
  await boss.close();
  await server.stop();
  const embedded = await openBenchPlinth();
  const { pglite } = await alternateAll(rounds, { pglite: () => measure(oursAs(embedded), count / 4) });
  await embedded.close();
  const rows: Row[] = rowsOf(figures, count);
  const onPglite = { engine: 'PGlite', goal: '' };
  return [
    ...rows,
    {
      ...onPglite,
      what: 'Drain of no-op tasks; CPU a task',
      result: `${perSecond(pglite.drained)}; ${micro(pglite.cpu)}`,
    },
    { ...onPglite, what: 'Enqueue in batches of 1,000', result: perSecond(pglite.enqueued) },
  ];
};

type Figures = Record<'enqueued' | 'drained' | 'cpu' | 'enqueueCpu', number>;

const micro = (value: number) => `${value.toFixed(1)} µs`;

function rowsOf({ ours, graphile, boss }: Record<'ours' | 'graphile' | 'boss', Figures>, count: number): Row[] {
  const row = (what: string, values: readonly [number, number], show: (value: number) => string, goal: number): Row => {
    const quotient = values[0] / values[1];
    const result = `${show(values[0])} ÷ ${show(values[1])} = ${ratio(quotient)}`;
    return { what, engine: 'PostgreSQL 18', result, goal: `≥ ${goal}`, met: quotient >= goal };
  };
  const drainOf = `Drain of ${count.toLocaleString('en')} no-op tasks (claim, run, complete, results kept)`;
  return [
    row(`${drainOf} ÷ graphile-worker 0.18`, [ours.drained, graphile.drained], perSecond, 2),
    row(`${drainOf} ÷ pg-boss 12`, [ours.drained, boss.drained], perSecond, 4),
    row('CPU a drained task, process and server: graphile-worker ÷ ours', [graphile.cpu, ours.cpu], micro, 1.8),
    row('Enqueue in batches of 1,000 ÷ graphile-worker (addJobs)', [ours.enqueued, graphile.enqueued], perSecond, 1),
  ];
}

function oursAs(bench: BenchPlinth): Contender {
  const { platform } = bench.plinth;
  return {
    enqueue: (payloads) =>
      enqueue(
        bench,
        payloads.map((payload) => ({ task_type: noop_type, payload })),
      ),
    analyze: () => analyze(platform),
    drain: (count) => drain(platform, count),
  };
}

function graphileAs(graphile: Awaited<ReturnType<typeof openGraphile>>): Contender {
  return {
    async enqueue(payloads) {
      await graphile.utils.addJobs(payloads.map((payload) => ({ identifier: 'noop', payload })));
    },
    analyze: () => graphile.analyze(),
    async drain(count) {
      let done = 0;
      const all = Promise.withResolvers<void>();
      const noop = () => {
        if (++done === count) all.resolve();
      };
      const runner = await graphile.start({ noop }, true);
      await all.promise;
      // the last completions are still on their way
      await graphile.empty();
      return () => runner.stop();
    },
  };
}

async function measure(contender: Contender, count: number, postmasterPid?: number): Promise<Figures> {
  const payloads = Array.from({ length: count }, (_, n) => ({ n }));
  const enqueueing = await timed(postmasterPid, async () => {
    for (let from = 0; from < count; from += enqueue_batch) {
      await contender.enqueue(payloads.slice(from, from + enqueue_batch));
    }
  });
  await contender.analyze();
  const draining = await timed(postmasterPid, () => contender.drain(count));
  await draining.result();
  return {
    enqueued: count / enqueueing.seconds,
    drained: count / draining.seconds,
    enqueueCpu: enqueueing.cpu / count,
    cpu: draining.cpu / count,
  };
}

async function timed<T>(postmasterPid: number | undefined, work: () => Promise<T>) {
  const [started, cpuBefore] = [performance.now(), cpuMicroseconds(postmasterPid)];
  const result = await work();
  return { seconds: (performance.now() - started) / 1_000, cpu: cpuMicroseconds(postmasterPid) - cpuBefore, result };
}
