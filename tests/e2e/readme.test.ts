/** The README's marked commands, run literally in a fresh clone, show what the README shows. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compiledCode } from '../support/processes.ts';
import { type ConsoleStep, consoleBlocks, isAsShown, masked, runStep } from './console-blocks.ts';

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

describe.skipIf(blocks.length === 0)('README.md', () => {
  let clone: string;
  let env: Record<string, string>;
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'plinth-readme-'));
    clone = join(folder, 'plinth');
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone]);
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
    env = {
      PATH: `${join(clone, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: folder,
      LANG: 'C.UTF-8',
      ...compiledCode(),
    };
  });
  afterAll(() => {
    if (clone) rmSync(join(clone, '..'), { recursive: true, force: true });
  });

  it.each(blocks)('the block in line $line', { timeout: step_ms_max * 4 }, async ({ steps }) => {
    for (const step of steps) {
      const { code, output } = await runStep(step, { cwd: clone, env, timeoutMs: step_ms_max });
      expect(code, `${step.command}\n${output}`).toBe(0);
      if (step.shown !== '') {
        expect(isAsShown(step.shown, output), `shown:\n${step.shown}\n\ngot:\n${output}`).toBe(true);
      }
    }
  });
});
