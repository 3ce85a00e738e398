/** One organization out of a folder and into a server that has others, with the real program; killed on the way. */
import { spawn } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { fillDatabase } from '../../src/platform/transfer/transfer.fixture.ts';
import { openPlinth } from '../../src/plinth.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { openTestEngine, type TestEngine } from '../support/engines.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { compiledCode } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { askAsOwner } from '../support/tenants.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const program = fileURLToPath(new URL('../../bin/plinth.js', import.meta.url));
const hasServer = inject('engines').some(({ name, missing }) => name === 'postgres' && missing === undefined);

const folder = await migratedDataDir();

describe.runIf(hasServer)('plinth export and import', () => {
  const file = join(dirname(folder), 'acme.plinth');
  const passphrase = join(dirname(folder), 'passphrase');
  const sealed = ['--passphrase-file', passphrase];
  let server: TestEngine;
  let env: Record<string, string>;
  beforeAll(async () => {
    writeFileSync(passphrase, 'correct horse battery staple\n', { mode: 0o600 });
    const plinth = await openPlinth({
      config: loadConfig({ PLINTH_DATA: folder, PLINTH_FSYNC: 'off', PLINTH_LOG_LEVEL: 'error' }),
      migrate: true,
    });
    await fillDatabase(plinth);
    await plinth.close();
    server = await openTestEngine('postgres');
    env = { DATABASE_URL: String(server.url), PLINTH_DATA: temporaryDataDir() };
  });
  afterAll(() => server.close());
  const rowsThere = async () => {
    const [row] = await askAsOwner<{ n: number }>(
      server.engine,
      `select (select count(*) from plinth.organizations)::int + (select count(*) from plinth.events)::int
              + (select count(*) from plinth.users)::int as n`,
    );
    return row?.n;
  };

  it('refuses what it can not do, in words', async () => {
    for (const [args, code, words] of [
      [['export', file, '--organization', 'acme'], 2, '--passphrase-file'],
      [['export', file, ...sealed], 2, '--organization'],
      [['export', file, ...sealed, '--organization', 'nobody'], 2, 'there is no organization "nobody"'],
      [['import', file, ...sealed], 1, 'archive_not_found'],
    ] as const) {
      const refused = await runProgram([...args], { env: { PLINTH_DATA: folder, PLINTH_FSYNC: 'off' } });
      expect(refused, args.join(' ')).toMatchObject({ code, stdout: '' });
      expect(refused.stderr).toContain(words);
    }
    expect(existsSync(file)).toBe(false);
  });

  it('killed -9 in the middle nothing is there; run again it is whole', async () => {
    const exported = await runProgram(['export', file, ...sealed, '--organization', 'acme', '--json'], {
      env: { PLINTH_DATA: folder, PLINTH_FSYNC: 'off' },
    });
    expect(exported).toMatchObject({ code: 0 });
    expect(JSON.parse(exported.stdout)).toMatchObject({ organization: { slug: 'acme' }, data_keys: 1 });
    expect(statSync(file).mode & 0o777).toBe(0o600);

    const before = await rowsThere();
    const child = spawn(process.execPath, [program, 'import', file, ...sealed], {
      env: { PATH: process.env['PATH'], ...compiledCode(), ...env },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    // the transaction of the import holds its lock: now
    for (;;) {
      const locks = await askAsOwner(
        server.engine,
        `select from pg_catalog.pg_locks l join pg_catalog.pg_stat_activity a using (pid)
         where l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and a.datname = current_database()
           and l.relation = 'plinth.organization_slugs'::regclass`,
      );
      if (locks.length > 0) break;
      expect(child.exitCode).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    child.kill('SIGKILL');
    await ended;
    await vi.waitFor(async () => expect(await rowsThere()).toBe(before), { timeout: 30_000 });

    const imported = await runProgram(['import', file, ...sealed, '--slug', 'acme-moved', '--json'], { env });
    expect(imported).toMatchObject({ code: 0 });
    expect(JSON.parse(imported.stdout)).toMatchObject({ organization: { slug: 'acme-moved' }, data_keys: 1 });
    expect(imported.stderr).toContain('plinth audit verify --organization acme-moved');
    const verified = await runProgram(['audit', 'verify', '--organization', 'acme-moved'], { env });
    expect(verified).toMatchObject({ code: 0 });
    const again = await runProgram(['import', file, ...sealed], { env });
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain('import_organization_exists');
  });
});
