import { type ChildProcess, spawn } from 'node:child_process';

const said_chars_max = 4_000;

/** The worker under test, started by the command that was given; its own process group, so that all of it can be killed. */
export class WorkerProcess {
  readonly #command: readonly string[];
  readonly #options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv };
  #child: ChildProcess | undefined;
  #ended: Promise<number | string> = Promise.resolve(0);
  #said = '';

  constructor(command: readonly string[], options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }) {
    this.#command = command;
    this.#options = options;
  }

  /** The end of what it wrote to standard output and standard error. */
  get said(): string {
    return this.#said.trim();
  }

  get runs(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(): void {
    const [program = '', ...given] = this.#command;
    const child = spawn(program, given, { ...this.#options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString()).slice(-said_chars_max);
      });
    }
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#said += String(error.message);
        resolve('error');
      });
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
    });
  }

  /** Asks it to stop as a supervisor does. Resolves with its exit code or signal; undefined: not in time. */
  async stop(msMax: number): Promise<number | string | undefined> {
    this.#child?.kill('SIGTERM');
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), msMax);
    });
    try {
      return await Promise.race([this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** `kill -9`, with whatever it has started. */
  async kill(): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // it has ended
    }
    await this.#ended;
  }
}
