import { type FileAnalysis, unanalysed } from './analyze-source.ts';
import { languageOfPath } from './languages/definition.ts';
import { parserVersions } from './languages/runtime.ts';
import { analysisLimits } from './limits.ts';
import type { AnalysisSource } from './sources/source.ts';
import { type AnalysisSummary, SummaryBuilder } from './summary.ts';
import { WorkerPool, type WorkerPoolOptions } from './worker-pool.ts';

/** Version of the analyser's own rules and formulas; part of a run's tool versions. */
export const analyserVersion = '1';

export interface AnalysisProgress {
  /** Files with a result so far. */
  readonly files: number;
  readonly failed: number;
  readonly path: string;
}

export interface RunAnalysisOptions {
  readonly signal?: AbortSignal;
  /** Worker threads, 1 to 16; 2 by default. */
  readonly concurrency?: number;
  readonly onProgress?: (progress: AnalysisProgress) => void;
  /** For tests: how long a worker may be silent, and its program. */
  readonly pool?: Omit<WorkerPoolOptions, 'size'>;
}

/** A run under way: iterate it once for the results, in order of completion; `summary` resolves when that ends. */
export interface AnalysisRun extends AsyncIterable<FileAnalysis> {
  /** Rejects when the source fails, the run is aborted, or the reader stops early. */
  readonly summary: Promise<AnalysisSummary>;
}

/**
 * Analyses every file of a source in worker threads. A file that can not be analysed is a result with its reason;
 * only a source that can not be read, or the signal, ends the run. Reading pauses while results wait.
 */
export function runAnalysis(source: AnalysisSource, options: RunAnalysisOptions = {}): AnalysisRun {
  const { promise, resolve, reject } = Promise.withResolvers<AnalysisSummary>();
  // A reader may look at the results only.
  promise.catch(() => {});
  let started = false;
  return {
    summary: promise,
    [Symbol.asyncIterator]() {
      if (started) throw new Error('the results of a run are read once');
      started = true;
      return results(source, options, resolve, reject);
    },
  };
}

async function* results(
  source: AnalysisSource,
  options: RunAnalysisOptions,
  resolve: (summary: AnalysisSummary) => void,
  reject: (error: unknown) => void,
): AsyncGenerator<FileAnalysis> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const wanted = Math.floor(options.concurrency ?? analysisLimits.concurrency_default);
  const size = Math.min(Math.max(1, wanted), analysisLimits.concurrency_max);
  const pool = new WorkerPool({ ...options.pool, size });
  const queue = new ResultQueue(analysisLimits.results_waiting);
  const builder = new SummaryBuilder();
  const onAbort = (): void => queue.fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let failed = 0;
  let files = 0;
  try {
    signal.throwIfAborted();
    const reading = readAll(source, pool, queue, signal);
    for (let file = await queue.next(); file !== null; file = await queue.next()) {
      files++;
      if (file.parseStatus === 'failed') failed++;
      builder.add(file);
      options.onProgress?.({ files, failed, path: file.path });
      yield file;
    }
    await reading;
    resolve(builder.build(source, { plinth_analyser: analyserVersion, ...(await parserVersions()) }));
  } catch (error) {
    reject(error);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort(new Error('the run was stopped'));
    reject(new Error('the results were not read to their end'));
    await pool.close();
  }
}

/** Reads the source into the pool, and ends the queue when the last result is in. */
async function readAll(
  source: AnalysisSource,
  pool: WorkerPool,
  queue: ResultQueue,
  signal: AbortSignal,
): Promise<void> {
  let underWay = 0;
  let idle: (() => void) | null = null;
  try {
    for await (const file of source.files(signal)) {
      await queue.room();
      signal.throwIfAborted();
      if ('unread' in file) {
        const { path, sizeBytes, unread } = file;
        queue.push(unanalysed(path, sizeBytes, unread.status, unread.code, languageOfPath(path)));
        continue;
      }
      underWay++;
      await pool.submit(file, (analysis) => {
        underWay--;
        // A file without ending that turned out to be no script is not one of ours.
        if (analysis.reason?.code === 'unsupported_language') source.counts.otherLanguages++;
        else queue.push(analysis);
        if (underWay === 0) idle?.();
      });
    }
    if (underWay > 0) await new Promise<void>((done) => (idle = done));
    queue.end();
  } catch (error) {
    queue.fail(error);
  }
}

/** Results between the workers and the reader. */
class ResultQueue {
  private readonly capacity: number;
  private readonly waiting: FileAnalysis[] = [];
  private failure: { error: unknown } | null = null;
  private ended = false;
  private wakeReader: (() => void) | null = null;
  private wakeWriter: (() => void) | null = null;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  push(file: FileAnalysis): void {
    this.waiting.push(file);
    this.wakeReader?.();
  }

  end(): void {
    this.ended = true;
    this.wakeReader?.();
  }

  fail(error: unknown): void {
    this.failure ??= { error };
    this.wakeReader?.();
    this.wakeWriter?.();
  }

  /** Resolves when fewer results wait than the capacity, or at once after a failure. */
  async room(): Promise<void> {
    while (this.waiting.length >= this.capacity && this.failure === null) {
      await new Promise<void>((resolve) => (this.wakeWriter = resolve));
    }
  }

  /** The next result; null at the end. */
  async next(): Promise<FileAnalysis | null> {
    for (;;) {
      if (this.failure !== null) throw this.failure.error;
      const file = this.waiting.shift();
      if (file !== undefined) {
        if (this.waiting.length < this.capacity) this.wakeWriter?.();
        return file;
      }
      if (this.ended) return null;
      await new Promise<void>((resolve) => (this.wakeReader = resolve));
    }
  }
}
