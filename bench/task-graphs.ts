/** Tasks that wait for each other: diamonds, each task after the one or two before it. */
import type { TaskInput } from '../src/modules/tasks/index.ts';
import { type BenchPlinth, newDatabase, openBenchPlinth, startServer } from './database.ts';
import { alternate, type Benchmark, perSecond, type Row, ratio } from './measure.ts';
import { analyze, drainRate, enqueue, noop_type } from './task-ours.ts';

const goal = 0.5;
const diamonds_each_call = 250;

export const graphs: Benchmark = async ({ rounds, quick, note }) => {
  const count = quick ? 4_000 : 20_000;
  const server = await startServer();
  const bench = await openBenchPlinth(await newDatabase(server), { poolSize: 10 });
  const onServer = await measure(bench, count, rounds);
  await bench.close();
  await server.stop();
  const embedded = await openBenchPlinth();
  const onPglite = await measure(embedded, count / 4, rounds);
  await embedded.close();
  note(`diamonds ${perSecond(onServer.graph)}, plain ${perSecond(onServer.plain)}`);
  const row = ({ graph, plain }: typeof onServer) => ({
    what: 'Drain of tasks in diamonds of four ÷ drain of tasks that wait for nothing',
    result: `${perSecond(graph)} ÷ ${perSecond(plain)} = ${ratio(graph / plain)}`,
  });
  const rows: Row[] = [
    { ...row(onServer), engine: 'PostgreSQL 18', goal: `≥ ${goal}`, met: onServer.graph / onServer.plain >= goal },
    { ...row(onPglite), engine: 'PGlite', goal: '' },
  ];
  return rows;
};

function measure(bench: BenchPlinth, count: number, rounds: number) {
  const drained = async (made: (n: number) => TaskInput[]) => {
    const each = made(0).length;
    const groups = Array.from({ length: count / each }, (_, n) => made(n));
    const batch = (diamonds_each_call * 4) / each;
    for (let from = 0; from < groups.length; from += batch)
      await enqueue(bench, groups.slice(from, from + batch).flat());
    await analyze(bench.plinth.platform);
    return drainRate(bench.plinth.platform, count);
  };
  return alternate(rounds, { graph: () => drained(diamond), plain: () => drained(() => [{ task_type: noop_type }]) });
}

function diamond(n: number): TaskInput[] {
  const task_type = noop_type;
  return [
    { task_type, ref: `${n}.top` },
    { task_type, ref: `${n}.left`, depends_on: [`${n}.top`] },
    { task_type, ref: `${n}.right`, depends_on: [`${n}.top`] },
    { task_type, depends_on: [`${n}.left`, `${n}.right`] },
  ];
}
