import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { temporaryDataDir } from '../../../../tests/support/data-dir.ts';
import { claimDataFolder, openDataFolder } from './data-folder.ts';
import { openPglite } from './engine.ts';

const emptyTar = () => {
  const load = inject('engines').find(({ name }) => name === 'pglite')?.emptyTar;
  return load === undefined ? {} : { load };
};

describe('a data folder', () => {
  it('is for its owner only, also when it was not before', async () => {
    const folder = temporaryDataDir();
    await claimDataFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    chmodSync(folder, 0o755);
    await claimDataFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('of somebody else is refused and left as it is', async () => {
    const folder = temporaryDataDir();
    mkdirSync(folder, { mode: 0o755 });
    writeFileSync(join(folder, 'thesis.odt'), 'years of work');
    await expect(openPglite({ dataDir: folder })).rejects.toMatchObject({ code: 'data_folder_foreign' });
    expect(statSync(folder).mode & 0o777).toBe(0o755);
    expect(existsSync(join(folder, 'plinth.lock'))).toBe(false);
  });

  it('of another version says so, without touching it, and is not locked afterwards', async () => {
    const folder = temporaryDataDir();
    await claimDataFolder(folder);
    mkdirSync(join(folder, 'pg'));
    writeFileSync(join(folder, 'pg', 'PG_VERSION'), '17\n');
    for (let twice = 0; twice < 2; twice++) {
      await expect(openPglite({ dataDir: folder })).rejects.toMatchObject({
        code: 'data_folder_version',
        detail: expect.stringMatching(/PostgreSQL 17.* 18/),
      });
    }
  });

  it('without its PG_VERSION is damaged, not empty', async () => {
    const folder = temporaryDataDir();
    await claimDataFolder(folder);
    mkdirSync(join(folder, 'pg', 'base'), { recursive: true });
    await expect(openDataFolder(folder)).rejects.toMatchObject({ code: 'data_folder_unusable' });
  });

  it('that is a file, or lies under one, says so', async () => {
    const file = join(dirname(temporaryDataDir()), 'file');
    writeFileSync(file, '');
    for (const dataDir of [file, join(file, 'below')]) {
      await expect(openPglite({ dataDir })).rejects.toMatchObject({ code: 'data_folder_unusable' });
    }
  });

  it('is made again when its first start was cut off', async () => {
    const dataDir = temporaryDataDir();
    await claimDataFolder(dataDir);
    const interrupted = await openDataFolder(dataDir);
    expect(interrupted.fresh).toBe(true);
    // What a crash in the middle leaves: some files, even the one that looks like a database.
    writeFileSync(join(interrupted.clusterFolder, 'PG_VERSION'), '18\n');
    const engine = await openPglite({ dataDir, fsync: false, ...emptyTar() });
    await engine.pool.query('create table t ()');
    await engine.close();
    const again = await openPglite({ dataDir, fsync: false });
    expect((await again.pool.query(`select to_regclass('t')::text as t`)).rows).toEqual([{ t: 't' }]);
    await again.close();
  });
});
