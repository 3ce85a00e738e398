import { Duplex } from 'node:stream';
import { fatalError, frontend, messageEnd } from './protocol.ts';

/** COPY data on its way to the engine; beyond it the writer waits for 'drain'. */
const copyBytesInFlightMax = 4 * 1024 * 1024;

/** What a wire needs of the engine's host. */
export interface WireHost {
  sendBatch(wire: Wire, batch: Buffer): void;
  sendCopy(wire: Wire, data: Buffer): void;
  wireClosed(wire: Wire): void;
  /** The main thread took so many bytes of replies. */
  consumed(bytes: number): void;
}

let wires = 0;

/**
 * What `pg.Client` takes for its socket. It gathers messages into batches, each ending where the engine may run and
 * answer: at the startup packet, Query, Sync, Flush. COPY data goes on at once.
 */
export class Wire extends Duplex {
  readonly id = ++wires;
  readonly #host: WireHost;
  #rest: Buffer = Buffer.alloc(0);
  #copyBytesInFlight = 0;
  #onCopied: (() => void) | undefined;
  /** Bytes pushed that the reader has no room for yet. */
  #waitingBytes = 0;

  constructor(host: WireHost) {
    super();
    this.#host = host;
  }

  // --- what pg calls on a socket -----------------------------------------------------------------------------------
  connect(): this {
    queueMicrotask(() => this.emit('connect'));
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  // --- from pg to the engine ---------------------------------------------------------------------------------------
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take([chunk], done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#take(
      chunks.map(({ chunk }) => chunk),
      done,
    );
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#host.consumed(this.#waitingBytes);
    this.#waitingBytes = 0;
    this.#host.wireClosed(this);
    done(error);
  }

  #take(chunks: Buffer[], done: () => void): void {
    const bytes = this.#rest.length === 0 && chunks.length === 1 ? chunks[0]! : Buffer.concat([this.#rest, ...chunks]);
    let sent = 0;
    for (let at = 0; ; ) {
      const end = messageEnd(bytes, at);
      if (end < 0 || end > bytes.length) break;
      const tag = bytes[at];
      at = end;
      if (endsBatch(tag)) {
        this.#host.sendBatch(this, bytes.subarray(sent, end));
        sent = end;
      } else if (isCopy(tag)) {
        this.#copyBytesInFlight += end - sent;
        this.#host.sendCopy(this, bytes.subarray(sent, end));
        sent = end;
      } else if (tag === frontend.terminate) {
        sent = end;
        this.once('end', () => this.destroy());
        this.push(null);
      }
    }
    this.#rest = bytes.subarray(sent);
    if (this.#copyBytesInFlight > copyBytesInFlightMax) this.#onCopied = done;
    else done();
  }

  /** The engine took so many bytes of COPY data. */
  copied(bytes: number): void {
    this.#copyBytesInFlight -= bytes;
    if (this.#copyBytesInFlight > copyBytesInFlightMax / 2) return;
    const resume = this.#onCopied;
    this.#onCopied = undefined;
    resume?.();
  }

  // --- from the engine to pg ---------------------------------------------------------------------------------------
  receive(data: Uint8Array): void {
    const roomLeft = this.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    if (roomLeft) this.#host.consumed(data.byteLength);
    else this.#waitingBytes += data.byteLength;
  }

  override _read(): void {
    this.#host.consumed(this.#waitingBytes);
    this.#waitingBytes = 0;
  }

  /**
   * Ends the session as a server does: FATAL, then closed. 'close' reaches `pg` before the code that waits for the
   * answer goes on, else that releases a client to the pool which is already dead.
   */
  fail(sqlState: string, text: string): void {
    setImmediate(() => {
      if (this.destroyed) return;
      this.push(fatalError(sqlState, text));
      this.destroy();
    });
  }
}

function endsBatch(tag: number | undefined): boolean {
  return (
    tag === frontend.query ||
    tag === frontend.sync ||
    tag === frontend.flush ||
    tag === frontend.startup ||
    tag === frontend.functionCall
  );
}

function isCopy(tag: number | undefined): boolean {
  return tag === frontend.copyData || tag === frontend.copyDone || tag === frontend.copyFail;
}
