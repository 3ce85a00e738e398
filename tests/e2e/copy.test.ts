/** From the laptop to a server and back with the real program, killed on the way. */
import { spawn } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { asOwner, fillDatabase, hashesOf } from '../../src/platform/transfer/transfer.fixture.ts';
import { openPlinth } from '../../src/plinth.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { openTestEngine, type TestEngine } from '../support/engines.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { compiledCode } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const program = fileURLToPath(new URL('../../bin/plinth.js', import.meta.url));
const hasServer = inject('engines').some(({ name, missing }) => name === 'postgres' && missing === undefined);

const laptop = await migratedDataDir();

describe.runIf(hasServer)('plinth copy', () => {
  let server: TestEngine;
  let url: string;
  beforeAll(async () => {
    const plinth = await openPlinth({
      config: loadConfig({ PLINTH_DATA: laptop, PLINTH_FSYNC: 'off', PLINTH_LOG_LEVEL: 'error' }),
      migrate: true,
    });
    await fillDatabase(plinth);
    await plinth.close();
    server = await openTestEngine('postgres', { empty: true });
    url = String(server.url);
  });
  afterAll(() => server.close());

  it('killed, run again: everything is there once; with its key the server starts', async () => {
    const child = spawn(process.execPath, [program, 'copy', '--from', laptop, '--to', url], {
      env: { PATH: process.env['PATH'], ...compiledCode(), PLINTH_FSYNC: 'off' },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    // the first rows are committed: now
    for (;;) {
      const state = await asOwner(
        server.engine,
        `select value from plinth.system_settings where key = 'transfer'`,
      ).catch(() => []);
      if (JSON.stringify(state).includes('"rows"')) break;
      expect(child.exitCode).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    child.kill('SIGKILL');
    await ended;
    const half = await runProgram(['sql', 'select 1', '--database-url', url]);
    expect(half).toMatchObject({ code: 3, stdout: '' });
    expect(half.stderr).toContain('transfer_unfinished');

    const again = await runProgram(['copy', '--from', laptop, '--to', url, '--json'], { env: { PLINTH_FSYNC: 'off' } });
    expect(again).toMatchObject({ code: 0 });
    const result = JSON.parse(again.stdout) as { resumed: boolean; rows: number; tables: unknown[] };
    expect(result.resumed).toBe(true);
    expect(result.rows).toBeGreaterThan(3000);
    expect(again.stderr).toMatch(/^secrets are sealed with master key \w{8}…: the target starts with no other$/m);
    expect(again.stderr).toContain(`PLINTH_MASTER_KEY_FILE=${laptop}-master.key`);
    const elsewhere = dirname(temporaryDataDir());
    const keyless = await runProgram(['sql', 'select 1', '--database-url', url], { cwd: elsewhere });
    expect(keyless).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('(master_key_missing)') });
    expect(readdirSync(elsewhere)).toEqual([]);
    const started = await runProgram(
      ['sql', '--organization', 'acme', '--json', 'select count(*)::int as n from projects'],
      {
        env: { DATABASE_URL: url, PLINTH_MASTER_KEY_FILE: `${laptop}-master.key` },
      },
    );
    expect(started).toMatchObject({ code: 0, stdout: '[{"n":0}]\n' });
  });

  it('and back into a folder, equal table by table; a second time it is refused', async () => {
    const back = temporaryDataDir();
    cpSync(`${laptop}-master.key`, `${back}-master.key`);
    const copied = await runProgram(['copy', '--to', back], { env: { DATABASE_URL: url, PLINTH_FSYNC: 'off' } });
    expect(copied).toMatchObject({ code: 0 });
    expect(copied.stdout).toMatch(/^\d+ rows in \d+ tables, equal in number and hash\n$/);
    expect(copied.stderr).not.toContain('secrets');
    const engine = await openPglite({ dataDir: back, fsync: false });
    expect(await hashesOf(engine)).toEqual(await hashesOf(server.engine));
    await engine.close();
    const second = await runProgram(['copy', '--from', url, '--to', back]);
    expect(second).toMatchObject({ code: 1, stdout: '' });
    expect(second.stderr).toContain('transfer_target_not_empty');
  });

  it.each([
    [['copy'], 2, 'wants --from or --to'],
    [['copy', '--from', 'nowhere', '--to', 'somewhere'], 1, 'transfer_source_missing'],
    [['copy', '--from', '.', '--to', './'], 2, 'the same folder'],
    [['copy', '--from', 'postgres://nobody:secret@127.0.0.1:1/none', '--to', 'x'], 3, 'database_unavailable'],
  ])('%j: %i, %s', async (args, code, words) => {
    const finished = await runProgram(args);
    expect(finished).toMatchObject({ code, stdout: '' });
    expect(finished.stderr).toContain(words);
    expect(finished.stderr).not.toContain('secret@');
  });

  it('one database under two names is refused', async () => {
    const other = new URL(url);
    other.searchParams.set('application_name', 'other');
    const finished = await runProgram(['copy', '--from', url, '--to', String(other)]);
    expect(finished).toMatchObject({ code: 1, stdout: '' });
    expect(finished.stderr).toContain('transfer_same_database');
  });
});
