/** Backups with the real program, as the guide says, and the mistakes people make. */
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { fillDatabase, hashesOf } from '../../src/platform/transfer/transfer.fixture.ts';
import { openPlinth } from '../../src/plinth.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { runProgram } from '../support/program.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 180_000 });

const data = await migratedDataDir();
const cwd = dirname(data);
const run = (...args: string[]) => runProgram(args, { cwd, env: { PLINTH_FSYNC: 'off', PLINTH_DATA: data } });
const sealed = ['--passphrase-file', 'passphrase.txt'];

beforeAll(async () => {
  const config = loadConfig({ PLINTH_DATA: data, PLINTH_FSYNC: 'off', PLINTH_LOG_LEVEL: 'error' });
  const plinth = await openPlinth({ config, migrate: true });
  await fillDatabase(plinth);
  await plinth.close();
  writeFileSync(join(cwd, 'passphrase.txt'), 'correct horse battery staple\n');
  writeFileSync(join(cwd, 'other.txt'), 'another passphrase of somebody\n');
  writeFileSync(join(cwd, 'short.txt'), 'short\n');
});

it('create, list, verify, restore: equal, and said so', async () => {
  expect(await run('backup', 'list')).toMatchObject({ code: 0, stdout: `no backups in ${data}-backups\n` });
  const created = await run('backup', 'create', '--keep', '2', '--json', ...sealed);
  expect(created).toMatchObject({ code: 0, stderr: '' });
  const { path, rows } = JSON.parse(created.stdout) as { path: string; rows: number };
  expect(rows).toBeGreaterThan(3000);

  const verified = await run('backup', 'verify', ...sealed);
  expect(verified).toMatchObject({ code: 0, stderr: '' });
  expect(verified.stdout).toMatch(/: \d+ rows in \d+ tables, equal in number and hash\n$/);
  const [listed] = JSON.parse((await run('backup', 'list', '--json')).stdout) as Record<string, unknown>[];
  expect(listed).toMatchObject({ path, sealed: 'passphrase', verified_at: expect.stringMatching(/^20/) });

  const wrong = await run('backup', 'restore', path, '--to', 'restored', '--passphrase-file', 'other.txt');
  expect(wrong).toMatchObject({ code: 1, stdout: '' });
  expect(wrong.stderr).toContain('archive_key_wrong');
  const restored = await run('backup', 'restore', path, '--to', 'restored', ...sealed);
  expect(restored).toMatchObject({ code: 0 });
  const [own, there] = [`${data}-master.key`, join(cwd, 'restored-master.key')];
  expect(restored.stderr).toContain(`bring it along: cp ${own} ${there}\n`);
  const closed = await run('doctor', '--data', 'restored');
  expect(closed).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('(master_key_missing)') });
  expect(closed.stderr).toContain(`${there} is not there`);
  expect(existsSync(there)).toBe(false);
  cpSync(own, there);
  expect((await run('tasks', 'list', '--organization', 'acme', '--data', 'restored')).stderr).toBe('');
  const again = await run('backup', 'restore', path, '--to', 'restored', ...sealed);
  expect(again.stderr).toContain('transfer_target_not_empty');

  const [one, two] = [
    await openPglite({ dataDir: data, fsync: false }),
    await openPglite({ dataDir: join(cwd, 'restored'), fsync: false }),
  ];
  expect(await hashesOf(two)).toEqual(await hashesOf(one));
  await Promise.all([one.close(), two.close()]);
});

it.each([
  ['backup', 2, 'plinth backup what? create, verify, restore, list'],
  ['backup restore', 2, 'wants a FILE'],
  ['backup restore nothing', 1, 'archive_not_found'],
  ['backup restore passphrase.txt --to x', 1, 'archive_invalid'],
  ['backup create --keep 0', 2, '--keep wants a number'],
  ['backup create --passphrase-file short.txt', 2, 'at least 12 characters'],
  ['backup create --passphrase-file none.txt', 2, 'ENOENT'],
  ['backup create --data nowhere', 3, 'data_folder_missing'],
  ['backup create --folder passphrase.txt/x', 3, 'archive_write_failed'],
])('%s: %i, %s', async (args, code, words) => {
  const finished = await run(...args.split(' '));
  expect(finished).toMatchObject({ code, stdout: '' });
  expect(finished.stderr).toContain(words);
});
