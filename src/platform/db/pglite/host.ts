import { Worker } from 'node:worker_threads';
import type { EngineLog } from '../engine.ts';
import { cell, cellCount, type Report, type Request, type WorkerOptions } from './channel.ts';
import { batchStatement, engineRestartedState, frontend } from './protocol.ts';
import { Wire, type WireHost } from './wire.ts';

/** Stack of the engine's thread. With Node's 4 MB a long expression overflows it before PostgreSQL notices. */
const stackMegabytes = 64;
/** Prepared statements whose text is remembered, to name the one to blame. */
const rememberedStatementsMax = 500;

export type RestartReason = 'statement_timeout' | 'died' | 'crashed';

/** What happened to the engine, and to which request. */
export interface RestartReport {
  readonly reason: RestartReason;
  /** What the engine said, for people. */
  readonly detail: string;
  /** The statement that was running, without its parameters, at most 300 characters; absent when none was. */
  readonly statement?: string;
  /** How long that statement had run. */
  readonly ranMs: number;
  /** How many times the engine was restarted since it was opened, this one included. */
  readonly restarts: number;
  /** False for a database in memory, which starts anew. */
  readonly dataKept: boolean;
}

export interface HostOptions extends Omit<WorkerOptions, 'cells'> {
  readonly log?: EngineLog | undefined;
  readonly onRestart?: ((report: RestartReport) => void) | undefined;
}

/** A batch that was handed to the engine and is not answered yet. The first one runs, the others wait. */
interface Outstanding {
  readonly wire: Wire;
  /** A copy of its own: posting a view posts the whole buffer it looks into. */
  readonly data: Uint8Array;
  startedAt: number;
}

/** Keeps the engine's thread: opens it, feeds it, stops what runs too long, opens it again when it dies. */
export class PgliteHost implements WireHost {
  restarts = 0;
  readonly #options: HostOptions;
  readonly #cells = new Int32Array(new SharedArrayBuffer(cellCount * Int32Array.BYTES_PER_ELEMENT));
  readonly #statements = new Map<string, string>();
  #worker: Worker | undefined;
  #ready: Promise<void> = Promise.resolve();
  #open = false;
  #closing = false;
  #outstanding: Outstanding[] = [];
  #wires = new Map<number, Wire>();
  #timer: NodeJS.Timeout | undefined;
  #onClosed: (() => void) | undefined;
  #onDumped: ((error: string | undefined) => void) | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Opens the engine; rejects when it can not be opened. */
  start(): Promise<void> {
    this.#ready = this.#start();
    return this.#ready;
  }

  #start(): Promise<void> {
    const { log: _log, onRestart: _onRestart, ...options } = this.#options;
    this.#cells.fill(0);
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const worker = new Worker(new URL(file, import.meta.url), {
      workerData: { ...options, cells: this.#cells } satisfies WorkerOptions,
      resourceLimits: { stackSizeMb: stackMegabytes },
    });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => {
        if (worker !== this.#worker) return;
        reject(error);
        if (this.#open) this.#restart('crashed', error.message);
      };
      worker.once('error', failed);
      worker.once('exit', (code) => failed(new Error(`the engine's thread ended (${code})`)));
      worker.on('message', (report: Report) => {
        if (worker !== this.#worker) return;
        if (report.kind === 'ready') {
          this.#open = true;
          for (const batch of this.#outstanding) this.#postBatch(batch);
          this.#watch();
          resolve();
        } else this.#take(report);
      });
    });
  }

  #take(report: Exclude<Report, { kind: 'ready' }>): void {
    switch (report.kind) {
      case 'data': {
        if (report.done) {
          this.#outstanding.shift();
          this.#watch();
        }
        const wire = this.#wires.get(report.wire);
        if (wire) wire.receive(report.data);
        else this.consumed(report.data.byteLength);
        break;
      }
      case 'copied':
        this.#wires.get(report.wire)?.copied(report.bytes);
        break;
      case 'dead':
        this.#restart('died', report.reason);
        break;
      case 'dumped':
        this.#onDumped?.(report.error);
        break;
      case 'closed':
        this.#onClosed?.();
        break;
    }
  }

  // --- what wires ask ----------------------------------------------------------------------------------------------
  openWire(): Wire {
    const wire = new Wire(this);
    this.#wires.set(wire.id, wire);
    return wire;
  }

  sendBatch(wire: Wire, data: Buffer): void {
    if (this.#closing || !this.#wires.has(wire.id)) {
      wire.fail(engineRestartedState, 'this connection to the embedded engine has ended');
      return;
    }
    this.#remember(data);
    const batch: Outstanding = { wire, data: new Uint8Array(data), startedAt: 0 };
    this.#outstanding.push(batch);
    if (this.#open) {
      this.#postBatch(batch);
      if (this.#outstanding.length === 1) this.#watch();
      return;
    }
    // Closed, being opened again, or it could not be opened: then this is the time to try once more.
    this.#ready.catch(() => this.#reopen());
  }

  sendCopy(wire: Wire, data: Buffer): void {
    this.#post({ kind: 'copy', wire: wire.id, data: new Uint8Array(data) });
  }

  wireClosed(wire: Wire): void {
    if (!this.#wires.delete(wire.id)) return;
    const [running] = this.#outstanding;
    // What it still had waiting will not be asked; what runs, runs to its end or its limit.
    this.#outstanding = this.#outstanding.filter((batch) => batch === running || batch.wire !== wire);
    if (this.#open) this.#post({ kind: 'gone', wire: wire.id });
  }

  consumed(bytes: number): void {
    if (bytes === 0) return;
    Atomics.sub(this.#cells, cell.unreadBytes, bytes);
    Atomics.notify(this.#cells, cell.unreadBytes);
  }

  #postBatch(batch: Outstanding): void {
    this.#post({ kind: 'batch', wire: batch.wire.id, data: batch.data });
  }

  #post(request: Request): void {
    this.#worker?.postMessage(request);
    this.#ring();
  }

  #ring(): void {
    Atomics.add(this.#cells, cell.bell, 1);
    Atomics.notify(this.#cells, cell.bell);
  }

  // --- time limits -------------------------------------------------------------------------------------------------
  /** Starts the clock of the batch that runs now. The limit is PostgreSQL's own setting as the last batch left it. */
  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const [running] = this.#outstanding;
    if (!running) return;
    running.startedAt = performance.now();
    const limitMs = Atomics.load(this.#cells, cell.statementTimeoutMs);
    if (limitMs > 0) this.#timer = setTimeout(() => this.#overrun(running, limitMs), limitMs);
  }

  /** Ending the engine's thread is the only way to stop a statement: it blocks there and listens to nothing. */
  #overrun(batch: Outstanding, limitMs: number): void {
    if (this.#outstanding[0] !== batch) return;
    this.#restart('statement_timeout', `the statement ran over its limit of ${limitMs} ms`);
  }

  // --- death and resurrection --------------------------------------------------------------------------------------
  /**
   * Opens the engine anew. The request that was running fails: with 57014 when it ran over its limit. Those that only
   * waited behind it are asked again on the new engine. A connection with a transaction open is ended, so that its next
   * statement fails instead of running outside the transaction.
   */
  #restart(reason: RestartReason, detail: string): void {
    if (this.#closing) return;
    clearTimeout(this.#timer);
    const old = this.#worker;
    this.#worker = undefined;
    this.#open = false;
    this.restarts++;
    const [running] = this.#outstanding;
    // A connection that has only sent its startup packet has nothing to lose; any other may be inside a transaction.
    const fresh = (wire: Wire) =>
      wire !== running?.wire && this.#outstanding.some((batch) => batch.wire === wire && batch.data[0] === 0);
    const lost = [...this.#wires.values()].filter((wire) => !fresh(wire));
    this.#outstanding = this.#outstanding.filter((batch) => fresh(batch.wire));
    const statement = running && this.#statementOf(running.data);
    const report: RestartReport = {
      reason,
      detail,
      ...(statement !== undefined && { statement }),
      ranMs: running ? Math.round(performance.now() - running.startedAt) : 0,
      restarts: this.restarts,
      dataKept: this.#options.clusterFolder !== undefined,
    };
    this.#options.log?.warn({ ...report }, 'the embedded engine is restarted');
    this.#ready = (old?.terminate() ?? Promise.resolve(0)).then(async () => {
      for (const wire of lost) {
        if (wire === running?.wire && reason === 'statement_timeout') wire.fail('57014', detail);
        else wire.fail(engineRestartedState, 'the embedded engine was restarted');
      }
      await this.#start();
    });
    this.#ready.then(
      () => this.#options.onRestart?.(report),
      (error: Error) => this.#startFailed(error),
    );
  }

  #startFailed(error: Error): void {
    this.#worker = undefined;
    this.#options.log?.error({ reason: error.message }, 'the embedded engine could not be opened again');
    const waiting = new Set(this.#outstanding.map((batch) => batch.wire));
    this.#outstanding = [];
    for (const wire of waiting) wire.fail('57P03', 'the embedded engine could not be opened again');
  }

  #reopen(): void {
    if (this.#outstanding.length === 0 || this.#closing || this.#worker !== undefined) return;
    this.#ready = this.#start();
    this.#ready.catch((error: Error) => this.#startFailed(error));
  }

  /** Keeps the text of named statements: later batches carry the name alone. */
  #remember(batch: Buffer): void {
    // A Parse message whose name is not empty.
    if (batch[0] !== frontend.parse || batch[5] === 0) return;
    const { parsedName, text } = batchStatement(batch);
    if (parsedName === undefined || text === undefined) return;
    if (this.#statements.size >= rememberedStatementsMax) this.#statements.clear();
    this.#statements.set(parsedName, text);
  }

  #statementOf(batch: Uint8Array): string | undefined {
    const { text, boundName } = batchStatement(Buffer.from(batch.buffer));
    return text ?? (boundName ? this.#statements.get(boundName) : undefined);
  }

  // --- the rest ----------------------------------------------------------------------------------------------------
  /** Writes the whole cluster as a plain tar; between statements, so it is consistent. */
  async dump(file: string): Promise<void> {
    await this.#ready;
    const error = await new Promise<string | undefined>((resolve) => {
      this.#onDumped = resolve;
      this.#post({ kind: 'dump', file });
    });
    this.#onDumped = undefined;
    if (error !== undefined) throw new Error(`the cluster could not be dumped: ${error}`);
  }

  /** Ends the engine in order: a checkpoint, files closed. What still runs is stopped after a grace. */
  async close(): Promise<void> {
    await this.#ready.catch(() => undefined);
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#timer);
    const worker = this.#worker;
    if (this.#open && worker) {
      const closed = new Promise<void>((resolve) => {
        this.#onClosed = resolve;
      });
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      this.#post({ kind: 'close' });
      await Promise.race([closed, ended]);
    }
    this.#worker = undefined;
    await worker?.terminate();
  }
}
