import { limits } from '../../platform/core/limits.ts';
import { assertJsonDepth } from '../../platform/http/json.ts';
import type { TaskContext } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ClaimedTask } from './engine.ts';
import { TaskFailure } from './failure.ts';
import type { TaskLogLevel } from './output/line.ts';
import { AttemptLog, type TaskOutput } from './output/task-output.ts';

/** What a handler that was told to stop is given to answer. */
export const stop_grace_ms = 1_000;

/** What is held under one lease and not answered yet. */
export interface HeldLease {
  readonly claimedAt: number;
  open: number;
}

/** One attempt of a task, from its start in this process to its answer; what the worker knows of it. */
export interface TaskRun {
  readonly task: ClaimedTask;
  readonly context: TaskContext;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly startedAt: number;
  readonly deadline: number;
  /** Why it was told to stop. */
  stopReason: TaskFailure | undefined;
  /** When it is given up if it has not answered by then. */
  giveUpAt: number;
  /** Whether its answer is of no use any more. */
  lost: boolean;
  finished: boolean;
}

/**
 * The start of an attempt. Its abort signal and a timer of its own would cost more than a short task itself, so the
 * signal is made when the handler first asks for it, and one sweep looks at all deadlines.
 */
export function beginRun(task: ClaimedTask, platform: Platform, output: TaskOutput): TaskRun {
  const startedAt = performance.now();
  const run: TaskRun = {
    task,
    context: new Context(task, platform, output, () => run.stopReason),
    startedAt,
    deadline: startedAt + task.timeout_seconds * 1_000,
    stopReason: undefined,
    giveUpAt: Number.POSITIVE_INFINITY,
    lost: false,
    finished: false,
  };
  return run;
}

/** Tells a handler to stop; the first reason counts. */
export function stopRun(run: TaskRun, reason: TaskFailure, graceMs: number = stop_grace_ms): void {
  if (run.stopReason) return;
  run.stopReason = reason;
  run.giveUpAt = performance.now() + graceMs;
  (run.context as Context).abort(reason);
}

/** After its answer a handler has nothing more to say. */
export function endRun(run: TaskRun): void {
  (run.context as Context).end();
}

class Context implements TaskContext {
  readonly organizationId: string;
  readonly taskId: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
  readonly leaseId: string;
  readonly platform: Platform;
  readonly #stopReason: () => TaskFailure | undefined;
  #controller: AbortController | undefined;
  readonly #task: ClaimedTask;
  readonly #output: TaskOutput;
  #log: AttemptLog | undefined;

  constructor(task: ClaimedTask, platform: Platform, output: TaskOutput, stopReason: () => TaskFailure | undefined) {
    this.organizationId = task.organization_id;
    this.taskId = task.task_id;
    this.attempt = task.attempt;
    this.idempotencyKey = task.task_id;
    this.leaseId = task.lease_id;
    this.platform = platform;
    this.#stopReason = stopReason;
    this.#task = task;
    this.#output = output;
  }

  log(level: TaskLogLevel, message: unknown, data?: unknown): void {
    this.#log ??= new AttemptLog(this.#output, this.#task);
    this.#log.log(level, message, data);
  }

  progress(fraction: number, message?: unknown): void {
    this.#log ??= new AttemptLog(this.#output, this.#task);
    this.#log.progress(fraction, message);
  }

  end(): void {
    this.#log?.end();
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      const reason = this.#stopReason();
      if (reason) this.#controller.abort(reason);
    }
    return this.#controller.signal;
  }

  abort(reason: TaskFailure): void {
    this.#controller?.abort(reason);
  }
}

/** A handler's result as JSON; undefined where it has none. Throws `result_too_large`, or what can not be JSON. */
export function resultText({ config }: Platform, result: unknown): string | undefined {
  if (result === undefined || result === null) return undefined;
  let text: string | undefined;
  try {
    text = JSON.stringify(result);
  } catch (cause) {
    throw new TaskFailure('result_not_json', 'the result can not be written as JSON', { retryable: false, cause });
  }
  if (text === undefined) return undefined;
  // a level takes two characters
  if (text.length <= 2 * limits.json_depth) return text;
  const bytesMax = config.taskResultBytesMax;
  const byteLength = Buffer.byteLength(text);
  if (byteLength > bytesMax) {
    throw new TaskFailure('result_too_large', `the result has ${byteLength} bytes; the limit is ${bytesMax}`, {
      retryable: false,
    });
  }
  const bytes = Buffer.from(text);
  try {
    assertJsonDepth(bytes, limits.json_depth);
  } catch (cause) {
    const message = `the result is nested deeper than ${limits.json_depth} levels`;
    throw new TaskFailure('result_too_deep', message, { retryable: false, cause });
  }
  return text;
}
