import { Worker } from 'node:worker_threads';
import { type FileAnalysis, type SourceInput, unanalysed } from './analyze-source.ts';
import { languageOfPath } from './languages/definition.ts';
import { analysisLimits } from './limits.ts';

/** Beside this file, as TypeScript in the repository and as JavaScript in the package. */
const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './analysis-worker.ts' : './analysis-worker.js',
  import.meta.url,
);

export interface WorkerPoolOptions {
  readonly size: number;
  readonly silenceMs?: number;
  readonly heapMegabytes?: number;
  /** Replaces the worker's program in tests. */
  readonly workerFile?: URL;
}

interface Job {
  readonly input: SourceInput;
  readonly done: (analysis: FileAnalysis) => void;
}

interface Slot {
  worker: Worker | null;
  job: Job | null;
  timer: NodeJS.Timeout | undefined;
  files: number;
}

/**
 * Worker threads that parse, each one file at a time. A thread that dies, traps or is silent too long on a file is
 * replaced and the file recorded as `parser_crashed` or `parse_timeout`; the others go on.
 */
export class WorkerPool {
  private readonly options: WorkerPoolOptions;
  private readonly slots: Slot[];
  private readonly waiting: ((slot: Slot) => void)[] = [];
  private closed = false;

  constructor(options: WorkerPoolOptions) {
    this.options = options;
    this.slots = Array.from({ length: options.size }, () => ({ worker: null, job: null, timer: undefined, files: 0 }));
  }

  /** Resolves when a thread has taken the file; `done` is called with its result. The bytes are handed over. */
  async submit(input: SourceInput, done: (analysis: FileAnalysis) => void): Promise<void> {
    const free = this.slots.find((slot) => slot.job === null) ?? (await this.nextFree());
    if (this.closed) return;
    this.start(free, { input, done });
  }

  /** Ends all threads; files under way have no result. */
  async close(): Promise<void> {
    this.closed = true;
    for (const wake of this.waiting.splice(0)) wake(this.slots[0]!);
    await Promise.all(
      this.slots.map(async (slot) => {
        clearTimeout(slot.timer);
        slot.job = null;
        const { worker } = slot;
        slot.worker = null;
        await worker?.terminate();
      }),
    );
  }

  private nextFree(): Promise<Slot> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private start(slot: Slot, job: Job): void {
    slot.job = job;
    slot.worker ??= this.spawn(slot);
    slot.timer = setTimeout(
      () => this.replace(slot, 'parse_timeout'),
      this.options.silenceMs ?? analysisLimits.worker_silence_ms,
    );
    // Only memory of its own is handed over; a view into a shared buffer would take its neighbours along.
    const { bytes, path } = job.input;
    const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
    const own = whole && bytes.buffer instanceof ArrayBuffer ? [bytes.buffer] : [];
    slot.worker.postMessage({ path, bytes }, own);
  }

  private spawn(slot: Slot): Worker {
    const worker = new Worker(this.options.workerFile ?? workerFile, {
      resourceLimits: { maxOldGenerationSizeMb: this.options.heapMegabytes ?? analysisLimits.worker_heap_megabytes },
      // Nothing of the process that a parser needs; and no flags such as --inspect.
      env: {},
      execArgv: [],
    });
    slot.files = 0;
    worker.on('message', (message: { analysis?: FileAnalysis; fault?: string }) => {
      if (slot.worker !== worker) return;
      const { analysis } = message;
      if (analysis === undefined || analysis.reason?.code === 'parser_crashed') this.replace(slot, 'parser_crashed');
      else this.finish(slot, analysis);
    });
    worker.on('error', () => {
      if (slot.worker === worker) this.replace(slot, 'parser_crashed');
    });
    worker.on('exit', () => {
      if (slot.worker === worker) this.replace(slot, 'parser_crashed');
    });
    return worker;
  }

  /** Gives up on the thread of a slot and on the file it had. */
  private replace(slot: Slot, code: 'parse_timeout' | 'parser_crashed'): void {
    const { worker, job } = slot;
    slot.worker = null;
    void worker?.terminate();
    if (job === null) return;
    const { path, bytes } = job.input;
    this.finish(slot, unanalysed(path, bytes.byteLength, 'failed', code, languageOfPath(path)));
  }

  private finish(slot: Slot, analysis: FileAnalysis): void {
    clearTimeout(slot.timer);
    const { job } = slot;
    slot.job = null;
    if (++slot.files >= analysisLimits.files_per_worker && slot.worker !== null) {
      const { worker } = slot;
      slot.worker = null;
      void worker.terminate();
    }
    job?.done(analysis);
    this.waiting.shift()?.(slot);
  }
}
