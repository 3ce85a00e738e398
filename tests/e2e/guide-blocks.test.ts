/** The blocks of commands in the guides: run as they stand, or marked with the reason why not. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { fillDatabase } from '../../src/platform/transfer/transfer.fixture.ts';
import { openPlinth } from '../../src/plinth.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { compiledCode } from '../support/processes.ts';
import { commandBlocks, consoleBlocks, isAsShown, runStep } from './console-blocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const step_ms_max = 300_000;
const guides = readdirSync(join(root, 'docs/guides'));
const read = (name: string) => readFileSync(join(root, 'docs/guides', name), 'utf8');
/** Run here, in one folder that has an organization and a passphrase. application-guide.test.ts runs its own. */
const runHere = ['backups.md', 'master-key.md', 'one-organization.md'];
const runElsewhere = ['your-application.md'];

const folder = mkdtempSync(join(tmpdir(), 'plinth-guides-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = {
  PATH: [dirname(process.execPath), join(folder, 'bin'), process.env['PATH']].join(delimiter),
  HOME: folder,
  LANG: 'C.UTF-8',
  ...compiledCode(),
  PLINTH_FSYNC: 'off',
};

beforeAll(async () => {
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(root, 'bin/plinth.js'), join(folder, 'bin', 'plinth'));
  writeFileSync(join(folder, 'passphrase.txt'), 'correct horse battery staple\n', { mode: 0o600 });
  const data = await migratedDataDir(join(folder, '.plinth'));
  const plinth = await openPlinth({
    config: loadConfig({ PLINTH_DATA: data, PLINTH_FSYNC: 'off', PLINTH_LOG_LEVEL: 'error' }),
    migrate: true,
  });
  await fillDatabase(plinth);
  await plinth.close();
}, step_ms_max);

it.each(guides)('%s: each block of commands is run by a test, or says why not', (name) => {
  const blocks = commandBlocks(read(name));
  expect(blocks.filter(({ run }) => run === undefined)).toEqual([]);
  if (blocks.some(({ run }) => run === 'test')) expect([...runHere, ...runElsewhere]).toContain(name);
});

it.each(runHere)('%s does what it shows', { timeout: step_ms_max * 4 }, async (name) => {
  const blocks = consoleBlocks(read(name));
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) {
    for (const step of block.steps) {
      const { code, output } = await runStep(step, { cwd: folder, env, timeoutMs: step_ms_max });
      expect(code, `${step.command}\n${output}`).toBe(0);
      if (step.shown !== '') {
        expect(isAsShown(step.shown, output), `shown:\n${step.shown}\n\ngot:\n${output}`).toBe(true);
      }
    }
  }
});
