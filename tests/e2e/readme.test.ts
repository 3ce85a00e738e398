/** The README's marked commands, run literally in a fresh clone, show what the README shows. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilServing } from '../support/first-call.ts';
import { compiledCode, freePort } from '../support/processes.ts';
import { type ConsoleStep, commandBlocks, consoleBlocks, isAsShown, masked, runStep } from './console-blocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const step_ms_max = 180_000;
const readme = existsSync(join(root, 'README.md')) ? readFileSync(join(root, 'README.md'), 'utf8') : '';

describe('the runner', () => {
  const document = [
    'Text',
    '<!-- test -->',
    '```console',
    '$ echo one \\',
    '  two',
    'one two',
    '$ true',
    '```',
    '```console',
    '$ not a test',
    '```',
  ].join('\n');

  it('finds marked blocks, commands over several lines and what is shown', () => {
    expect(consoleBlocks(document)).toEqual([
      {
        line: 3,
        steps: [
          { command: 'echo one \\\n  two', shown: 'one two' },
          { command: 'true', shown: '' },
        ],
      },
    ]);
    expect(consoleBlocks('No blocks')).toEqual([]);
    expect(() => consoleBlocks('<!-- test -->\ntext')).toThrow('line 1');
    expect(() => consoleBlocks('<!-- test -->\n```console\n$ x')).toThrow('does not end');
  });

  it('compares what does not change', () => {
    expect(masked('made 0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42 in 1.3 s')).toBe('made <id> in <duration>');
    expect(isAsShown('made <id> in 4 ms', 'made 0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42 in 1.3 s')).toBe(true);
    expect(isAsShown('first\n…\nlast', 'first\n2\n3\nlast')).toBe(true);
    expect(isAsShown('first\n…\nlast', 'first\n2\n3')).toBe(false);
    expect(isAsShown('3 projects', '4 projects')).toBe(false);
    expect(isAsShown('a.c', 'abc')).toBe(false);
  });

  it('runs a command as it stands', async () => {
    const [block] = consoleBlocks(document);
    const step = block?.steps[0] as ConsoleStep;
    const options = { cwd: tmpdir(), env: { PATH: process.env['PATH'] ?? '' }, timeoutMs: 20_000 };
    const { code, output } = await runStep(step, options);
    expect(code).toBe(0);
    expect(isAsShown(step.shown, output)).toBe(true);
    expect(await runStep({ command: 'echo failed >&2; exit 3', shown: '' }, options)).toEqual({
      code: 3,
      output: 'failed\n',
    });
    await expect(runStep({ command: 'sleep 60', shown: '' }, { ...options, timeoutMs: 300 })).rejects.toThrow('hangs');
  });
});

const blocks = consoleBlocks(readme);
/** Minutes on a slow machine: tests/isolation/attack-command.test.ts runs it. */
const isRunElsewhere = ({ command }: ConsoleStep) => command.startsWith('npx plinth attack');
/** A reader's shell keeps what it has sourced; here each command has a shell of its own. */
const asInOneShell = ({ command, shown }: ConsoleStep): ConsoleStep => ({
  command: `if [ -f .env.plinth ]; then source .env.plinth; fi; ${command}`,
  shown,
});

it('README.md: each block of commands is run by a test, or says why not', () => {
  expect(commandBlocks(readme).filter(({ run }) => run === undefined)).toEqual([]);
});

describe.skipIf(blocks.length === 0)('README.md', () => {
  let clone: string;
  let env: Record<string, string>;
  let server: ChildProcess | undefined;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plinth-readme-'));
    clone = join(folder, 'plinth');
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone]);
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
    env = {
      PATH: `${join(clone, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: folder,
      LANG: 'C.UTF-8',
      ...compiledCode(),
      PLINTH_PORT: String(await freePort()),
      // as in a terminal
      PLINTH_LOG_LEVEL: 'warn',
    };
    // the tour's first block: the others are for "another terminal"
    server = spawn('node', ['bin/plinth.js', 'up'], { cwd: clone, env, stdio: ['ignore', 'pipe', 'pipe'] });
    await untilServing(server);
  }, step_ms_max);
  afterAll(async () => {
    if (server && server.exitCode === null) {
      const ended = new Promise((resolve) => server?.once('close', resolve));
      server.kill('SIGINT');
      await ended;
    }
    if (clone) rmSync(join(clone, '..'), { recursive: true, force: true });
  });

  it.each(blocks)('the block in line $line', { timeout: step_ms_max * 4 }, async ({ steps }) => {
    for (const step of steps.filter((one) => !isRunElsewhere(one))) {
      const { code, output } = await runStep(asInOneShell(step), { cwd: clone, env, timeoutMs: step_ms_max });
      expect(code, `${step.command}\n${output}`).toBe(0);
      // curl ends with 0 whatever it is answered
      expect(output).not.toContain('/docs/errors#');
      if (step.shown !== '') {
        expect(isAsShown(step.shown, output), `shown:\n${step.shown}\n\ngot:\n${output}`).toBe(true);
      }
    }
  });
});
