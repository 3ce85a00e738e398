/** Backups on every engine of the run: made, proven, restored, listed, kept; damaged in every way. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { openTestEngine, type TestEngine } from '../../../tests/support/engines.ts';
import { modules } from '../../modules.ts';
import { openPlinth } from '../../plinth.ts';
import { loadConfig } from '../core/config.ts';
import { MasterKey } from '../core/crypto/index.ts';
import type { Engine } from '../db/engine.ts';
import { type ArchiveKey, readArchive, writeArchive } from './archive-file.ts';
import { createBackup, listBackups, restoreBackup, verifyBackup } from './index.ts';
import { fillDatabase, hashesOf, withHostileTable } from './transfer.fixture.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const masterKey = new MasterKey(randomBytes(32));
const config = loadConfig({ PLINTH_LOG_LEVEL: 'silent' });
const options = { modules, programVersion: '0.1.0-dev' };
const names = inject('engines')
  .filter(({ missing }) => missing === undefined)
  .map(({ name }) => name);
const none: ArchiveKey = { kind: 'none' };
const passphrase: ArchiveKey = { kind: 'passphrase', passphrase: 'correct horse battery staple' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plinth-backups-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(names)('on %s', (name) => {
  let test: TestEngine;
  const targets: TestEngine[] = [];
  const open = async (empty: boolean): Promise<Engine> => {
    const target = await openTestEngine(name, { empty });
    targets.push(target);
    return target.engine;
  };
  beforeAll(async () => {
    test = await openTestEngine(name);
    await fillDatabase(
      await openPlinth({ engine: test.engine, config, masterKeys: { current: masterKey, previous: [] } }),
    );
  });
  afterAll(() => test.close());
  afterEach(async () => {
    for (const target of targets.splice(0)) await target.close();
  });

  it.each<[string, ArchiveKey]>([
    ['in the clear', none],
    ['by a passphrase', passphrase],
    ['by the master key', { kind: 'master-key', key: masterKey }],
  ])('sealed %s: restored it is equal, and known to be', async (how, key) => {
    const own = join(folder, name, how.replaceAll(' ', '-'));
    const made = await createBackup(test.engine, { ...options, folder: own, key, now: new Date() });
    expect(made.rows).toBeGreaterThan(3000);
    expect((await stat(made.path)).mode & 0o777).toBe(0o600);
    expect((await stat(own)).mode & 0o777).toBe(0o700);
    expect((await readFile(made.path)).includes('Globex')).toBe(false);
    expect(await listBackups(own)).toMatchObject([{ path: made.path, bytes: made.bytes, sealed: key.kind }]);
    expect((await listBackups(own))[0]?.verifiedAt).toBeUndefined();

    // an empty one is migrated first, which takes longer than all the rest: once is enough
    const scratch = await open(key.kind === 'none');
    const now = new Date();
    const result = await verifyBackup(made.path, scratch, { ...options, key, now });
    expect(result.rows).toBe(made.rows);
    expect(await hashesOf(scratch)).toEqual(await hashesOf(test.engine));
    expect((await listBackups(own))[0]?.verifiedAt).toEqual(now);
    // what holds rows is never restored into
    await expect(restoreBackup(made.path, scratch, { ...options, key })).rejects.toMatchObject({
      code: 'transfer_target_not_empty',
    });
    // a file that is not the one that was proven is not proven
    await writeFile(made.path, 'x', { flag: 'a' });
    expect((await listBackups(own))[0]?.verifiedAt).toBeUndefined();
    await expect(restoreBackup(made.path, scratch, { ...options, key })).rejects.toMatchObject({
      code: 'archive_damaged',
    });
  });

  it('a restore that was stopped goes on', async () => {
    await withHostileTable(test.engine, { rows: 500 });
    const own = join(folder, name, 'stopped');
    const { path } = await createBackup(test.engine, { ...options, folder: own, key: none, now: new Date() });
    const target = await open(false);
    await withHostileTable(target, { rows: 0 });
    const stop = new AbortController();
    await expect(
      restoreBackup(path, target, {
        ...options,
        key: none,
        signal: stop.signal,
        onProgress: (event) => event.kind === 'rows' && event.table === 'events' && stop.abort(),
      }),
    ).rejects.toBeDefined();
    expect(await restoreBackup(path, target, { ...options, key: none })).toMatchObject({ resumed: true });
    expect(await hashesOf(target)).toEqual(await hashesOf(test.engine));
  });

  it('keeps as many as it is told, and touches nothing else in the folder', async () => {
    const own = join(folder, name, 'kept');
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
    for (const second of [1, 2, 3]) {
      await createBackup(test.engine, { ...options, folder: own, key: none, now: at(second) });
    }
    await writeFile(join(own, 'notes.backup'), 'mine');
    const fourth = await createBackup(test.engine, { ...options, folder: own, key: none, now: at(4), keep: 2 });
    expect(fourth.removed).toHaveLength(2);
    expect((await listBackups(own)).map(({ createdAt }) => createdAt)).toEqual([at(4), at(3)]);
    expect(existsSync(join(own, 'notes.backup'))).toBe(true);
    // a second one of the same moment never writes over the first
    await writeFile(`${fourth.path}.partial`, '');
    await expect(createBackup(test.engine, { ...options, folder: own, key: none, now: at(4) })).rejects.toMatchObject({
      code: 'archive_write_failed',
    });
  });
});

async function* bytes(text: string | Buffer): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
const about = (key: ArchiveKey) => ({ createdAt: new Date(), program: 'test', key });
async function contentOf(path: string, key: ArchiveKey): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of readArchive(path, key)) parts.push(part);
  return Buffer.concat(parts);
}

describe.each<[string, ArchiveKey]>([
  ['in the clear', none],
  ['sealed', passphrase],
])('a file %s', (how, key) => {
  // does not compress, so that it has several frames
  const text = randomBytes(2_500_000);
  let path: string;
  let whole: Buffer;
  beforeAll(async () => {
    path = join(folder, `${how.replaceAll(' ', '-')}.file`);
    await writeArchive(path, about(key), bytes(text));
    whole = await readFile(path);
  });

  it('is read as it was written', async () => {
    expect((await contentOf(path, key)).equals(text)).toBe(true);
  });

  it.each([1, 100, 1_048_600, 2_000_000])('cut off by %i bytes it is damaged', async (less) => {
    await writeFile(path, whole);
    await truncate(path, whole.length - less);
    await expect(contentOf(path, key)).rejects.toMatchObject({ code: 'archive_damaged' });
  });

  it.each([400, 1_500_000, 2_400_000])('with byte %i changed it is refused', async (at) => {
    const changed = Buffer.from(whole);
    changed[at] = changed[at]! ^ 1;
    await writeFile(path, changed);
    await expect(contentOf(path, key)).rejects.toMatchObject({
      code: key.kind === 'passphrase' && at < 1_000_000 ? 'archive_key_wrong' : 'archive_damaged',
    });
  });

  it('without its last frame, or with frames exchanged, it is damaged', async () => {
    const start = whole.indexOf(0x0a) + 1;
    const size = 5 + whole.readUInt32BE(start);
    const [first, second] = [whole.subarray(start, start + size), whole.subarray(start + size, start + 2 * size)];
    await writeFile(path, Buffer.concat([whole.subarray(0, start), first, second]));
    await expect(contentOf(path, key)).rejects.toMatchObject({ code: 'archive_damaged' });
    await writeFile(path, Buffer.concat([whole.subarray(0, start), second, first, whole.subarray(start + 2 * size)]));
    await expect(contentOf(path, key)).rejects.toMatchObject({
      code: key.kind === 'none' ? 'archive_damaged' : 'archive_key_wrong',
    });
  });
});

describe('a file', () => {
  it('of another passphrase or master key says so', async () => {
    const path = join(folder, 'keys.file');
    await writeArchive(path, about(passphrase), bytes('text'));
    for (const key of [none, { kind: 'passphrase', passphrase: 'another passphrase' }] as const) {
      await expect(contentOf(path, key)).rejects.toMatchObject({ code: 'archive_key_wrong' });
    }
    await rm(path);
    await writeArchive(path, about({ kind: 'master-key', key: masterKey }), bytes('text'));
    const other = new MasterKey(randomBytes(32));
    await expect(contentOf(path, { kind: 'master-key', key: other })).rejects.toMatchObject({
      code: 'archive_key_wrong',
      detail: expect.stringContaining(masterKey.fingerprint.slice(0, 8)),
    });
  });

  it('of another program or format is refused', async () => {
    const path = join(folder, 'other.file');
    await writeFile(path, '{"format":"plinth-backup","version":2}\n');
    await expect(contentOf(path, none)).rejects.toMatchObject({ code: 'archive_version_unsupported' });
    for (const text of ['', 'PGDMP\n', '{"format":"other","version":1}\n', 'x'.repeat(10_000)]) {
      await writeFile(path, text);
      await expect(contentOf(path, none)).rejects.toMatchObject({ code: 'archive_invalid' });
    }
    await expect(contentOf(join(folder, 'nothing'), none)).rejects.toMatchObject({ code: 'archive_not_found' });
  });

  it('that could not be written to its end leaves nothing', async () => {
    const own = await mkdtemp(join(folder, 'failing-'));
    async function* failing(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(100_000);
      throw new Error('the source failed');
    }
    await expect(writeArchive(join(own, 'a.backup'), about(none), failing())).rejects.toThrow('the source failed');
    expect(await readdir(own)).toEqual([]);
    await expect(writeArchive(join(own, 'no/such/folder'), about(none), bytes('x'))).rejects.toMatchObject({
      code: 'archive_write_failed',
    });
  });

  it('on a full disk says so', async () => {
    // no file system of our own to fill: the same failure, from the place where the write goes
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
    async function* noRoom(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(10);
      throw full;
    }
    await expect(writeArchive(join(folder, 'full.backup'), about(none), noRoom())).rejects.toMatchObject({
      code: 'archive_write_failed',
      detail: expect.stringContaining('the disk is full'),
    });
    expect(existsSync(join(folder, 'full.backup.partial'))).toBe(false);
  });
});
