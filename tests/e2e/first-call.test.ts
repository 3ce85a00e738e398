/** The README's promise: after `npm ci`, one command and one form to the first API call of one's own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { callFirst, untilServing } from '../support/first-call.ts';
import { checkout } from '../support/package.ts';
import { freePort } from '../support/processes.ts';

/** A guard against hanging: the figure is printed, and on an idle machine it is a few seconds. */
const first_call_ms_max = 180_000;

it('a newcomer calls the API with a key of their own', { timeout: first_call_ms_max }, async () => {
  const promised = /```console\n(npm ci && .*)\n```/.exec(readFileSync(join(checkout, 'README.md'), 'utf8'))?.[1];
  const [install, ...commands] = promised?.split(' && ') ?? [];
  expect(install).toBe('npm ci');
  expect(commands).toHaveLength(1);
  const [program = '', ...args] = commands[0]?.split(' ') ?? [];

  const folder = mkdtempSync(join(tmpdir(), 'plinth-first-call-'));
  const port = await freePort();
  const started = performance.now();
  const server = spawn(program, args, {
    cwd: checkout,
    // a folder and a port of the test's own: the rest is as the newcomer has it
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? folder,
      PLINTH_DATA: join(folder, '.plinth'),
      PLINTH_PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // npm does not pass a signal on to the program: the group is what Ctrl+C reaches
    detached: true,
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  try {
    const { key } = await callFirst(`http://127.0.0.1:${port}`, await untilServing(server));
    expect(key).toMatch(/^plk_/);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stdout.write(
      `first API call: ${commands.length} command and the welcome form, ${seconds} s after npm ci\n`,
    );
  } finally {
    process.kill(-Number(server.pid), 'SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
});
