import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { takeLock } from './console-build.ts';

const folder = mkdtempSync(join(tmpdir(), 'plinth-console-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('one process builds at a time; the lock of one that was killed holds up nobody', async () => {
  const lock = join(folder, 'taken');
  expect([await takeLock(lock), await takeLock(lock)]).toEqual([true, false]);
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(join(lock, 'pid'), String(ended));
  expect([await takeLock(lock), await takeLock(lock)]).toEqual([true, false]);
});

it('a lock that names nobody yet is left to its owner', async () => {
  const lock = join(folder, 'just made');
  mkdirSync(lock);
  expect(await takeLock(lock)).toBe(false);
});
