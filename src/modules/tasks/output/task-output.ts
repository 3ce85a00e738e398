import { uuidv7 } from '../../../platform/core/ids.ts';
import type { Platform } from '../../../platform/platform.ts';
import { isAboutAnAnswer } from '../answers.ts';
import { outputLimits } from './limits.ts';
import { storableData, storableMessage, type TaskLogLevel } from './line.ts';

/** The channel of those who read logs as they are written. */
export const task_output_channel = 'task_output';

interface Line {
  readonly o: string;
  readonly i: string;
  readonly t: string;
  readonly k: string;
  readonly a: number;
  readonly l: TaskLogLevel;
  readonly m: string;
  readonly d: unknown;
  /** Its size in memory, roughly; nothing the database looks at. */
  readonly size: number;
}

interface Progress {
  readonly o: string;
  readonly k: string;
  readonly a: number;
  readonly f: number;
  readonly m: string;
  readonly t: string;
}

export interface AttemptOf {
  readonly organization_id: string;
  readonly task_id: string;
  readonly attempt: number;
}

/**
 * What the attempts of a worker say, on its way to the database: batches of up to 500 lines, one under way at a time, so
 * that the lines of an attempt become visible in their order. Bounded in memory while the database does not answer.
 */
export class TaskOutput {
  readonly line_bytes_max: number;
  readonly #platform: Platform;
  #lines: Line[] = [];
  #bytes = 0;
  readonly #progress = new Map<string, Progress>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.line_bytes_max = platform.config.taskLogLineBytesMax;
  }

  /** False when there is no room for it now. */
  add(of: AttemptOf, level: TaskLogLevel, message: string, data: string | undefined): boolean {
    const bytes = message.length + (data?.length ?? 0);
    if (this.#lines.length >= outputLimits.waiting_lines_max || this.#bytes + bytes > outputLimits.waiting_bytes_max) {
      return false;
    }
    const at = this.#platform.clock.now();
    this.#lines.push({
      o: of.organization_id,
      i: uuidv7(at),
      t: at.toISOString(),
      k: of.task_id,
      a: of.attempt,
      l: level,
      m: message,
      d: data === undefined ? null : JSON.parse(data),
      size: bytes,
    });
    this.#bytes += bytes;
    this.#soon(this.#lines.length >= outputLimits.flush_lines_max || this.#bytes >= outputLimits.flush_bytes_max);
    return true;
  }

  /** The newest is kept; those in between need nobody know. */
  progress(of: AttemptOf, fraction: number, message: string): void {
    const { organization_id: o, task_id: k, attempt: a } = of;
    this.#progress.set(k, { o, k, a, f: fraction, m: message, t: this.#platform.clock.now().toISOString() });
    this.#soon(false);
  }

  /** Writes what waits; gives up what the database does not take. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    clearTimeout(this.#timer);
    try {
      while (this.#lines.length + this.#progress.size > 0) await this.#write();
    } catch (error) {
      this.#platform.log.warn({ err: error, lines: this.#lines.length }, 'last log lines of tasks were lost');
    }
  }

  #soon(now: boolean): void {
    if (this.#writing) return;
    if (this.#timer && !now) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), now ? 0 : outputLimits.flush_after_ms);
  }

  #flush(): void {
    this.#timer = undefined;
    this.#writing = this.#write()
      .catch((error: unknown) => {
        this.#platform.log.warn({ err: error }, 'log lines of tasks could not be stored');
      })
      .finally(() => {
        this.#writing = undefined;
        if (this.#lines.length + this.#progress.size > 0) this.#soon(false);
      });
  }

  async #write(): Promise<void> {
    const batch = this.#batch();
    const progress = [...this.#progress.values()];
    this.#progress.clear();
    try {
      await this.#platform.door.writeAll(
        { as: 'worker', memberRole: 'service' },
        [
          {
            text: 'select plinth.record_task_output($1::jsonb, $2::jsonb)',
            values: [JSON.stringify(batch), JSON.stringify(progress)],
          },
        ],
        { pool: 'worker' },
      );
    } catch (error) {
      if (isAboutAnAnswer(error)) {
        // these would be refused for ever, and what comes after them with them
        this.#forget(batch);
        throw error;
      }
      this.#lines = [...batch, ...this.#lines];
      for (const one of progress) if (!this.#progress.has(one.k)) this.#progress.set(one.k, one);
      throw error;
    }
    this.#forget(batch);
    this.#platform.wakeups.wake(task_output_channel);
  }

  #forget(batch: readonly Line[]): void {
    for (const { size } of batch) this.#bytes -= size;
  }

  #batch(): Line[] {
    let bytes = 0;
    let end = 0;
    while (end < this.#lines.length && end < outputLimits.flush_lines_max && bytes < outputLimits.flush_bytes_max) {
      bytes += this.#lines[end++]!.size;
    }
    return this.#lines.splice(0, end);
  }
}

/** The log of one attempt: made when the handler first says something. */
export class AttemptLog {
  readonly #output: TaskOutput;
  readonly #of: AttemptOf;
  #tokens: number = outputLimits.log_burst_lines;
  #refilledAt = performance.now();
  #lines = 0;
  #bytes = 0;
  #dropped = 0;
  #ended = false;

  constructor(output: TaskOutput, of: AttemptOf) {
    this.#output = output;
    this.#of = of;
  }

  log(level: TaskLogLevel, message: unknown, data: unknown): void {
    if (this.#ended) return;
    if (!this.#mayLog()) {
      this.#dropped++;
      return;
    }
    this.#sayDropped();
    const text = storableMessage(message, this.#output.line_bytes_max);
    const json = storableData(data);
    this.#tokens--;
    this.#lines++;
    this.#bytes += text.length + (json?.length ?? 0);
    if (!this.#output.add(this.#of, level, text, json)) this.#dropped++;
  }

  progress(fraction: number, message: unknown): void {
    if (this.#ended || !Number.isFinite(fraction)) return;
    const text = storableMessage(message ?? '', this.#output.line_bytes_max)
      .slice(0, outputLimits.progress_message_chars)
      .toWellFormed();
    this.#output.progress(this.#of, Math.min(1, Math.max(0, fraction)), text);
  }

  /** Says what was dropped; what the handler says after its end goes nowhere. */
  end(): void {
    this.#sayDropped();
    this.#ended = true;
  }

  #mayLog(): boolean {
    const { log_lines_per_second, log_burst_lines, log_lines_per_attempt, log_bytes_per_attempt } = outputLimits;
    if (this.#lines >= log_lines_per_attempt || this.#bytes >= log_bytes_per_attempt) return false;
    const now = performance.now();
    const refill = ((now - this.#refilledAt) / 1_000) * log_lines_per_second;
    this.#tokens = Math.min(log_burst_lines, this.#tokens + refill);
    this.#refilledAt = now;
    return this.#tokens >= 1;
  }

  #sayDropped(): void {
    if (this.#dropped === 0) return;
    const said = this.#output.add(
      this.#of,
      'warn',
      `${this.#dropped} lines dropped: more than an attempt may log`,
      undefined,
    );
    if (said) this.#dropped = 0;
  }
}
