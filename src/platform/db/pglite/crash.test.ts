import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { temporaryDataDir } from '../../../../tests/support/data-dir.ts';
import { fromDatabaseError } from '../sql-errors.ts';
import { openPglite } from './engine.ts';

const rounds = Number(process.env['PLINTH_CRASH_ROUNDS'] ?? 3);
const writer = fileURLToPath(new URL('../../../../tests/support/crash-writer.ts', import.meta.url));
/** Room for a cluster (about 40 MB with its log) and not much more. */
const smallDiskMegabytes = 120;

describe('kill -9 while writing', () => {
  it('loses no acknowledged row and leaves no half transaction', { timeout: rounds * 40_000 }, async () => {
    const dataDir = temporaryDataDir();
    let acknowledged = 0;
    for (let round = 0; round < rounds; round++) {
      const last = await writeUntilKilled(dataDir, acknowledged + 1, 150 + 170 * (round % 7));
      expect(last).toBeGreaterThan(acknowledged);
      acknowledged = last;
      const engine = await openPglite({ dataDir });
      try {
        const { rows } = await engine.pool.query(
          `select (select count(*)::int from a) as a, (select count(*)::int from b) as b,
                  (select count(*)::int from a join b using (n)) as both, (select max(n) from a) as last`,
        );
        const [{ a, b, both, last: stored }] = rows;
        // At most one row more: committed, and killed before it could be said.
        expect(stored - acknowledged).toBeGreaterThanOrEqual(0);
        expect(stored - acknowledged).toBeLessThanOrEqual(1);
        expect({ a, b, both }).toEqual({ a: stored, b: stored, both: stored });
        acknowledged = stored;
      } finally {
        await engine.close();
      }
    }
  });
});

/** The last number that was acknowledged before the kill. */
async function writeUntilKilled(dataDir: string, first: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [writer, dataDir, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.startsWith('ready\n')) resolve();
    });
    child.once('exit', () => reject(new Error('the writer ended by itself')));
  });
  await ready;
  // Once it writes, some time into it.
  while (!/^ready\n\d+\n/.test(output)) await new Promise((resolve) => setTimeout(resolve, 10));
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
  return Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
}

describe('a full disk', () => {
  const mounted: string[] = [];
  afterEach(() => {
    for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder]);
  });

  it('is said, loses nothing, and is over when there is room again', { timeout: 90_000 }, async (test) => {
    const disk = temporaryDataDir();
    mkdirSync(disk);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${smallDiskMegabytes}m`, 'tmpfs', disk]);
    if (mount.status !== 0) test.skip('no permission to mount a small file system');
    mounted.push(disk);
    const load = inject('engines').find(({ name }) => name === 'pglite')?.emptyTar;
    const engine = await openPglite({ dataDir: join(disk, 'data'), ...(load !== undefined && { load }) });
    try {
      await engine.pool.query('create table kept (n int)');
      await engine.pool.query('insert into kept values (1)');
      await engine.pool.query('create table heap (text text)');
      // Not compressible, and stored outside the row: the table's file grows before the log does.
      const fill = () =>
        engine.pool.query(`insert into heap select string_agg(md5(random()::text), '') from generate_series(1, 20000)`);
      const codes: string[] = [];
      for (let n = 0; n < 400 && codes.length < 3; n++) {
        await fill().catch((error: unknown) => codes.push(fromDatabaseError(error).code));
      }
      expect(codes.length).toBe(3);
      expect(codes).toEqual(['database_full', 'database_full', 'database_full']);
      await engine.pool.query('truncate heap').catch(() => undefined);
      spawnSync('mount', ['-o', `remount,size=${smallDiskMegabytes * 3}m`, disk]);
      await expect
        .poll(
          () =>
            engine.pool.query('select n from kept').then(
              ({ rows }) => rows,
              (error: Error) => error.message,
            ),
          {
            timeout: 20_000,
          },
        )
        .toEqual([{ n: 1 }]);
      await engine.pool.query('insert into kept values (2)');
    } finally {
      await engine.close();
    }
  });
});
