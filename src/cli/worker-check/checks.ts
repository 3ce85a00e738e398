import { isDeepStrictEqual } from 'node:util';
import { assertThat, type Bench } from './bench.ts';

export interface Check {
  readonly name: string;
  /** What the protocol asks, as a sentence. */
  readonly about: string;
  /** It starts, stops and kills the worker by itself. */
  readonly needsCommand?: boolean;
  run(bench: Bench): Promise<void>;
}

/** Beyond a heartbeat: the worker notices, answers, and the answer travels. */
const notice_seconds = 5;
const values: readonly unknown[] = [
  { text: 'Grüße \u{1F98A} "quoted" \\ \n', list: [1, -2.5, 1e21, true, null, []], deep: { a: { b: { c: {} } } } },
  null,
  0,
  '',
  [],
];

const json = (value: unknown) => JSON.stringify(value)?.slice(0, 200);

/** What a worker is asked, in the order in which it is asked. */
export const checks: readonly Check[] = [
  {
    name: 'result',
    about: 'a task is claimed, run once, and its result comes back as it was',
    async run(bench) {
      for (const value of values) {
        const task = await bench.ended(await bench.enqueue({ do: 'echo', value }), 15);
        assertThat(task.status === 'completed', `the task is ${task.status}: ${json(task.error)}`);
        assertThat(isDeepStrictEqual(task.results, value), `for ${json(value)} came ${json(task.results)}`);
        assertThat(task.failed_attempts.length === 0, `it took ${task.failed_attempts.length + 1} attempts`);
      }
    },
  },
  {
    name: 'failure',
    about: 'a failure comes with its code, message and details, and is tried again',
    async run(bench) {
      const order = { do: 'fail', code: 'E_CHECK', message: 'Größe fehlt', details: { at: 'line 7' } } as const;
      const task = await bench.ended(await bench.enqueue(order, { max_attempts: 2 }), 20);
      assertThat(task.status === 'failed', `the task is ${task.status}`);
      assertThat(task.failed_attempts.length === 2, `${task.failed_attempts.length} attempts of 2 were made`);
      const { code, message, details } = (task.error ?? {}) as { code?: string; message?: string; details?: unknown };
      assertThat(code === order.code, `the code is ${json(code)}, not ${json(order.code)}`);
      assertThat(message === order.message, `the message is ${json(message)}, not ${json(order.message)}`);
      assertThat(isDeepStrictEqual(details, order.details), `the details are ${json(details)}`);
    },
  },
  {
    name: 'not-retryable',
    about: 'a failure that is said not to be retryable is not tried again',
    async run(bench) {
      const order = { do: 'fail', code: 'hopeless', message: 'never', retryable: false } as const;
      const id = await bench.enqueue(order, { max_attempts: 3 });
      const task = await bench.ended(id, 20);
      assertThat(task.status === 'failed', `the task is ${task.status}`);
      assertThat(task.failed_attempts.length === 1, `${task.failed_attempts.length} attempts were made`);
    },
  },
  {
    name: 'retry-after',
    about: 'a pause that a failure asks for reaches Plinth',
    async run(bench) {
      const order = { do: 'fail', code: 'busy', message: 'wait', retry_after_seconds: 2, until_attempt: 2 } as const;
      const task = await bench.ended(await bench.enqueue(order, { max_attempts: 3 }), 20);
      assertThat(task.status === 'completed', `the task is ${task.status}`);
      const [failed] = task.failed_attempts;
      assertThat(failed !== undefined, 'its first attempt did not fail');
      const ms = Date.parse(String(failed.retry_at)) - Date.parse(failed.occurred_at);
      assertThat(Math.abs(ms - 2_000) < 250, `the pause was ${ms} ms, not 2,000`);
    },
  },
  {
    name: 'log',
    about: 'log lines come in order with level and data, and so does progress',
    async run(bench) {
      const lines = [
        { level: 'info', message: 'first', data: { n: 1 } },
        { level: 'warn', message: 'sécond' },
        { level: 'error', message: 'third', data: [3] },
      ];
      const id = await bench.enqueue({ do: 'log', lines, progress: { fraction: 0.75, message: 'three quarters' } });
      const { status } = await bench.ended(id, 15);
      assertThat(status === 'completed', `the task is ${status}`);
      await bench.until(5, async () => {
        const { data, progress } = await bench.plinth.request<LogPage>('GET', `/v1/tasks/${id}/logs`);
        const got = data.map(({ level, message, data: value }) => ({
          level,
          message,
          ...(value === null ? {} : { data: value }),
        }));
        if (!isDeepStrictEqual(got, lines)) return `the lines are ${json(got)}`;
        return progress?.fraction === 0.75 && progress.message === 'three quarters'
          ? true
          : `the progress is ${json(progress)}`;
      });
    },
  },
  {
    name: 'large-result',
    about: 'a result that is refused as too large fails the task: it is not held for ever',
    async run(bench) {
      const id = await bench.enqueue({ do: 'bytes', count: 1_200_000 }, { max_attempts: 1 });
      const task = await bench.ended(id, 15);
      assertThat(task.status === 'failed', `the task is ${task.status}`);
      const { code } = (task.error ?? {}) as { code?: string };
      assertThat(code !== 'worker_lost', 'it was held until its lease ran out');
      await bench.assertWorks();
    },
  },
  {
    name: 'heartbeat',
    about: 'a task longer than the lease is kept by signs of life',
    async run(bench) {
      const { lease_seconds } = bench.terms;
      const id = await bench.enqueue({ do: 'sleep', seconds: lease_seconds * 1.5 + 1 }, { max_attempts: 1 });
      const task = await bench.ended(id, lease_seconds * 2 + 20);
      assertThat(task.status === 'completed', `the task is ${task.status}: ${json(task.error)}`);
      const beats = bench.proxy.saidOf(id, 'heartbeat').length;
      assertThat(beats >= 2, `${beats} heartbeats were sent in ${lease_seconds * 1.5} s`);
    },
  },
  {
    name: 'cancel',
    about: 'a cancelled task is stopped at the next heartbeat, and answered',
    async run(bench) {
      const id = await bench.enqueue({ do: 'sleep', seconds: 120 });
      await bench.claimed(id);
      await bench.plinth.tasks.cancel(id, { reason: 'worker check' });
      await answered(bench, id);
      await bench.assertWorks();
    },
  },
  {
    name: 'pause',
    about: 'a paused task is stopped and released; resumed, it runs again and no attempt was spent',
    async run(bench) {
      const { heartbeat_seconds } = bench.terms;
      const id = await bench.enqueue(
        { do: 'sleep', seconds: heartbeat_seconds * 2 + notice_seconds },
        { max_attempts: 1 },
      );
      await bench.claimed(id);
      await bench.plinth.tasks.pause(id);
      await bench.until(heartbeat_seconds * 2 + notice_seconds, () => {
        const [said] = bench.proxy.saidOf(id, 'release', 'fail', 'complete');
        if (!said) return 'the task was not stopped';
        assertThat(said.action === 'release', `it was answered by ${said.action}, not by release`);
        return true;
      });
      await bench.plinth.tasks.resume(id);
      const task = await bench.ended(id, heartbeat_seconds * 2 + 30);
      assertThat(task.status === 'completed', `after the pause the task is ${task.status}: ${json(task.error)}`);
      assertThat(task.failed_attempts.length === 0, 'the pause cost an attempt');
    },
  },
  {
    name: 'timeout',
    about: 'a task is stopped when its time is over, and fails with the code timed_out',
    async run(bench) {
      const id = await bench.enqueue({ do: 'sleep', seconds: 120 }, { timeout_seconds: 2, max_attempts: 1 });
      await bench.claimed(id);
      await bench.until(2 + bench.terms.heartbeat_seconds + notice_seconds, () => {
        const [said] = bench.proxy.saidOf(id, 'fail', 'complete', 'release');
        if (!said) return 'the worker did not stop it';
        const { code } = said.told;
        assertThat(code === 'timed_out', `it was answered by ${said.action}${code ? ` with the code ${code}` : ''}`);
        return true;
      });
      await bench.assertWorks();
    },
  },
  {
    name: 'late-answer',
    about:
      'cut off for longer than its lease, a worker loses the task: its late answer changes nothing, and it goes on',
    async run(bench) {
      const { lease_seconds } = bench.terms;
      const id = await bench.enqueue({ do: 'sleep', seconds: lease_seconds + 4 }, { max_attempts: 3 });
      await bench.claimed(id);
      const lease = [...bench.proxy.taskOf].find(([, task]) => task === id)![0];
      bench.proxy.disturb = (action, body) =>
        action === 'heartbeat' && JSON.stringify(body ?? '').includes(lease) ? 'drop' : undefined;
      try {
        await bench.until(lease_seconds + 10, async () => {
          const { failed_attempts } = await bench.task(id);
          return failed_attempts.some(({ outcome }) => outcome === 'lost') || 'the lease did not run out';
        });
      } finally {
        bench.proxy.disturb = () => undefined;
      }
      const task = await bench.ended(id, lease_seconds * 3 + 30);
      assertThat(task.status === 'completed', `the task is ${task.status}: ${json(task.error)}`);
      const said = bench.proxy.saidOf(id, 'complete', 'fail', 'release');
      const late = said.filter(({ told }) => told.lease_id === lease);
      assertThat(
        late.every(({ outcome }) => outcome === 'lease_lost'),
        `late answers came to ${json(late.map(({ outcome }) => outcome))}`,
      );
      assertThat(late.length <= 3, `the late answer was repeated ${late.length} times, though it was refused`);
      await bench.assertWorks();
    },
  },
  {
    name: 'outage',
    about: 'when connections break for three seconds, the worker comes back, and what it held is answered',
    async run(bench) {
      const id = await bench.enqueue({ do: 'sleep', seconds: 2 }, { max_attempts: 2 });
      await bench.claimed(id);
      bench.proxy.disturb = () => 'drop';
      await bench.pause(3);
      bench.proxy.disturb = () => undefined;
      const task = await bench.ended(id, 60);
      assertThat(task.status === 'completed', `the task is ${task.status}: ${json(task.error)}`);
      await bench.assertWorks(40);
    },
  },
  {
    name: 'registers-again',
    about: 'told that it is not known (task_worker_unknown), it registers anew',
    async run(bench) {
      const made = bench.proxy.calls.findLast(({ action, status }) => action === 'register' && status === 201);
      const worker = (made!.answer as { id: string }).id;
      const before = registrations(bench);
      await bench.forget(worker);
      await bench.until(45, () => registrations(bench) > before || 'it did not register');
      await bench.assertWorks();
    },
  },
  {
    name: 'stop',
    about: 'told to stop (SIGTERM), it finishes or releases what it holds, takes itself off and ends with code 0',
    needsCommand: true,
    async run(bench) {
      const worker = bench.worker!;
      const ids = await Promise.all(
        Array.from({ length: 12 }, () => bench.enqueue({ do: 'sleep', seconds: 1 }, { max_attempts: 1 })),
      );
      await bench.until(
        15,
        () => ids.some((id) => [...bench.proxy.taskOf.values()].includes(id)) || 'none was claimed',
      );
      const leaves = bench.proxy.calls.filter(({ action }) => action === 'leave').length;
      const code = await worker.stop(60_000);
      assertThat(code !== undefined, 'it did not end within 60 s');
      assertThat(code === 0, `it ended with ${code}`);
      const tasks = await Promise.all(ids.map((id) => bench.task(id)));
      const bad = tasks.find(
        ({ status, attempts }) => !(status === 'completed' || (status === 'pending' && attempts === 0)),
      );
      assertThat(bad === undefined, `a task it had claimed is ${bad?.status} after ${bad?.attempts} attempts`);
      const left = bench.proxy.calls.filter(({ action }) => action === 'leave').length;
      assertThat(left > leaves, 'it did not take itself off (DELETE)');
      worker.start();
      for (const id of ids) {
        const { status } = await bench.ended(id, 30);
        assertThat(status === 'completed', `what it had returned is ${status}`);
      }
    },
  },
  {
    name: 'kill',
    about: 'killed (kill -9) in the middle of a task and started again, the task runs elsewhere after the lease',
    needsCommand: true,
    async run(bench) {
      const worker = bench.worker!;
      const id = await bench.enqueue({ do: 'sleep', seconds: 3 }, { max_attempts: 2 });
      await bench.claimed(id);
      await bench.pause(0.5);
      await worker.kill();
      worker.start();
      const task = await bench.ended(id, bench.terms.lease_seconds + 30);
      assertThat(task.status === 'completed', `the task is ${task.status}: ${json(task.error)}`);
      const outcomes = task.failed_attempts.map(({ outcome }) => outcome);
      assertThat(isDeepStrictEqual(outcomes, ['lost']), `its attempts before were ${json(outcomes)}`);
    },
  },
];

interface LogPage {
  readonly data: readonly { readonly level: string; readonly message: string; readonly data: unknown }[];
  readonly progress: { readonly fraction: number; readonly message: string } | null;
}

async function answered(bench: Bench, id: string): Promise<void> {
  await bench.until(bench.terms.heartbeat_seconds * 2 + notice_seconds, () => {
    const said = bench.proxy.saidOf(id, 'fail', 'complete', 'release');
    return said.length > 0 || 'the worker went on with it';
  });
}

const registrations = ({ proxy }: Bench) =>
  proxy.calls.filter(({ action, status }) => action === 'register' && status === 201).length;
