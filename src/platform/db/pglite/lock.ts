/**
 * The lock of a data folder. PGlite has none: two processes both open a folder, both write, both close without an
 * error, and the indexes are corrupt. Node has no flock, so the lock is a file made by a hard link, which exactly one
 * process can make, that says who holds it.
 */
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { databaseErrors } from '../errors.ts';
import { type ProcessIdentity, stateOf, thisProcess } from './process-identity.ts';

const lockFile = 'plinth.lock';
/** The holder touches its lock so often, for those who can not see its process (another container). */
const heartbeatMs = 5_000;
/** A lock whose holder can not be seen is taken over when it is not touched for so long: a restarted container waits. */
const heartbeatLostMs = 20_000;
const heartbeatLookMs = 500;
/** Two that meet at the same stale lock sort it out in a few turns. */
const attemptsMax = 200;
const retryMs = 5;

/** Stands for a holder that is not told. */
const unreadable = 'unreadable';

interface Holder extends ProcessIdentity {
  /** Different for every lock ever taken. */
  readonly token: string;
}

export interface FolderLock {
  readonly token: string;
  release(): Promise<void>;
}

/**
 * Takes the folder's lock for this process, once. A lock left by a process that is gone is taken over. Throws
 * `data_folder_in_use` naming the holder's pid.
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockFile);
  const token = await take(path);
  await sweepLeftovers(folder);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, heartbeatMs);
  heartbeat.unref();
  return {
    token,
    async release() {
      clearInterval(heartbeat);
      if ((await read(path))?.token === token) await rm(path, { force: true });
    },
  };
}

async function take(path: string): Promise<string> {
  const token = randomUUID();
  const own = `${path}.own-${token}`;
  await writeFile(own, JSON.stringify({ ...thisProcess(), token } satisfies Holder), { flag: 'wx', mode: 0o600 });
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (await linked(own, path)) return token;
      const holder = await read(path);
      if (holder === undefined) continue;
      if (!(await isStale(path, holder))) throw inUse(path, holder);
      if (await takeOver(path, holder, own)) return token;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
    throw databaseErrors.data_folder_in_use({ detail: `${path} is being fought over by several processes.` });
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Replaces a stale lock by our own. Whoever looks at a stale lock and then replaces it may meet another who did so in
 * between, and throw out a lock that is alive. So the right to replace the lock with *this* token is a lock of its own:
 * while we hold it nobody else replaces that token, and what we see under it stays true.
 */
async function takeOver(path: string, stale: Holder, own: string): Promise<boolean> {
  const right = `${path}.takeover-${stale.token}`;
  if (!(await linked(own, right))) {
    // Its holder may have died as well: then the right is taken over first, in the same way.
    const other = await read(right);
    if (other === undefined || !(await isStale(right, other)) || !(await takeOver(right, other, own))) return false;
  }
  try {
    if ((await read(path))?.token !== stale.token) return false;
    // A rename of a link onto another link to the same file does nothing, so the lock is a second copy.
    const copy = `${own}.copy`;
    await writeFile(copy, await readFile(own), { flag: 'wx', mode: 0o600 });
    await rename(copy, path);
    return true;
  } finally {
    await rm(right, { force: true });
  }
}

async function isStale(path: string, holder: Holder): Promise<boolean> {
  const state = stateOf(holder);
  if (state !== 'unknown') return state === 'dead';
  for (let last = Number.NEGATIVE_INFINITY; ; ) {
    const age = await untouchedMs(path);
    if (age > heartbeatLostMs) return true;
    // Younger than at the last look: it was touched, so it is alive.
    if (age < last) return false;
    last = age;
    await new Promise((resolve) => setTimeout(resolve, heartbeatLookMs));
  }
}

/** Age of a file by the clock of its own file system, which may be another machine's. */
async function untouchedMs(path: string): Promise<number> {
  const probe = `${path}.clock-${randomUUID()}`;
  try {
    await writeFile(probe, '', { flag: 'wx', mode: 0o600 });
    return (await stat(probe)).mtimeMs - (await stat(path)).mtimeMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  } finally {
    await rm(probe, { force: true });
  }
}

function inUse(path: string, holder: Holder): Error {
  const seen =
    stateOf(holder) === 'alive'
      ? `process ${holder.pid} has it open`
      : `process ${holder.pid} of another container or machine has it open`;
  return databaseErrors.data_folder_in_use({ detail: `${path}: ${seen}.` });
}

/** True when the link was made; false when the name is taken. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The lock's content; undefined when there is none. What can not be read as ours is nobody's we can ask: stale by age. */
async function read(path: string): Promise<Holder | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const holder = JSON.parse(text) as Partial<Holder>;
    if (typeof holder.pid === 'number' && typeof holder.token === 'string' && /^[\w-]+$/.test(holder.token)) {
      return holder as Holder;
    }
  } catch {
    // A torn write after a power cut.
  }
  return { pid: 0, bootId: unreadable, token: unreadable };
}

/** Files of processes that died while they tried; the holder alone removes them. */
async function sweepLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${lockFile}.`)) continue;
    const path = join(folder, name);
    const owner = await read(path).catch(() => undefined);
    if (!owner) continue;
    // Unreadable: killed while it wrote, or still writing.
    const gone = owner.bootId === unreadable ? (await untouchedMs(path)) > heartbeatLostMs : stateOf(owner) === 'dead';
    if (gone) await rm(path, { force: true });
  }
}
