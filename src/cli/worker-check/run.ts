import { createClient } from '../../client/index.ts';
import { assertThat, Bench, CheckFailed } from './bench.ts';
import { type Check, checks } from './checks.ts';
import { WatchingProxy } from './proxy.ts';
import { WorkerProcess } from './worker-process.ts';

export const worker_type_default = 'plinth.worker-check';
const register_seconds_max = 30;
/** How long a person has to start a worker by hand. */
const register_seconds_max_by_hand = 600;

export interface CheckResult {
  readonly name: string;
  readonly about: string;
  readonly outcome: 'pass' | 'fail' | 'skip';
  /** Why it failed or was left out. */
  readonly why?: string;
  readonly seconds: number;
}

export interface WorkerCheckOptions {
  readonly url: string;
  /** May define tasks, make keys and enqueue. */
  readonly key: string;
  readonly type: string;
  /** Empty: somebody else starts the worker. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** Names of checks; empty: all. */
  readonly only: readonly string[];
  readonly signal: AbortSignal;
  /** What the worker needs to know, once it can be started. */
  onReady(env: Readonly<Record<string, string>>): void;
  onResult(result: CheckResult): void;
}

export const checkNames = ['registers', ...checks.map(({ name }) => name)];

/**
 * Runs the checks against a worker, one after the other, and cleans up behind them: its definition and its key are gone
 * afterwards. Throws what Plinth answers where it can not be asked at all.
 */
export async function runWorkerCheck(options: WorkerCheckOptions): Promise<CheckResult[]> {
  const { url, key, type, signal } = options;
  const plinth = createClient({ url, key });
  await plinth.taskDefinitions.set(type, {
    task_type: type,
    is_external: true,
    description: 'Tasks by which a worker is checked.',
    max_retries: 3,
    retry_delay_seconds: 0,
  });
  const made = await plinth.apiKeys.create({
    name: `worker check ${type}`,
    service: true,
    scopes: [`tasks:work:${type}`],
  });
  const workerKey = String(made.key);
  const proxy = new WatchingProxy(url);
  await proxy.listen();
  const env = {
    PLINTH_URL: proxy.url,
    PLINTH_KEY: workerKey,
    PLINTH_TASK_TYPE: type,
    PLINTH_LEASE_SECONDS: '5',
  };
  const worker =
    options.command.length === 0
      ? undefined
      : new WorkerProcess(options.command, { cwd: options.cwd, env: { ...process.env, ...env } });
  const forget = (id: string) => createClient({ url, key: workerKey }).taskWorkers.delete(id);
  const bench = new Bench({ plinth, proxy, worker, type, forget, signal });
  try {
    options.onReady(env);
    return await runAll(bench, options);
  } finally {
    await worker?.kill();
    await proxy.close();
    await plinth.tasks.cancelMany({ filter: { task_type: type } });
    await plinth.taskDefinitions.delete(type);
    await plinth.apiKeys.delete(made.id);
  }
}

async function runAll(bench: Bench, { only, onResult, signal }: WorkerCheckOptions): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  const add = (result: CheckResult) => {
    results.push(result);
    onResult(result);
  };
  const registers = await perform(registering, bench);
  add(registers);
  for (const check of checks.filter(({ name }) => only.length === 0 || only.includes(name))) {
    if (signal.aborted) break;
    const { name, about } = check;
    if (registers.outcome === 'fail') add({ name, about, outcome: 'skip', why: 'it never registered', seconds: 0 });
    else if (check.needsCommand && !bench.worker) {
      add({ name, about, outcome: 'skip', why: 'wants the command that starts the worker', seconds: 0 });
    } else add(await perform(check, bench));
  }
  return results;
}

const registering: Check = {
  name: 'registers',
  about: 'it registers, with the task type of the check',
  async run(bench) {
    bench.worker?.start();
    await bench.until(bench.worker ? register_seconds_max : register_seconds_max_by_hand, () => {
      assertThat(!bench.worker || bench.worker.runs, 'it ended by itself');
      const refused = bench.proxy.calls.find(({ action, status }) => action === 'register' && status !== 201);
      assertThat(refused === undefined, `it was refused: ${JSON.stringify(refused?.answer ?? null).slice(0, 300)}`);
      return bench.terms !== undefined || 'it did not register';
    });
  },
};

async function perform(check: Check, bench: Bench): Promise<CheckResult> {
  const startedAt = performance.now();
  const { name, about } = check;
  const seconds = () => Math.round((performance.now() - startedAt) / 100) / 10;
  try {
    await check.run(bench);
    return { name, about, outcome: 'pass', seconds: seconds() };
  } catch (error) {
    if (!(error instanceof CheckFailed)) throw error;
    const said = bench.worker?.said.split('\n').at(-1);
    const why = said ? `${error.message}; the worker's last words: ${said.slice(0, 300)}` : error.message;
    const result = { name, about, outcome: 'fail', why, seconds: seconds() } as const;
    await startOver(bench);
    return result;
  } finally {
    bench.proxy.disturb = () => undefined;
  }
}

/** What a check that failed has left behind must not be held against the next one. */
async function startOver({ plinth, worker, type }: Bench): Promise<void> {
  await plinth.tasks.cancelMany({ filter: { task_type: type } });
  if (!worker) return;
  await worker.kill();
  worker.start();
}
