/** The program as users run it: a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../bin/plinth.js', import.meta.url));

export interface RunningServer {
  readonly url: string;
  readonly child: ChildProcess;
  /** Milliseconds from the start of the process to its first "ready" answer. */
  readonly readyMs: number;
  /** Resident memory in MB. */
  memoryMb(): number;
  stop(): Promise<void>;
}

/** Starts `plinth up` and waits until /readyz says so. */
export async function startUp(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const started = performance.now();
  const child = spawn(process.execPath, [program, 'up', '--port', '0', ...args], {
    env: { ...process.env, PLINTH_LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text);
      if (found) resolve(found[0]);
    });
    child.once('exit', (code) => reject(new Error(`plinth up ended with ${code}: ${text}`)));
  });
  while (
    !(await fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await new Promise((resolve) => setTimeout(resolve, 5));
  return {
    url,
    child,
    readyMs: performance.now() - started,
    memoryMb: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}
