/** Building the console of a checkout; the published package brings it built. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { consoleFolder } from '../platform/http/console.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** A build takes a few seconds: a lock older than this was left by a process that died, whoever has its number now. */
const lock_ms_max = 120_000;

export interface BuildOptions {
  readonly signal?: AbortSignal;
  /** Told in one line why there is no new console; the server goes on. */
  readonly failed?: (why: string) => void;
}

/**
 * Builds console/dist when it is missing or older than its sources, in a process of its own. Does nothing where there
 * are no sources (the package), no bundler (installed without development dependencies), or another process builds.
 * Never throws. Resolves to whether it built.
 */
export async function buildConsole({ signal, failed = () => undefined }: BuildOptions = {}): Promise<boolean> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const lock = join(root, 'console', '.building');
  if (!existsSync(join(root, 'console', 'src')) || !existsSync(vite)) return false;
  try {
    if (!(await isStale()) || !(await takeLock(lock))) return false;
  } catch (error) {
    failed(`the console was not built: ${(error as Error).message}`);
    return false;
  }
  const out = join(root, 'console', `dist-${process.pid}`);
  const former = `${out}-former`;
  try {
    // another process may have built between the look and the lock
    if (!(await isStale())) return false;
    await runVite(vite, out, signal);
    // two renames: a page that is being read misses its files for no longer than that
    if (existsSync(consoleFolder)) await rename(consoleFolder, former);
    await rename(out, consoleFolder);
    return true;
  } catch (error) {
    if (!signal?.aborted) failed(`the console was not built: ${(error as Error).message}`);
    return false;
  } finally {
    await rm(out, { recursive: true, force: true });
    await rm(former, { recursive: true, force: true });
    await rm(lock, { recursive: true, force: true });
  }
}

async function isStale(): Promise<boolean> {
  const built = await stat(join(consoleFolder, 'index.html')).catch(() => undefined);
  if (!built) return true;
  const folder = join(root, 'console', 'src');
  const sources = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  for (const name of ['index.html', 'portal.html', 'vite.config.ts']) sources.push(join(root, 'console', name));
  const changed = await Promise.all(sources.map(async (path) => (await stat(path)).mtimeMs));
  return Math.max(...changed) > built.mtimeMs;
}

/** True when this process may build: nobody does, or who did has ended. */
export async function takeLock(lock: string): Promise<boolean> {
  const holder = join(lock, 'pid');
  const held = await stat(lock).catch(() => undefined);
  if (held && (Date.now() - held.mtimeMs > lock_ms_max || (await isGone(holder)))) {
    await rm(lock, { recursive: true, force: true });
  }
  try {
    await mkdir(lock);
    await writeFile(holder, String(process.pid));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether the process that a lock names has ended, killed while it built. */
async function isGone(holder: string): Promise<boolean> {
  const pid = Number(await readFile(holder, 'utf8').catch(() => ''));
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** Rejects with what the bundler said. */
async function runVite(vite: string, out: string, signal: AbortSignal | undefined): Promise<void> {
  const child = spawn(process.execPath, [vite, 'build', 'console', '--logLevel', 'error'], {
    cwd: root,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', PLINTH_CONSOLE_OUT: out },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal ? { signal } : {}),
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      said += part.toString();
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(said.trim().slice(0, 2_000));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const failed = (why: string) => {
    process.stderr.write(`${why}\n`);
    process.exitCode = 1;
  };
  await buildConsole({ failed });
}
