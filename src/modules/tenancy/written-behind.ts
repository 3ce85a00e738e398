import type { Clock } from '../../platform/core/clock.ts';

export interface WrittenBehindOptions {
  readonly clock: Clock;
  /** Writes a batch of last-used times. When it throws, the times are lost and the next use notes them again. */
  write(batch: ReadonlyMap<string, Date>): Promise<void>;
  failed(error: unknown): void;
  /** A row is written at most this often. */
  readonly interval_ms: number;
  /** How long uses are collected before they are written. */
  readonly delay_ms: number;
  readonly rows_max: number;
}

export interface WrittenBehind {
  /** Notes a use; `known` is the time that is stored already, when the caller has just read it. */
  note(row: string, at: Date, known?: Date | null): void;
  /** Writes what was noted. For shutdown and tests; otherwise a timer does it. */
  flush(): Promise<void>;
}

/**
 * Last-used times, written behind: reading with a key never writes. Many uses of one row within a minute become one
 * write, and rows used at about the same time one statement. A crash loses the last seconds.
 */
export function writtenBehind(options: WrittenBehindOptions): WrittenBehind {
  const pending = new Map<string, Date>();
  const written = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function remember(batch: ReadonlyMap<string, Date>): void {
    for (const [row, at] of batch) {
      // oldest first, so that what is dropped when it is full is what was written longest ago
      written.delete(row);
      written.set(row, at.getTime());
    }
    for (const row of written.keys()) {
      if (written.size <= options.rows_max) break;
      written.delete(row);
    }
  }

  async function writeBatch(): Promise<void> {
    if (pending.size === 0) return;
    const batch = new Map(pending);
    pending.clear();
    remember(batch);
    try {
      await options.write(batch);
    } catch (error) {
      for (const row of batch.keys()) written.delete(row);
      options.failed(error);
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(writeBatch);
    return writing;
  }

  return {
    flush,
    note(row, at, known) {
      const last = Math.max(written.get(row) ?? 0, known?.getTime() ?? 0);
      if (at.getTime() - last < options.interval_ms) return;
      if (pending.size >= options.rows_max && !pending.has(row)) return;
      pending.set(row, at);
      timer ??= setTimeout(() => void flush(), options.delay_ms).unref();
    },
  };
}
