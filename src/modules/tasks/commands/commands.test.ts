import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import type { TaskHandler } from '../../../platform/module.ts';
import { openWorld, type Run, until, type World } from '../fixtures/world.ts';
import { defineCommand } from './define-command.ts';

const node = process.execPath;
const command = (script: string, more: Partial<Parameters<typeof defineCommand>[0]> = {}) =>
  defineCommand({ description: 'A command of the tests.', executable: node, args: ['-e', script], ...more });
const asRun =
  (handler: TaskHandler): Run =>
  (payload, context) =>
    handler.run(context, payload);
/** Processes whose command line has the word. */
const processesWith = (word: string) =>
  spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter((line) => line.includes(word) && !line.includes('ps -eo'));

const echo = `let t=''; process.stdin.on('data', (c) => t += c).on('end', () => console.log(t))`;

describeEngines('commands', (on) => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(on.engine);
  });
  afterAll(() => world.close());

  const runOne = async (handler: TaskHandler, payload: unknown = null, timeout_seconds = 30) => {
    const [id] = await world.enqueue({ task_type: 'command', payload, max_attempts: 1, timeout_seconds });
    const worker = world.work({ command: asRun(handler) });
    await until('it ended', async () => ['completed', 'failed'].includes((await world.task(id!)).status), 60);
    await worker.stop();
    return await world.task(id!);
  };
  const usageOf = async (id: string) =>
    (
      await world.owner<Record<string, number | null>>(
        `select cpu_ms, memory_usage_mb::float8 as memory_usage_mb, duration_ms, exit_code
       from plinth.task_resource_usage where task_id = '${id}'`,
      )
    )[0];

  it('gets the payload as JSON on its input, and only there', async () => {
    const payload = { text: '$(touch /tmp/x); --version', executable: '/bin/false', env: { PATH: '/evil' } };
    const { status, results } = await runOne(command(echo), payload);
    expect(status).toBe('completed');
    expect(results).toMatchObject({ exit_code: 0, truncated: false });
    expect(JSON.parse((results as { stdout: string }).stdout)).toEqual(payload);
  });

  it('sees the environment it was given, and no secret of the server', async () => {
    process.env['PLINTH_MASTER_KEY_OF_TEST'] = 'secret';
    process.env['ALLOWED_OF_TEST'] = 'yes';
    const { results } = await runOne(
      command('console.log(JSON.stringify(process.env))', { environment: ['ALLOWED_OF_TEST'] }),
    );
    const environment = JSON.parse((results as { stdout: string }).stdout) as Record<string, string>;
    expect(environment['ALLOWED_OF_TEST']).toBe('yes');
    const allowed = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR', 'ALLOWED_OF_TEST', '__CF_USER_TEXT_ENCODING'];
    expect(Object.keys(environment).filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it('what it took is measured: CPU time, memory, duration', async () => {
    const { id, status } = await runOne(
      command(`const kept = Buffer.alloc(120e6, 1); const end = Date.now() + 700; let n = 0;
        while (Date.now() < end) n++; process.exitCode = kept[7] === 1 ? 0 : 1`),
    );
    expect(status).toBe('completed');
    const usage = (await usageOf(id))!;
    expect(usage['exit_code']).toBe(0);
    expect(usage['duration_ms']).toBeGreaterThan(600);
    if (process.platform !== 'linux') return;
    expect(usage['cpu_ms']).toBeGreaterThan(50);
    expect(usage['memory_usage_mb']).toBeGreaterThan(100);
  });

  it('a timeout kills it with what it has started, also what is deaf to being asked', async () => {
    const word = `deaf-${on.name}-${process.pid}`;
    const loop = `process.on('SIGTERM', () => 0); setInterval(() => 0, 1000)`;
    const { status, error } = await runOne(
      command(
        `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(loop)}, '${word}']); ${loop}`,
      ),
      null,
      1,
    );
    expect(status).toBe('failed');
    expect(error).toMatchObject({ code: 'timed_out' });
    await until('its processes are gone', () => processesWith(word).length === 0, 20);
  });

  it('what it leaves behind goes with it', async () => {
    const word = `left-${on.name}-${process.pid}`;
    const { status } = await runOne(
      command(
        `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)', '${word}'], { stdio: 'inherit' }).unref()`,
      ),
    );
    expect(status).toBe('completed');
    expect(processesWith(word)).toEqual([]);
  });

  it('output is capped, its lines are in the log, and failing says how', async () => {
    const { id, status, error } = await runOne(
      command(`console.log('out'); console.error('went wrong'); process.exit(3)`),
    );
    expect(status).toBe('failed');
    expect(error).toMatchObject({ code: 'command_failed', details: { exit_code: 3, stderr: 'went wrong\n' } });
    const lines = await world.owner<{ level: string; message: string }>(
      `select level, message from plinth.task_execution_logs where task_id = '${id}' order by message`,
    );
    expect(lines).toMatchObject([
      { level: 'info', message: 'out' },
      { level: 'warn', message: 'went wrong' },
    ]);
    const long = await runOne(command(`process.stdout.write('x'.repeat(5e6))`, { outputBytesMax: 1000 }));
    expect(long.results).toMatchObject({ truncated: true, stdout: 'x'.repeat(1000) });
  });

  it('too much memory, no such program, and an exit code that is final', async () => {
    if (process.platform === 'linux') {
      const hog = command(`const all = []; setInterval(() => all.push(Buffer.alloc(50e6, 1)), 20)`, {
        memoryMbMax: 300,
      });
      expect((await runOne(hog)).error).toMatchObject({ code: 'memory_exceeded' });
    }
    const missing = defineCommand({ description: 'x', executable: '/nowhere/program' });
    expect((await runOne(missing)).error).toMatchObject({ code: 'command_not_started' });
    expect(() => defineCommand({ description: 'x', executable: 'some/where' })).toThrow(/absolute/);
  });
});
