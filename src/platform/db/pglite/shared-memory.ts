/**
 * Makes the engine's WebAssembly memory visible to other threads, so that a running statement can be cancelled as a
 * server cancels it: by setting two flags that PostgreSQL polls (CHECK_FOR_INTERRUPTS). PGlite has no way to do that:
 * its thread is busy and its memory is private. The engine is compiled for private memory, but only the limits of its
 * memory *import* say so; they are rewritten. Code compiled without threads runs unchanged on shared
 * memory, since nothing but those two flags is ever touched from outside.
 *
 * Where that import is not found (another PGlite release), memory stays private and a runaway statement costs a restart.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The part of the WebAssembly API that is used here; TypeScript declares it only for browsers. */
type Bytes = ArrayBuffer | Uint8Array;
interface WebAssemblyApi {
  Memory: new (limits: { initial: number; maximum?: number; shared?: boolean }) => object;
  Module: new (bytes: Bytes) => object;
  compile(bytes: Bytes): Promise<object>;
}
const { WebAssembly } = globalThis as unknown as { WebAssembly: WebAssemblyApi };

/** `"env" "memory"` of kind memory, as it stands in a module's import section; its limits follow. */
const memoryImport = Buffer.from([3, ...Buffer.from('env'), 6, ...Buffer.from('memory'), 2]);
const importSection = 2;
/** Magic number and version. */
const headerBytes = 8;
/** Limits: a byte of flags, the least, and where the flags say so the most. Shared memory must name the most. */
const flagHasMaximum = 1;
const flagShared = 2;
/** Pages of 64 kB; what PGlite asks for at most. */
const maximumPages = 32_768;

/** The module with its memory import made shared; undefined when it does not import a private memory. */
function withSharedMemory(module: Buffer): Buffer | undefined {
  const section = findSection(module, importSection);
  if (!section) return undefined;
  const at = module.subarray(0, section.end).indexOf(memoryImport, section.start) + memoryImport.length;
  const flags = module[at];
  if (at < memoryImport.length || flags === undefined || (flags & ~flagHasMaximum) !== 0) return undefined;
  const minimum = readUnsigned(module, at + 1);
  const limitsEnd = flags & flagHasMaximum ? readUnsigned(module, minimum.end).end : minimum.end;
  const limits = [flagHasMaximum | flagShared, ...unsigned(minimum.value), ...unsigned(maximumPages)];
  const content = Buffer.concat([
    module.subarray(section.start, at),
    Buffer.from(limits),
    module.subarray(limitsEnd, section.end),
  ]);
  return Buffer.concat([
    module.subarray(0, section.at),
    Buffer.from([importSection, ...unsigned(content.length)]),
    content,
    module.subarray(section.end),
  ]);
}

/** Where a section of that kind begins, and its content. */
function findSection(module: Buffer, kind: number): { at: number; start: number; end: number } | undefined {
  for (let at = headerBytes; at < module.length; ) {
    const size = readUnsigned(module, at + 1);
    const end = size.end + size.value;
    if (module[at] === kind) return { at, start: size.end, end };
    at = end;
  }
  return undefined;
}

/** LEB128, as in the WebAssembly specification, section 5.2.2. */
function readUnsigned(bytes: Buffer, at: number): { value: number; end: number } {
  let value = 0;
  for (let factor = 1, end = at; ; factor *= 128, end++) {
    const byte = bytes[end] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) return { value, end: end + 1 };
  }
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(Math.floor(value / 128))];
}

/** The engine's module, wanting shared memory; undefined when it can not. */
export function sharedMemoryModule(): object | undefined {
  const file = new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite'));
  const bytes = withSharedMemory(readFileSync(fileURLToPath(file)));
  return bytes && new WebAssembly.Module(bytes);
}

/**
 * Makes every memory and every extension's module in this thread shared from here on. To be called in the engine's own
 * thread only, after `initdb` (which needs a private memory) and before the engine opens.
 */
export function shareMemoryFromHere(): void {
  const { Memory, Module, compile } = WebAssembly;
  // Constructors by proxy: what was made before, or by `compile`, still is an instance of them.
  WebAssembly.Memory = new Proxy(Memory, {
    construct: (target, [limits]) => new target({ ...limits, shared: true }),
  });
  WebAssembly.Module = new Proxy(Module, { construct: (target, [bytes]) => new target(shared(bytes)) });
  WebAssembly.compile = (bytes) => compile(shared(bytes));
}

function shared(bytes: Bytes): Bytes {
  const module = Buffer.from(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));
  return withSharedMemory(module) ?? bytes;
}
