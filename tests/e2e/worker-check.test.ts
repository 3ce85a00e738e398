/** `plinth workers check` of workers that do as the protocol asks, and of one that does not. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CheckResult, checkNames, runWorkerCheck } from '../../src/cli/worker-check/run.ts';
import { describeEngines } from '../support/engines.ts';
import { type LivePlinth, openLivePlinth } from '../support/live-plinth.ts';

const hang_ms = 400_000;
const nodeWorker = fileURLToPath(new URL('../fixtures/node-worker.mjs', import.meta.url));
const python = fileURLToPath(new URL('../../clients/python/', import.meta.url));
const hasPython = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0;
const ifPython = hasPython ? it : it.skip;

const second = checkNames.indexOf('late-answer');
/** Leases and pauses are waited for, a minute and more for one worker: what two workers can be asked, they are. */
const halves = [checkNames.slice(1, second), checkNames.slice(second)];

describeEngines(
  'checking workers',
  (on) => {
    let live: LivePlinth;
    beforeAll(async () => {
      live = await openLivePlinth(on.engine);
    });
    afterAll(() => live?.close());

    let checked = 0;
    const check = (command: readonly string[], only: readonly string[] = []) => {
      let env: Readonly<Record<string, string>> = {};
      return runWorkerCheck({
        url: live.url,
        key: live.key,
        type: `check.worker${++checked}`,
        command,
        cwd: python,
        only,
        signal: AbortSignal.timeout(hang_ms),
        onReady: (given) => {
          env = given;
        },
        onResult: () => expect(env['PLINTH_KEY']).toMatch(/^plk_/),
      });
    };
    /** All checks, the later ones of a second worker that runs at the same time. */
    const checkInHalves = async (command: readonly string[]): Promise<CheckResult[]> => {
      const [first = [], [, ...rest] = []] = await Promise.all(halves.map((only) => check(command, only)));
      return [...first, ...rest];
    };
    /** A node worker with bad habits; env carries them past the check. */
    const badWorker = (...habits: string[]) => ['env', `BAD=${habits.join(',')}`, process.execPath, nodeWorker];
    const named = (results: readonly CheckResult[], outcome: string) =>
      results.filter((one) => one.outcome === outcome).map(({ name }) => name);
    const troubles = (results: readonly CheckResult[]) =>
      results.filter(({ outcome }) => outcome !== 'pass').map(({ name, why }) => `${name}: ${why}`);

    it.concurrent('one in plain JavaScript passes', { timeout: hang_ms }, async ({ expect: expectHere }) => {
      const results = await check([process.execPath, nodeWorker]);
      expectHere(troubles(results)).toEqual([]);
      expectHere(results.map(({ name }) => name)).toEqual(checkNames);
    });

    ifPython.concurrent('the one in Python passes', { timeout: hang_ms }, async ({ expect: expectHere }) => {
      const env = ['env', 'PYTHONPATH=src', 'PYTHONDONTWRITEBYTECODE=1'];
      const results = await checkInHalves([...env, 'python3', '-W', 'error', '-m', 'tests.check_worker']);
      expectHere(troubles(results)).toEqual([]);
      expectHere(results.map(({ name }) => name)).toEqual(checkNames);
    });

    it.concurrent('one that does everything wrong fails what it does wrong', { timeout: hang_ms }, async ({
      expect: here,
    }) => {
      const habits = ['silent', 'mute', 'vague', 'stubborn', 'hasty', 'careless', 'lost', 'rude', 'deaf'];
      const results = await checkInHalves(badWorker(...habits));
      here(named(results, 'pass')).toEqual(['registers', 'result', 'outage', 'kill']);
      const why = (name: string) => results.find((one) => one.name === name)?.why;
      here(why('failure')).toContain('the code is "error", not "E_CHECK"');
      here(why('not-retryable')).toContain('3 attempts were made');
      here(why('log')).toContain('the lines are []');
      here(why('large-result')).toContain('it was held until its lease ran out');
      here(why('heartbeat')).toContain('worker_lost');
      here(why('cancel')).toContain('the worker went on with it');
      here(why('timeout')).toContain('the worker did not stop it');
      here(why('registers-again')).toContain('it did not register');
      here(why('stop')).toContain('it ended with 1');
    });

    it.concurrent('one bad habit fails one check', { timeout: hang_ms }, async ({ expect: here }) => {
      const results = await check(badWorker('hasty'), ['failure', 'not-retryable', 'retry-after', 'log']);
      here(named(results, 'fail')).toEqual(['retry-after']);
      here(results.find(({ name }) => name === 'retry-after')?.why).toMatch(/the pause was \d+ ms, not 2,000/);
    });

    it.concurrent('one that does not come up says why, and leaves nothing behind', { timeout: hang_ms }, async ({
      expect: here,
    }) => {
      const results = await check(
        [process.execPath, '-e', 'console.error("no such module"); process.exit(3)'],
        ['result'],
      );
      here(results).toMatchObject([
        { name: 'registers', outcome: 'fail', why: "it ended by itself; the worker's last words: no such module" },
        { name: 'result', outcome: 'skip' },
      ]);
      const missing = await check(['/nowhere/worker'], ['result']);
      here(missing[0]?.why).toContain('ENOENT');
    });

    it('cleans up', { timeout: hang_ms, concurrent: false }, async ({ expect }) => {
      const get = async (path: string) =>
        (await (await fetch(`${live.url}${path}`, { headers: { authorization: `Bearer ${live.key}` } })).json()) as {
          data: { name: string; revoked_at?: string | null }[];
        };
      await check([process.execPath, '-e', 'process.exit(3)'], ['result']);
      expect((await get('/v1/task-definitions')).data).toEqual([]);
      const keys = (await get('/v1/api-keys')).data.filter(({ name }) => name.startsWith('worker check'));
      expect(keys.length).toBeGreaterThan(0);
      expect(keys.filter(({ revoked_at }) => !revoked_at)).toEqual([]);
    });
  },
  { concurrent: true },
);
