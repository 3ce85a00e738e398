import { type ChildProcess, spawn } from 'node:child_process';
import { isAbsolute } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { TaskContext, TaskHandler } from '../../../platform/module.ts';
import { TaskFailure } from '../failure.ts';
import { GroupMeter } from './measure.ts';

/**
 * A command of the operator's. All of it is code: nothing of a payload, definition or row becomes an executable, an
 * argument, a path or an environment variable. The payload is JSON on standard input.
 */
export interface CommandOptions {
  readonly description: string;
  /** An absolute path, or a name that is looked up in the operator's PATH. Never run through a shell. */
  readonly executable: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  /** Names of variables of this process that the command gets besides PATH, HOME, LANG, TZ and TMPDIR. */
  readonly environment?: readonly string[];
  /** Bytes of standard output that are kept as the result; the rest is read and thrown away. Default 256 KiB. */
  readonly outputBytesMax?: number;
  /** The command is killed when its processes hold more at once. Where there is /proc. */
  readonly memoryMbMax?: number;
  /** Exit codes after which there is no other attempt. */
  readonly nonRetryableExitCodes?: readonly number[];
}

export interface CommandResult {
  readonly exit_code: 0;
  readonly stdout: string;
  /** Whether standard output was longer than is kept. */
  readonly truncated: boolean;
}

const environment_always = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];
const output_bytes_default = 256 * 1024;
const error_tail_bytes = 8 * 1024;
/** Between being asked to end and being killed; less than a stopped handler is waited for. */
const kill_after_ms = 700;
const first_sample_ms = 10;
const sample_ms = 100;
const line_chars_max = 64 * 1024;

/** Makes a task handler of a command: `tasks: { 'video.thumbnail': defineCommand({ executable: '/usr/bin/ffmpeg', … }) }`. */
export function defineCommand(options: CommandOptions): TaskHandler {
  if (options.executable === '' || options.executable.includes('\0'))
    throw new TypeError('a command names an executable');
  if (options.executable.includes('/') && !isAbsolute(options.executable)) {
    throw new TypeError(`the executable ${options.executable} is neither an absolute path nor a name`);
  }
  return { description: options.description, run: (context, payload) => runCommand(options, context, payload) };
}

function environmentOf({ environment = [] }: CommandOptions): Record<string, string> {
  const names = [...environment_always, ...environment];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

async function runCommand(options: CommandOptions, context: TaskContext, payload: unknown): Promise<CommandResult> {
  context.signal.throwIfAborted();
  const startedAt = performance.now();
  const child = spawn(options.executable, [...(options.args ?? [])], {
    env: environmentOf(options),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    // a process group of its own, so that what it starts can be killed with it
    detached: true,
    shell: false,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = collect(child, context, options.outputBytesMax ?? output_bytes_default);
  // a command that does not read is no failure
  child.stdin!.on('error', () => undefined);
  child.stdin!.end(JSON.stringify(payload ?? null));
  const ended = await supervise(child, options, context);
  const durationMs = Math.round(performance.now() - startedAt);
  await recordUsage(context, ended, durationMs);
  if (ended.reason) throw ended.reason;
  if (ended.code === 0) return { exit_code: 0, stdout: output.stdout(), truncated: output.truncated() };
  const how = ended.code === null ? `signal ${ended.signal}` : `exit code ${ended.code}`;
  throw new TaskFailure('command_failed', `the command ended with ${how}`, {
    retryable: ended.code === null || !options.nonRetryableExitCodes?.includes(ended.code),
    details: { exit_code: ended.code, signal: ended.signal, stderr: output.stderrTail() },
  });
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly meter: GroupMeter | undefined;
  /** Why it was killed, or could not be started. */
  readonly reason: unknown;
}

function supervise(child: ChildProcess, { memoryMbMax }: CommandOptions, { signal }: TaskContext): Promise<Ended> {
  return new Promise((resolve) => {
    const meter = child.pid === undefined ? undefined : new GroupMeter(child.pid);
    let reason: unknown;
    let killer: NodeJS.Timeout | undefined;
    const stop = (why: unknown) => {
      if (reason !== undefined) return;
      reason = why ?? new TaskFailure('cancelled', 'the command was stopped', { retryable: false });
      signalGroup(child.pid, 'SIGTERM');
      killer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), kill_after_ms);
    };
    const onAbort = () => stop(signal.reason);
    const sample = () => {
      const held = meter?.sample() ?? 0;
      if (memoryMbMax !== undefined && held > memoryMbMax * 1024 * 1024) {
        const detail = `the command held more than ${memoryMbMax} MB`;
        stop(new TaskFailure('memory_exceeded', detail));
        signalGroup(child.pid, 'SIGKILL');
      }
      sampler = setTimeout(sample, sample_ms);
    };
    let sampler = setTimeout(sample, first_sample_ms);
    meter?.sample();
    const finish = (code: number | null, by: string | null) => {
      clearTimeout(killer);
      clearTimeout(sampler);
      signal.removeEventListener('abort', onAbort);
      resolve({ code, signal: by, meter, reason });
    };
    child.once('exit', () => {
      meter?.sample();
      // what it has started and left behind goes with it, and lets go of its output
      signalGroup(child.pid, 'SIGKILL');
    });
    child.once('close', finish);
    child.once('error', (cause) => {
      reason ??= new TaskFailure('command_not_started', 'the command could not be started', {
        retryable: false,
        cause,
      });
      if (child.pid === undefined) finish(null, null);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is empty
  }
}

function collect(child: ChildProcess, context: TaskContext, bytesMax: number) {
  const kept: Buffer[] = [];
  let bytes = 0;
  let tail = Buffer.alloc(0);
  const outLines = lineLogger((line) => context.log('info', line));
  const errorLines = lineLogger((line) => context.log('warn', line));
  child.stdout!.on('data', (chunk: Buffer) => {
    if (bytes < bytesMax) kept.push(chunk.subarray(0, bytesMax - bytes));
    bytes += chunk.length;
    outLines.add(chunk);
  });
  child.stderr!.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-error_tail_bytes);
    errorLines.add(chunk);
  });
  child.stdout!.once('end', outLines.end);
  child.stderr!.once('end', errorLines.end);
  const textOf = (part: Buffer) => part.toString().replaceAll('\0', '\uFFFD');
  return {
    stdout: () => textOf(Buffer.concat(kept)),
    truncated: () => bytes > bytesMax,
    stderrTail: () => textOf(tail),
  };
}

/** Lines as they come; one that never ends is cut. */
function lineLogger(say: (line: string) => void) {
  const decoder = new TextDecoder();
  let rest = '';
  return {
    add(chunk: Buffer) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = (lines.pop() ?? '').slice(0, line_chars_max);
      for (const line of lines) if (line !== '') say(line);
    },
    end() {
      if (rest !== '') say(rest);
    },
  };
}

async function recordUsage(context: TaskContext, { meter, code }: Ended, durationMs: number): Promise<void> {
  const total = meter?.total();
  const megabytes = (bytes: number) => Math.round(bytes / 1024 / 10.24) / 100;
  const usage = {
    duration_ms: durationMs,
    cpu_ms: total && Math.round(total.cpuMs),
    memory_usage_mb: total && megabytes(total.memoryBytes),
    disk_usage_mb: total && megabytes(total.ioBytes),
    exit_code: code,
  };
  const { platform, organizationId, taskId, attempt } = context;
  try {
    await platform.door.writeAll(
      { as: 'worker', memberRole: 'service' },
      [
        {
          text: 'select plinth.record_task_usage($1, $2, $3, $4::jsonb)',
          values: [organizationId, taskId, attempt, JSON.stringify(usage)],
        },
      ],
      { pool: 'worker' },
    );
  } catch (error) {
    platform.log.warn({ err: error, task: taskId }, 'what a command took could not be recorded');
  }
}
