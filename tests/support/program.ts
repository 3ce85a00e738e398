/** The real program in processes of its own, started as an operator starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { request } from 'node:http';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDataDir } from './data-dir.ts';
import { compiledCode } from './processes.ts';

const program = fileURLToPath(new URL('../../bin/plinth.js', import.meta.url));
const hang_ms = 90_000;

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Closed after this text; without it there is no standard input. */
  readonly input?: string;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  /** Resolves when the process has ended. */
  readonly finished: Promise<Finished>;
  kill(signal: NodeJS.Signals): void;
  /** Everything it has said so far, on both channels. */
  said(): string;
}

/** What the program is given of our environment: nothing that begins with PLINTH_, and no DATABASE_URL. */
function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]] as const],
  );
  return { ...Object.fromEntries(kept), ...compiledCode(), PLINTH_LOG_LEVEL: 'warn', ...more };
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

function start(
  args: readonly string[],
  options: ProgramOptions,
): { child: ChildProcess; finished: Promise<Finished>; said: () => string } {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd ?? dirname(temporaryDataDir()),
    env: environment(options.env),
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  alive.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  if (options.input !== undefined) child.stdin?.end(options.input);
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      alive.delete(child);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { child, finished, said: () => stdout + stderr };
}

/** Runs one command to its end. */
export async function runProgram(args: readonly string[], options: ProgramOptions = {}): Promise<Finished> {
  const { child, finished, said } = start(args, options);
  const guard = setTimeout(() => {
    process.stderr.write(`plinth ${args.join(' ')} hangs:\n${said()}\n`);
    child.kill('SIGKILL');
  }, hang_ms);
  try {
    return await finished;
  } finally {
    clearTimeout(guard);
  }
}

/** Starts `plinth up` (or the command given) and waits until it serves. Rejects with what it said when it ends before. */
export async function startServer(
  port: number,
  args: readonly string[],
  options: ProgramOptions & { readonly command?: string } = {},
): Promise<RunningServer> {
  const { child, finished, said } = start([options.command ?? 'up', '--port', String(port), ...args], options);
  let isOver = false;
  finished.then(
    () => {
      isOver = true;
    },
    () => undefined,
  );
  const startedAt = performance.now();
  while (!/^api {6}http/m.test(said())) {
    if (isOver) throw new Error(`the server ended before it served:\n${said()}`);
    if (performance.now() - startedAt > hang_ms) {
      child.kill('SIGKILL');
      throw new Error(`the server does not serve:\n${said()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    pid: child.pid as number,
    port,
    url: `http://127.0.0.1:${port}`,
    finished,
    kill: (signal) => void child.kill(signal),
    said,
  };
}

/** Runs a command through a running server's control socket, without a process of its own. */
export function callControl(
  socketPath: string,
  argv: readonly string[],
): Promise<{ exit: number | undefined; out: string; notes: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method: 'POST', path: '/run' }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', reject);
      response.on('end', () => {
        const lines = text
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as { out?: string; note?: string; exit?: number });
        resolve({
          exit: lines.find((line) => line.exit !== undefined)?.exit,
          out: lines.flatMap((line) => line.out ?? []).join('\n'),
          notes: lines.flatMap((line) => line.note ?? []).join('\n'),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ argv, cwd: process.cwd(), json: argv.includes('--json') }));
  });
}
