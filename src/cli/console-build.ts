/** Building the console of a checkout; the published package brings it built. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { consoleFolder } from '../platform/http/console.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** A build takes a few seconds: a lock older than this was left by a process that died. */
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
  try {
    await runVite(vite, out, signal);
    await rm(consoleFolder, { recursive: true, force: true });
    await rename(out, consoleFolder);
    return true;
  } catch (error) {
    if (!signal?.aborted) failed(`the console was not built: ${(error as Error).message}`);
    return false;
  } finally {
    await rm(out, { recursive: true, force: true });
    await rm(lock, { recursive: true, force: true });
  }
}

async function isStale(): Promise<boolean> {
  const built = await stat(join(consoleFolder, 'index.html')).catch(() => undefined);
  if (!built) return true;
  const folder = join(root, 'console', 'src');
  const sources = (await readdir(folder, { recursive: true })).map((name) => join(folder, name));
  sources.push(join(root, 'console', 'index.html'), join(root, 'console', 'vite.config.ts'));
  const changed = await Promise.all(sources.map(async (path) => (await stat(path)).mtimeMs));
  return Math.max(...changed) > built.mtimeMs;
}

/** True when this process may build. */
async function takeLock(lock: string): Promise<boolean> {
  const held = await stat(lock).catch(() => undefined);
  if (held && Date.now() - held.mtimeMs > lock_ms_max) await rm(lock, { recursive: true, force: true });
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
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
