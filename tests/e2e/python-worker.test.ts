/** The worker in Python against a real Plinth: what it does with tasks, and what becomes of them when it is killed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { until } from '../../src/modules/tasks/fixtures/world.ts';
import { describeEngines } from '../support/engines.ts';
import { type LivePlinth, openLivePlinth } from '../support/live-plinth.ts';

const folder = fileURLToPath(new URL('../../clients/python/', import.meta.url));
const hang_ms = 120_000;
const hasPython = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;
const ifPython = hasPython ? it : it.skip;
const orSkipped = hasPython ? '' : ' (skipped: there is no python3 of 3.9 or later)';
const types = ['py.double', 'py.fail', 'py.result', 'py.long'];

interface Task {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly results: unknown;
  readonly error: { code: string; message: string } | null;
  readonly failed_attempts: { outcome: string }[];
}

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said(): string;
}

describeEngines('the worker in Python', (on) => {
  let live: LivePlinth;
  let temporary: string;
  let trace: string;
  let key: string;
  const programs: Program[] = [];
  beforeAll(async () => {
    live = await openLivePlinth(on.engine);
    temporary = mkdtempSync(join(tmpdir(), 'plinth-worker-'));
    trace = join(temporary, 'trace');
    for (const type of types) {
      const body = { task_type: type, is_external: true, max_retries: 3, retry_delay_seconds: 0 };
      await ask('PUT', `/v1/task-definitions/${type}`, body);
    }
    const made = await ask('POST', '/v1/api-keys', { name: 'worker', service: true, scopes: ['tasks:work:py.*'] });
    key = String(made['key']);
  });
  afterEach(async () => {
    for (const { child, ended } of programs.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
  });
  afterAll(async () => {
    await live?.close();
    rmSync(temporary, { recursive: true });
  });

  async function ask(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${live.key}`, 'content-type': 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${live.url}${path}`, { method, headers, ...sent });
    const text = await answer.text();
    if (answer.status >= 400) throw new Error(text);
    return JSON.parse(text) as Record<string, unknown>;
  }

  const enqueue = async (type: string, payload: object) =>
    String((await ask('POST', `/v1/task-definitions/${type}/tasks`, { payload }))['id']);
  const task = async (id: string) => (await ask('GET', `/v1/tasks/${id}`)) as unknown as Task;
  const ended = async (id: string) => {
    await until(
      `${id} has ended`,
      async () => ['completed', 'failed', 'cancelled'].includes((await task(id)).status),
      60,
    );
    return task(id);
  };
  /** What programs wrote: [pid, word, …]. */
  const traced = () =>
    existsSync(trace)
      ? readFileSync(trace, 'utf8')
          .trim()
          .split('\n')
          .map((line) => line.split(' '))
      : [];
  const tracedOf = (id: string, word: string) => traced().filter(([, what, of]) => what === word && of === id);

  function start(env: Record<string, string> = {}): Program {
    const child = spawn('python3', ['-W', 'error', '-m', 'tests.worker_program'], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        PYTHONPATH: 'src',
        PYTHONDONTWRITEBYTECODE: '1',
        PLINTH_URL: live.url,
        PLINTH_KEY: key,
        PLINTH_TRACE: trace,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    const program = {
      child,
      said: () => said,
      ended: new Promise<number | null>((resolve) => child.once('close', resolve)),
    };
    programs.push(program);
    return program;
  }

  ifPython(`runs tasks; failures are treated as their handlers say${orSkipped}`, { timeout: hang_ms }, async () => {
    const program = start();
    const id = await enqueue('py.double', { n: 21 });
    expect(await ended(id)).toMatchObject({ status: 'completed', results: { doubled: 42 }, attempts: 1 });
    const lines = async () => (await ask('GET', `/v1/tasks/${id}/logs`)) as { data: object[]; progress: object };
    await until('its line is there', async () => (await lines()).data.length > 0);
    expect(await lines()).toMatchObject({
      data: [{ level: 'info', message: 'doubling', data: { n: 21 } }],
      progress: { fraction: 0.5, message: 'half' },
    });
    const never = await ended(await enqueue('py.fail', { how: 'never' }));
    const error = { code: 'hopeless', message: 'it never will', details: { why: 'so' } };
    expect(never).toMatchObject({ status: 'failed', attempts: 1, error });
    const bug = await ended(await enqueue('py.fail', { how: 'bug' }));
    expect(bug).toMatchObject({ status: 'failed', attempts: 4, error: { message: 'ValueError: a bug' } });
    const later = await enqueue('py.fail', { how: 'later' });
    await until('it waits', async () => (await task(later)).status === 'retrying');
    const answers = await Promise.all(
      ['big', 'set', 'nul', 'nothing'].map(async (what) => ended(await enqueue('py.result', { what }))),
    );
    expect(answers.map(({ status, error: why }) => why?.code ?? status)).toEqual([
      'result_too_large',
      'handler_failed',
      'result_not_storable',
      'completed',
    ]);
    expect(program.child.exitCode, program.said()).toBeNull();
  });

  ifPython(`hears of a cancel${orSkipped}`, { timeout: hang_ms }, async () => {
    const program = start();
    const id = await enqueue('py.long', {});
    await until('it runs', () => tracedOf(id, 'begin').length > 0, 60);
    await ask('POST', `/v1/tasks/${id}/cancel`);
    await until('it was stopped', () => tracedOf(id, 'stopped').length > 0, 60);
    expect(tracedOf(id, 'stopped')).toMatchObject([[expect.anything(), 'stopped', id, 'cancel']]);
    expect(await task(id)).toMatchObject({ status: 'cancelled', results: null });
    expect(program.child.exitCode, program.said()).toBeNull();
  });

  ifPython(`told to stop it finishes what it can, and returns the rest${orSkipped}`, { timeout: hang_ms }, async () => {
    const program = start({ PLINTH_STOP_SECONDS: '3', PLINTH_CONCURRENCY: '2' });
    const short = await enqueue('py.double', { n: 1, seconds: 1 });
    const long = await enqueue('py.long', {});
    const waiting = await enqueue('py.double', { n: 2 });
    await until('both run', () => tracedOf(short, 'begin').length + tracedOf(long, 'begin').length === 2, 60);
    await ask('POST', `/v1/tasks/${waiting}/pause`);
    program.child.kill('SIGTERM');
    expect(await program.ended, program.said()).toBe(0);
    expect(traced().at(-1)).toMatchObject([expect.anything(), 'bye']);
    expect(await task(short)).toMatchObject({ status: 'completed', results: { doubled: 2 } });
    expect(await task(long)).toMatchObject({ status: 'pending', attempts: 0, failed_attempts: [] });
    await ask('POST', `/v1/tasks/${long}/cancel`);
    await ask('POST', `/v1/tasks/${waiting}/cancel`);
  });

  ifPython(`killed in the middle, another finishes everything${orSkipped}`, { timeout: hang_ms }, async () => {
    const ids: string[] = [];
    for (let n = 0; n < 60; n++) ids.push(await enqueue('py.double', { n, seconds: 0.2 }));
    const first = start({ PLINTH_CONCURRENCY: '8' });
    const finished = () => traced().filter(([, word, id]) => word === 'end' && ids.includes(id!)).length;
    await until('some are done', () => finished() >= 10, 60);
    first.child.kill('SIGKILL');
    await first.ended;
    start({ PLINTH_CONCURRENCY: '8' });
    const tasks = [];
    for (const id of ids) tasks.push(await ended(id));
    expect(tasks.map(({ status, results }) => [status, results])).toEqual(
      ids.map((_, n) => ['completed', { doubled: n * 2 }]),
    );
    const lost = tasks.filter(({ attempts }) => attempts > 1);
    // those that ran when it was killed, and no others
    expect(lost.length).toBeGreaterThan(0);
    expect(lost.length).toBeLessThanOrEqual(8);
    expect(lost.flatMap((one) => one.failed_attempts.map(({ outcome }) => outcome))).toEqual(lost.map(() => 'lost'));
    // an attempt is run once, by one of them
    const begun = traced().filter(([, word, id]) => word === 'begin' && ids.includes(id!));
    expect(new Set(begun.map(([, , id, attempt]) => `${id} ${attempt}`)).size).toBe(begun.length);
  });

  ifPython(`says what is wrong with its key${orSkipped}`, { timeout: hang_ms }, async () => {
    const narrow = await ask('POST', '/v1/api-keys', { name: 'narrow', service: true, scopes: ['tasks:work:other'] });
    const program = start({ PLINTH_KEY: String(narrow['key']) });
    expect(await program.ended).toBe(1);
    expect(program.said()).toContain('the key is for tasks of other, not for py.double');
    const reader = start({ PLINTH_KEY: 'plk_nonsense' });
    expect(await reader.ended).toBe(1);
    expect(reader.said()).toContain('Not signed in');
  });
});
