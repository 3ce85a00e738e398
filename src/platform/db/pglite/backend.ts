import type { PGlite } from '@electric-sql/pglite';
import { copyFail } from './protocol.ts';

/** PGlite throws this status where PostgreSQL jumps back to its main loop after an ordinary error. */
const errorJumpStatus = 100;

type Pointer = number;
/** What we use of PGlite's WebAssembly module: PostgreSQL's main loop in pieces. */
interface Module {
  readonly HEAPU8: Uint8Array;
  addFunction(callback: (address: Pointer, length: number) => number, signature: string): Pointer;
  stackSave(): Pointer;
  stackRestore(stack: Pointer): void;
  UTF8ToString(text: Pointer): string;
  _malloc(bytes: number): Pointer;
  _pgl_set_rw_cbs(read: Pointer, write: Pointer): void;
  _pgl_set_popen_fn(popen: Pointer): void;
  _pq_buffer_remaining_data(): number;
  _PostgresMainLoopOnce(): void;
  _PostgresMainLongJmp(): void;
  _PostgresSendReadyForQueryIfNecessary(): void;
  _pgl_pq_flush(): void;
  _ProcessStartupPacket(port: Pointer, tlsDone: boolean, gssDone: boolean): number;
  _pgl_getMyProcPort(): Pointer;
  _pgl_sendConnData(): void;
  _GetConfigOption(name: Pointer, missingOk: 0 | 1, restrictPrivileged: 0 | 1): Pointer;
}

export interface BackendPort {
  /** The engine's answer, in pieces; the bytes are the receiver's to keep. */
  send(reply: Uint8Array): void;
  /** Called when the engine wants more than the batch holds, which is COPY … FROM STDIN alone. Blocks. */
  copyData(): Uint8Array;
}

/**
 * Drives one PGlite instance by raw protocol messages, in place of its own `execProtocolRaw`, which swallows every
 * exception of the engine: a stack overflow or a FATAL error then looks like an empty result, and a COPY … FROM STDIN
 * finds the end of its input. Here an exception that is not an ordinary SQL error means the engine is dead.
 */
export class Backend {
  readonly #module: Module;
  readonly #port: BackendPort;
  readonly #timeoutName: Pointer;
  #input: Uint8Array = new Uint8Array(0);
  #inputAt = 0;

  private constructor(db: PGlite, port: BackendPort) {
    this.#port = port;
    this.#module = db.Module as unknown as Module;
    this.#timeoutName = this.#cString('statement_timeout');
    const read = this.#module.addFunction((to, max) => this.#read(to, max), 'ipi');
    const write = this.#module.addFunction((from, length) => {
      port.send(this.#module.HEAPU8.slice(from, from + length));
      return length;
    }, 'ipi');
    this.#module._pgl_set_rw_cbs(read, write);
    // COPY … PROGRAM: PGlite throws through PostgreSQL's stack, which kills it; a null pointer is an ordinary error.
    this.#module._pgl_set_popen_fn(this.#module.addFunction(() => 0, 'ppp'));
  }

  static async attach(db: PGlite, port: BackendPort): Promise<Backend> {
    // COPY … FROM '/dev/blob' without a blob throws through PostgreSQL's stack too; an empty one is just empty.
    await db._handleBlob(new Blob([]));
    return new Backend(db, port);
  }

  /** Runs one batch of messages. Returns why the engine is dead, or undefined when it is well. */
  execute(batch: Uint8Array): string | undefined {
    const module = this.#module;
    if (batch[0] === 0) return this.#startup(batch);
    this.#input = batch;
    this.#inputAt = 0;
    while (this.#inputAt < this.#input.length || module._pq_buffer_remaining_data() > 0) {
      const stack = module.stackSave();
      try {
        module._PostgresMainLoopOnce();
      } catch (thrown) {
        module.stackRestore(stack);
        const error = thrown as { status?: number };
        if (error.status !== errorJumpStatus) return describe(thrown);
        module._PostgresMainLongJmp();
      }
    }
    module._PostgresSendReadyForQueryIfNecessary();
    module._pgl_pq_flush();
    this.#input = new Uint8Array(0);
    this.#inputAt = 0;
    return undefined;
  }

  /** PostgreSQL's statement_timeout as it stands now, `set local` and `set_config` included. 0.3 µs. */
  statementTimeoutMs(): number {
    const text = this.#module.UTF8ToString(this.#module._GetConfigOption(this.#timeoutName, 1, 0));
    return Number.parseInt(text, 10) || 0;
  }

  #startup(packet: Uint8Array): string | undefined {
    this.#input = packet;
    this.#inputAt = 0;
    try {
      const status = this.#module._ProcessStartupPacket(this.#module._pgl_getMyProcPort(), true, true);
      if (status !== 0) return 'the startup packet was refused';
      this.#module._pgl_sendConnData();
      this.#module._pgl_pq_flush();
      return undefined;
    } catch (thrown) {
      return describe(thrown);
    }
  }

  #read(to: Pointer, max: number): number {
    if (this.#inputAt >= this.#input.length) {
      this.#input = this.#port.copyData();
      this.#inputAt = 0;
    }
    const piece = this.#input.subarray(this.#inputAt, this.#inputAt + max);
    this.#module.HEAPU8.set(piece, to);
    this.#inputAt += piece.length;
    return piece.length;
  }

  #cString(text: string): Pointer {
    const bytes = Buffer.from(`${text}\0`);
    const address = this.#module._malloc(bytes.length);
    this.#module.HEAPU8.set(bytes, address);
    return address;
  }
}

/** The bytes that end a COPY whose client went away. */
export const copyAbandoned = copyFail('the client stopped sending');

function describe(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`;
  const { name, status } = thrown as { name?: string; status?: number };
  return `${name ?? 'exit'} ${status ?? ''}`.trim();
}
