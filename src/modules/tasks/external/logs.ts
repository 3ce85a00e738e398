import type { TaskLogLevel } from '../output/line.ts';
import { AttemptLog, type TaskOutput } from '../output/task-output.ts';
import type { HeldTask } from './engine.ts';
import { externalLimits } from './limits.ts';

export interface SaidOfTask {
  readonly lines?: readonly { readonly level: TaskLogLevel; readonly message: string; readonly data?: unknown }[];
  readonly progress?: { readonly fraction: number; readonly message?: string };
}

/** What workers outside say of their attempts, under the bounds that hold for those in process. */
export class ExternalLogs {
  readonly #output: TaskOutput;
  /** By lease, the longest silent first. */
  readonly #logs = new Map<string, AttemptLog>();

  constructor(output: TaskOutput) {
    this.#output = output;
  }

  say(task: HeldTask, { lines = [], progress }: SaidOfTask): void {
    const log = this.#logs.get(task.lease_id) ?? new AttemptLog(this.#output, task);
    this.#logs.delete(task.lease_id);
    this.#logs.set(task.lease_id, log);
    for (const { level, message, data } of lines) log.log(level, message, data);
    if (progress) log.progress(progress.fraction, progress.message);
    const [oldest] = this.#logs.keys();
    if (this.#logs.size > externalLimits.counted_logs_max && oldest !== undefined) this.end(oldest);
  }

  end(lease: string): void {
    this.#logs.get(lease)?.end();
    this.#logs.delete(lease);
  }
}
