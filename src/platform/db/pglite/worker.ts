/** The engine's thread. It blocks while a statement runs and sleeps on a futex between: nothing here needs an event loop. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { Backend, copyAbandoned } from './backend.ts';
import { cell, type Report, type Request, type WorkerOptions } from './channel.ts';
import { frontend, readyForQueryBytes, readyForQueryTag, simpleQuery, sync } from './protocol.ts';

/** Replies are sent on in pieces of about this size. */
const replyBytesMax = 256 * 1024;
const handOverBytesMin = 64 * 1024;
/** Replies not yet consumed by the main thread; beyond it the engine waits. */
const unreadBytesMax = 8 * 1024 * 1024;
/** Looking for work this long before sleeping gives 25 % more requests: waking a thread costs more than most statements. */
const spinMs = 0.2;

// The engine asks this for the time, which PostgreSQL keeps in microseconds: with whole milliseconds, rows made one after
// the other would have the same time and no order. Each asking within one gets a microsecond of its own.
const wholeMs = Date.now;
let lastMs = 0;
let askedInMs = 0;
Date.now = () => {
  const ms = wholeMs();
  askedInMs = ms === lastMs ? Math.min(askedInMs + 1, 999) : 0;
  lastMs = ms;
  return ms + askedInMs / 1000;
};

const options = workerData as WorkerOptions;
const { cells } = options;
const port = parentPort!;
const report = (message: Report) => port.postMessage(message);

/** A message received while the engine read COPY data, to be handled next. */
let stashed: Request | undefined;
let wire = 0;
let pieces: Uint8Array[] = [];
let piecesBytes = 0;
let replyBytes = 0;
/** The batch that runs copied from its client: PostgreSQL passes over a Sync meanwhile, so there may be no end yet. */
let copying = false;
let replyTail: Uint8Array = new Uint8Array(0);

const db = await openEngine();
const backend = await Backend.attach(db, { send, copyData });
// `db.query` is of no use from here on: the backend owns the wire.
// Sync first: a failed COPY in the extended protocol leaves PostgreSQL passing over everything until one comes.
const sweeps = [sync, simpleQuery('rollback'), simpleQuery('discard all')];
Atomics.store(cells, cell.statementTimeoutMs, backend.statementTimeoutMs());
report({ kind: 'ready' });
await serve();

async function openEngine(): Promise<PGlite> {
  const { clusterFolder, fsync, load, statementTimeoutMs } = options;
  return await PGlite.create({
    ...(clusterFolder === undefined ? {} : { dataDir: clusterFolder }),
    ...(load !== undefined && isFresh(clusterFolder) && { loadDataDir: fileInMemory(load) }),
    extensions: { vector },
    // What PostgreSQL believes of the stack is untrue here: at 512 kB recursion still kills the instance silently.
    postgresqlconf: ["max_stack_depth='100kB'"],
    startParams: [
      ...PGlite.defaultStartParams.filter((parameter) => !fsync || parameter !== '-F'),
      ...['-c', `fsync=${fsync ? 'on' : 'off'}`],
      ...['-c', `statement_timeout=${statementTimeoutMs}`],
      // its files are memory already; the engine fills its own with zeros before it starts
      ...(clusterFolder === undefined ? ['-c', 'shared_buffers=16MB'] : []),
    ],
  });
}

/** A Blob would hand its bytes out in pieces, copied and joined again: a quarter of the time of opening a small database. */
function fileInMemory(file: string): Blob {
  const { buffer, byteOffset, byteLength } = readFileSync(file);
  const isWhole = byteLength === buffer.byteLength;
  const bytes = (isWhole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
  return Object.assign(new Blob([]), { arrayBuffer: async () => bytes });
}

/** A tar is loaded where there is no cluster yet; after a restart there is one. */
function isFresh(clusterFolder: string | undefined): boolean {
  return clusterFolder === undefined || !existsSync(`${clusterFolder}/PG_VERSION`);
}

async function serve(): Promise<void> {
  for (;;) {
    const request = next();
    if (request.kind === 'close') break;
    if (request.kind === 'batch') {
      if (!runBatch(request.wire, Buffer.from(request.data.buffer, request.data.byteOffset, request.data.length)))
        return;
    } else if (request.kind === 'gone') {
      if (request.wire === wire && !sweep()) return;
    } else if (request.kind === 'dump') await dump(request.file);
    // Copy data whose COPY failed is dropped, as a server drops it.
    else report({ kind: 'copied', wire: request.wire, bytes: request.data.length });
  }
  await db.close();
  report({ kind: 'closed' });
}

function next(): Request {
  for (;;) {
    const seen = Atomics.load(cells, cell.bell);
    const request = stashed ?? receive();
    stashed = undefined;
    if (request) return request;
    const until = performance.now() + spinMs;
    while (Atomics.load(cells, cell.bell) === seen && performance.now() < until);
    Atomics.wait(cells, cell.bell, seen);
  }
}

function receive(): Request | undefined {
  return receiveMessageOnPort(port)?.message as Request | undefined;
}

/** False when the engine died of it. */
function runBatch(from: number, batch: Buffer): boolean {
  // A new connection inherits nothing of the last one: transaction, settings, prepared statements.
  if (batch[0] === frontend.startup && !sweep()) return false;
  wire = from;
  replyBytes = 0;
  copying = false;
  const reason = backend.execute(batch) ?? silentDeath(batch);
  if (reason !== undefined) {
    report({ kind: 'dead', reason });
    return false;
  }
  Atomics.store(cells, cell.statementTimeoutMs, backend.statementTimeoutMs());
  flush(true);
  return true;
}

/**
 * The second look at a result, for deaths that throw nothing: after Query or Sync the last message is ReadyForQuery, and
 * a batch that executes something is answered by more than that.
 */
function silentDeath(batch: Buffer): string | undefined {
  if (batch[0] === frontend.startup || copying) return undefined;
  const lastTag =
    batch[0] === frontend.query ? frontend.query : batch.length >= 5 ? batch[batch.length - 5] : undefined;
  if (lastTag !== frontend.query && lastTag !== frontend.sync) return undefined;
  if (replyBytes < readyForQueryBytes || replyTail.at(-readyForQueryBytes) !== readyForQueryTag)
    return 'a result without an end';
  const asks = batch[0] === frontend.query || batch[0] === frontend.parse || batch[0] === frontend.bind;
  return asks && replyBytes <= readyForQueryBytes ? 'a result without a command' : undefined;
}

/** Ends what a connection left behind; its answers go nowhere. */
function sweep(): boolean {
  wire = 0;
  for (const query of sweeps) {
    const reason = backend.execute(query);
    if (reason === undefined) continue;
    report({ kind: 'dead', reason });
    return false;
  }
  Atomics.store(cells, cell.statementTimeoutMs, backend.statementTimeoutMs());
  return true;
}

function send(reply: Uint8Array): void {
  if (wire === 0) return;
  replyBytes += reply.length;
  replyTail =
    reply.length >= readyForQueryBytes ? reply : Buffer.concat([replyTail, reply]).subarray(-readyForQueryBytes);
  pieces.push(reply);
  piecesBytes += reply.length;
  if (piecesBytes >= replyBytesMax) flush();
}

function flush(done = false): void {
  if (piecesBytes === 0 && !done) return;
  const data = pieces.length === 1 ? pieces[0]! : joined(pieces, piecesBytes);
  pieces = [];
  piecesBytes = 0;
  const size = data.length;
  // Counted before it is sent, for the main thread may consume it at once.
  let unread = Atomics.add(cells, cell.unreadBytes, size) + size;
  // Handing a buffer over costs more than copying a small one.
  const handOver = size > handOverBytesMin ? [data.buffer as ArrayBuffer] : [];
  port.postMessage({ kind: 'data', wire, data, done } satisfies Report, handOver);
  while (unread > unreadBytesMax) {
    Atomics.wait(cells, cell.unreadBytes, unread);
    unread = Atomics.load(cells, cell.unreadBytes);
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Blocks until the client of the running COPY has sent more or gone away. */
function copyData(): Uint8Array {
  copying = true;
  flush();
  for (;;) {
    const seen = Atomics.load(cells, cell.bell);
    const request = receive();
    if (request?.kind === 'copy' && request.wire === wire) {
      report({ kind: 'copied', wire, bytes: request.data.length });
      return request.data;
    }
    if (request) {
      stashed = request;
      return copyAbandoned;
    }
    Atomics.wait(cells, cell.bell, seen);
  }
}

async function dump(file: string): Promise<void> {
  try {
    wire = 0;
    backend.execute(simpleQuery('checkpoint'));
    const tar = await db.dumpDataDir('none');
    writeFileSync(file, Buffer.from(await tar.arrayBuffer()), { mode: 0o600 });
    report({ kind: 'dumped' });
  } catch (error) {
    report({ kind: 'dumped', error: error instanceof Error ? error.message : String(error) });
  }
}
