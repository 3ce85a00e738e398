import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateMasterKeyText, loadMasterKeyFile, loadOrCreateMasterKeyFile } from './index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plinth-key-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const refusal = (words: string) =>
  expect.objectContaining({ code: 'master_key_invalid', detail: expect.stringContaining(words) });

test('the first start makes a private file, the second reads it', async () => {
  const path = join(folder, 'new', 'master.key');
  const first = await loadOrCreateMasterKeyFile(path);
  const second = await loadOrCreateMasterKeyFile(path);
  expect([first.created, second.created]).toEqual([true, false]);
  expect(second.key.fingerprint).toBe(first.key.fingerprint);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'new'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, 'new'))).toEqual(['master.key']);
});

test('processes that start at once end with one key and leave nothing behind', async () => {
  const path = join(folder, 'race', 'master.key');
  const all = await Promise.all(Array.from({ length: 20 }, () => loadOrCreateMasterKeyFile(path)));
  expect(new Set(all.map(({ key }) => key.fingerprint)).size).toBe(1);
  expect(all.filter(({ created }) => created)).toHaveLength(1);
  expect(await readdir(join(folder, 'race'))).toEqual(['master.key']);
});

test('no file is undefined, and is not made', async () => {
  expect(await loadMasterKeyFile(join(folder, 'absent'))).toBeUndefined();
  await expect(stat(join(folder, 'absent'))).rejects.toThrow('ENOENT');
});

test.each([0o644, 0o640, 0o604, 0o620, 0o601])('mode %o is refused', async (mode) => {
  const path = join(folder, `mode-${mode}`);
  await writeFile(path, generateMasterKeyText());
  await chmod(path, mode);
  await expect(loadMasterKeyFile(path)).rejects.toThrow(refusal('other users'));
  await expect(loadOrCreateMasterKeyFile(path)).rejects.toThrow(refusal('other users'));
});

test('a link, a folder, a large file and a broken key are refused, and never replaced', async () => {
  const target = join(folder, 'target');
  await writeFile(target, generateMasterKeyText(), { mode: 0o600 });
  await symlink(target, join(folder, 'link'));
  await expect(loadOrCreateMasterKeyFile(join(folder, 'link'))).rejects.toThrow(refusal('symbolic link'));
  await expect(loadOrCreateMasterKeyFile(folder)).rejects.toThrow(refusal('not a regular file'));
  await writeFile(join(folder, 'large'), 'x'.repeat(2000), { mode: 0o600 });
  await expect(loadOrCreateMasterKeyFile(join(folder, 'large'))).rejects.toThrow(refusal('too large'));
  await writeFile(join(folder, 'broken'), 'not a key', { mode: 0o600 });
  await expect(loadOrCreateMasterKeyFile(join(folder, 'broken'))).rejects.toThrow(refusal('neither'));
  expect(await readFile(join(folder, 'broken'), 'utf8')).toBe('not a key');
});

test('a file inside the data folder is refused, also through a link', async () => {
  const data = join(folder, 'data');
  await mkdir(data);
  await symlink(data, join(folder, 'way-in'));
  for (const path of [join(data, 'k'), join(data, 'deep', 'k'), join(folder, 'way-in', 'k')]) {
    await expect(loadOrCreateMasterKeyFile(path, { outside: data })).rejects.toThrow(refusal('inside the data folder'));
  }
  expect((await loadOrCreateMasterKeyFile(join(folder, 'data.key'), { outside: data })).created).toBe(true);
});
