/** The guide's commands, typed as it shows them, in a project made as it says. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { compiledCode } from '../support/processes.ts';
import { consoleBlocks, isAsShown, runStep } from './console-blocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/guides/your-application.md'), 'utf8');
const step_ms_max = 300_000;

const parent = mkdtempSync(join(tmpdir(), 'plinth-guide-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

/** "<!-- file PATH -->" before a block is the whole file; with «after "TEXT"» the block is put in there. */
function filesBetween(fromLine: number, toLine: number): { path: string; after: string | undefined; text: string }[] {
  const part = guide.split('\n').slice(fromLine, toLine).join('\n');
  return [...part.matchAll(/<!-- file ([^\s:]+)(?:: after "([^"]+)")? -->\n```ts\n(.*?)```/gs)].map(
    ([, path = '', after, text = '']) => ({ path, after, text }),
  );
}

it('leads from nothing to one’s own table, task, route and hook', { timeout: step_ms_max * 8 }, async () => {
  const blocks = consoleBlocks(guide);
  expect(blocks.length).toBe(6);
  mkdirSync(join(parent, 'node_modules', '.bin'), { recursive: true });
  // in place of npm install
  symlinkSync(root, join(parent, 'node_modules', 'plinth'));
  symlinkSync(join(root, 'bin/plinth.js'), join(parent, 'node_modules', '.bin', 'plinth'));
  const env = {
    PATH: [dirname(process.execPath), join(parent, 'node_modules', '.bin'), process.env['PATH']].join(delimiter),
    HOME: parent,
    LANG: 'C.UTF-8',
    ...compiledCode(),
  };
  let line = 0;
  for (const [at, block] of blocks.entries()) {
    const cwd = at === 0 ? parent : join(parent, 'my-app');
    for (const { path, after, text } of filesBetween(line, block.line)) {
      const file = join(cwd, path);
      const old = after === undefined ? '' : readFileSync(file, 'utf8');
      expect(old).toContain(after ?? '');
      writeFileSync(file, after === undefined ? text : old.replace(after, `${after}\n${text}`));
    }
    line = block.line;
    for (const step of block.steps) {
      const { code, output } = await runStep(step, { cwd, env, timeoutMs: step_ms_max });
      expect(code, `${step.command}\n${output}`).toBe(0);
      if (step.shown !== '')
        expect(isAsShown(step.shown, output), `shown:\n${step.shown}\n\ngot:\n${output}`).toBe(true);
    }
  }
});
