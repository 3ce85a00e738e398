import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { analysisErrors } from '../errors.ts';
import { analysisLimits } from '../limits.ts';

/** Settings that would run a program or reach the network; the command line stands above the repository's own. */
const safeSettings = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.pager=cat',
  'credential.helper=',
  'protocol.allow=never',
  'submodule.recurse=false',
].flatMap((setting) => ['-c', setting]);

/** Nothing of our own environment but where programs are: no settings of the user or machine, no prompts, no fetching
 * of missing objects, no replaced ones. */
function gitEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_LAZY_FETCH: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}

/** A running git whose output is read as it comes; it is ended when the reader stops, is silent too long, or aborts. */
export class GitProcess {
  readonly child: ChildProcessWithoutNullStreams;
  private stderr = '';
  private failure: Error | null = null;
  private readonly exited: Promise<number | null>;
  private timer: NodeJS.Timeout | undefined;

  constructor(args: readonly string[], signal: AbortSignal, allowedProtocol = '') {
    this.child = spawn('git', [...safeSettings, ...args], {
      // Not the caller's folder: it may be gone, and a missing folder looks like a missing git.
      cwd: '/',
      env: { ...gitEnvironment(), GIT_ALLOW_PROTOCOL: allowedProtocol },
      signal,
      killSignal: 'SIGKILL',
    });
    this.child.on('error', (error) => {
      this.failure ??= error;
    });
    this.exited = once(this.child, 'close').then(
      () => this.child.exitCode,
      () => null,
    );
    // A closed pipe shows as the exit code; without a listener it would end the process.
    this.child.stdin.on('error', () => {});
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (this.stderr.length < analysisLimits.git_stderr_bytes) this.stderr += text;
    });
    this.watch();
  }

  /** Starts the time of silence anew. */
  watch(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.failure ??= new Error(`git was silent for ${analysisLimits.git_silence_ms} ms`);
      this.child.kill('SIGKILL');
    }, analysisLimits.git_silence_ms);
    this.timer.unref();
  }

  /** Stops counting silence: the reader is busy, git is not to blame. */
  unwatch(): void {
    clearTimeout(this.timer);
  }

  async *output(): AsyncGenerator<Buffer> {
    for await (const chunk of this.child.stdout) {
      this.unwatch();
      yield chunk as Buffer;
      this.watch();
    }
  }

  /** The exit code, once all output was read; null when it did not run to its end. */
  async end(): Promise<number | null> {
    const code = await this.exited;
    clearTimeout(this.timer);
    return this.failure === null ? code : null;
  }

  /** What went wrong, as an error of the catalogue. What git printed is the cause: it is logged, not shown. */
  error(detail: string): Error {
    if (this.failure !== null && 'code' in this.failure && this.failure.code === 'ENOENT') {
      return analysisErrors.analysis_git_missing({ cause: this.failure });
    }
    return analysisErrors.analysis_source_unreadable({ detail, cause: this.failure ?? new Error(this.stderr.trim()) });
  }

  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.child.kill('SIGKILL');
    this.child.stdin.destroy();
    this.child.stdout.destroy();
    await this.exited;
  }
}

/** Runs git to its end with little output. Over `maxBytes` the rest is dropped. */
export async function runGit(
  args: readonly string[],

  signal: AbortSignal,
  maxBytes = 4096,
  allowedProtocol = '',
): Promise<{ code: number | null; stdout: string; git: GitProcess }> {
  const git = new GitProcess(args, signal, allowedProtocol);
  git.child.stdin.end();
  let stdout = '';
  try {
    for await (const chunk of git.output()) if (stdout.length < maxBytes) stdout += chunk.toString('latin1');
  } catch {
    // The abort or failed start is in the exit code.
  }
  const code = await git.end();
  signal.throwIfAborted();
  return { code, stdout, git };
}

/** Splits a stream at NUL bytes. A part longer than `maxBytes` is cut there, so that memory stays bounded. */
export async function* splitAtNul(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let from = 0;
    for (let nul = chunk.indexOf(0); nul >= 0; nul = chunk.indexOf(0, from)) {
      yield rest.length > 0 ? Buffer.concat([rest, chunk.subarray(from, nul)]) : chunk.subarray(from, nul);
      rest = Buffer.alloc(0);
      from = nul + 1;
    }
    if (from < chunk.length && rest.length < maxBytes) rest = Buffer.concat([rest, chunk.subarray(from)]);
  }
  if (rest.length > 0) yield rest;
}
