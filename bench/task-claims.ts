/** What a claim costs beside millions of finished tasks, and beside tasks that are not due. */
import { makeTaskEngine } from '../src/modules/tasks/engine.ts';
import { uuidv7 } from '../src/platform/core/ids.ts';
import { type TestServer, withClient } from '../tests/support/server.ts';
import { type BenchPlinth, newDatabase, openBenchPlinth, startServer } from './database.ts';
import { type Benchmark, median, milliseconds, type Row, ratio } from './measure.ts';
import { asSuperuser, queueTasks } from './task-queue.ts';

const task_type = 'bench.claim';
const batch = 500;
const goal = 0.2;

export const claims: Benchmark = async ({ rounds, quick, long, note }) => {
  const finished = quick ? 50_000 : long ? 5_000_000 : 500_000;
  const delayed = quick ? 50_000 : 500_000;
  const due = quick ? 5_000 : 20_000;
  const server = await startServer();
  const alone = await prepare(server);
  const besideFinished = await prepare(server, finishedTasks(finished));
  const besideDelayed = await prepare(server, delayedTasks(delayed));
  const all = [alone, besideFinished, besideDelayed];
  for (let round = 0; round < rounds; round++) {
    for (const one of all) await queueTasks(one.superuserUrl, { taskType: task_type, sizes: [due], keepOthers: true });
    // one batch of each in turn: a noisy second hits all of them
    for (let left = due; left > 0; left -= batch) for (const one of all) await one.claim();
  }
  const [ms, msFinished, msDelayed] = all.map(({ times }) => median(times)) as [number, number, number];
  note(`claims: alone ${milliseconds(ms)}, finished ${milliseconds(msFinished)}, delayed ${milliseconds(msDelayed)}`);
  for (const { bench } of all) await bench.close();
  await server.stop();
  const row = (beside: string, value: number): Row => ({
    what: `Claim of ${batch} tasks beside ${beside} ÷ without them`,
    engine: 'PostgreSQL 18',
    result: `${milliseconds(value)} ÷ ${milliseconds(ms)} = ${ratio(value / ms)}`,
    goal: `≤ ${1 + goal}`,
    met: value / ms <= 1 + goal,
  });
  return [
    row(`${finished.toLocaleString('en')} finished ones`, msFinished),
    row(`${delayed.toLocaleString('en')} delayed ones`, msDelayed),
  ];
};

interface Prepared {
  readonly bench: BenchPlinth;
  readonly superuserUrl: string;
  /** Milliseconds of each claim so far. */
  readonly times: number[];
  /** Claims a batch as a worker does, and records it as done in another transaction. */
  claim(): Promise<void>;
}

async function prepare(server: TestServer, fill?: string): Promise<Prepared> {
  const url = await newDatabase(server);
  const bench = await openBenchPlinth(url, { poolSize: 4 });
  const superuserUrl = asSuperuser(server, url);
  if (fill) {
    await withClient(superuserUrl, async (client) => {
      await client.query(fill.replaceAll('$organization', `'${bench.organization.id}'`));
      await client.query('vacuum (analyze) plinth.tasks, plinth.task_timers');
    });
  }
  const { platform } = bench.plinth;
  const engine = makeTaskEngine(platform, uuidv7(platform.clock.now()), [task_type], 60);
  const nothing = { successes: [], failures: [], claim: 0 };
  const times: number[] = [];
  return {
    bench,
    superuserUrl,
    times,
    async claim() {
      const started = performance.now();
      const { claimed } = await engine.settleAndClaim({ ...nothing, claim: batch });
      times.push(performance.now() - started);
      const successes = claimed.map((task) => ({ task, result: undefined, durationMs: 0 }));
      await engine.settleAndClaim({ ...nothing, successes });
    },
  };
}

const finishedTasks = (count: number) =>
  `insert into plinth.tasks (organization_id, id, task_type, status, payload, attempts, started_at, completed_at)
   select $organization, plinth.uuidv7(), '${task_type}', 'completed', '{"n":1}', 1, now(), now()
   from generate_series(1, ${count})`;

const delayedTasks = (count: number) =>
  `with made as (
     insert into plinth.tasks (organization_id, id, task_type, priority, scheduled_at, payload)
     select $organization, plinth.uuidv7(), '${task_type}', 100, now() + interval '1 day' + n * interval '1 second', '{"n":1}'
     from generate_series(1, ${count}) as n
     returning organization_id, id, scheduled_at
   )
   insert into plinth.task_timers (organization_id, id, run_at) select organization_id, id, scheduled_at from made`;
