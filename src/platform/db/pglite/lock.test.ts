import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { temporaryDataDir } from '../../../../tests/support/data-dir.ts';
import { openPglite } from './engine.ts';
import { lockFolder } from './lock.ts';
import { stateOf, thisProcess } from './process-identity.ts';

const contender = fileURLToPath(new URL('../../../../tests/support/lock-contender.ts', import.meta.url));

function folder(): string {
  const path = temporaryDataDir();
  mkdirSync(path);
  return path;
}

function writeLock(path: string, holder: object): void {
  writeFileSync(join(path, 'plinth.lock'), JSON.stringify(holder));
}

describe('the lock of a data folder', () => {
  it('names the holder, and is free again after release', async () => {
    const path = folder();
    const lock = await lockFolder(path);
    await expect(lockFolder(path)).rejects.toMatchObject({
      code: 'data_folder_in_use',
      detail: expect.stringContaining(`process ${process.pid} `),
    });
    await lock.release();
    const again = await lockFolder(path);
    await again.release();
    expect(readdirSync(path)).toEqual([]);
  });

  it('keeps a second engine out, with the first one named, and unharmed', async () => {
    const dataDir = temporaryDataDir();
    const load = inject('engines').find(({ name }) => name === 'pglite')?.emptyTar;
    const first = await openPglite({ dataDir, fsync: false, ...(load !== undefined && { load }) });
    try {
      await expect(openPglite({ dataDir })).rejects.toMatchObject({
        code: 'data_folder_in_use',
        detail: expect.stringContaining(String(process.pid)),
      });
      expect((await first.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    } finally {
      await first.close();
    }
  });

  it('of a process that is gone is taken over: ended, number used again, torn file', async () => {
    const me = thisProcess();
    for (const holder of [
      { ...me, pid: 2 ** 22 + 1, token: 'gone' },
      // The number is used again, by us, who started at another time.
      { ...me, startTime: '1', token: 'reused' },
    ]) {
      const path = folder();
      writeLock(path, holder);
      const lock = await lockFolder(path);
      expect(JSON.parse(readFileSync(join(path, 'plinth.lock'), 'utf8'))).toMatchObject({ token: lock.token });
      await lock.release();
      expect(readdirSync(path)).toEqual([]);
    }
    const path = folder();
    writeFileSync(join(path, 'plinth.lock'), '{"pid": 1');
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(join(path, 'plinth.lock'), longAgo, longAgo);
    await (await lockFolder(path)).release();
  });

  it('of another container is respected while it is touched', async () => {
    const path = folder();
    writeLock(path, { ...thisProcess(), pidNamespace: 'pid:[1]', token: 'elsewhere' });
    const touch = setInterval(() => utimesSync(join(path, 'plinth.lock'), new Date(), new Date()), 200);
    await expect(lockFolder(path)).rejects.toMatchObject({ code: 'data_folder_in_use' });
    clearInterval(touch);
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(join(path, 'plinth.lock'), longAgo, longAgo);
    await (await lockFolder(path)).release();
  });

  it('takes over when the one taking over died on the way', async () => {
    const path = folder();
    const dead = { ...thisProcess(), pid: 2 ** 22 + 1 };
    writeLock(path, { ...dead, token: 'first' });
    writeFileSync(join(path, 'plinth.lock.takeover-first'), JSON.stringify({ ...dead, token: 'second' }));
    writeFileSync(
      join(path, 'plinth.lock.takeover-first.takeover-second'),
      JSON.stringify({ ...dead, token: 'third' }),
    );
    const lock = await lockFolder(path);
    await lock.release();
    expect(readdirSync(path)).toEqual([]);
  });

  it('is won by exactly one of eight that come at once, however the last holder ended', {
    timeout: 120_000,
  }, async () => {
    const path = folder();
    const start = async () => {
      const child = fork(contender, [path]);
      await answer(child);
      return child;
    };
    const children = await Promise.all(Array.from({ length: 8 }, start));
    for (let round = 0; round < rounds; round++) {
      const ending = endings[round % endings.length]!;
      const answers = Promise.all(children.map(answer));
      for (const child of children) child.send('go');
      const said = await answers;
      expect([ending, said.toSorted()]).toEqual([ending, [...Array(7).fill('lost'), 'won']]);
      const winner = said.indexOf('won');
      if (ending === 'released') {
        const released = answer(children[winner]!);
        children[winner]!.send('release');
        await released;
      } else {
        const gone = once(children[winner]!, 'exit');
        children[winner]!.kill('SIGKILL');
        await gone;
        children[winner] = await start();
      }
      // One who died on the way to taking it over is in the way as well.
      if (ending === 'killed, and the next one too') {
        const { token } = JSON.parse(readFileSync(join(path, 'plinth.lock'), 'utf8')) as { token: string };
        const dead = { ...thisProcess(), pid: 2 ** 22 + 1, token: `dead-${round}` };
        writeFileSync(join(path, `plinth.lock.takeover-${token}`), JSON.stringify(dead));
      }
    }
    for (const child of children) child.kill();
    await (await lockFolder(path)).release();
    expect(readdirSync(path)).toEqual([]);
  });
});

const rounds = 30;
const endings = ['killed', 'killed, and the next one too', 'released'] as const;

async function answer(child: ChildProcess): Promise<string> {
  const [word] = await once(child, 'message');
  return word as string;
}

it('a process is known by when it started', () => {
  expect(stateOf(thisProcess())).toBe('alive');
  expect(stateOf({ ...thisProcess(), startTime: '1' })).toBe('dead');
  expect(stateOf({ ...thisProcess(), pid: 2 ** 22 + 1 })).toBe('dead');
  expect(stateOf({ ...thisProcess(), bootId: 'another' })).toBe('unknown');
  expect(stateOf({ ...thisProcess(), pid: -1 })).toBe('dead');
});
