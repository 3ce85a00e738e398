/** The little of PostgreSQL's frontend/backend protocol (version 3) that the embedded engine's plumbing has to read. */

/** Frontend messages, by their first byte. */
export const frontend = {
  /** A startup packet has no tag: it begins with its length, whose first byte is 0. */
  startup: 0,
  bind: 0x42,
  copyDone: 0x63,
  copyData: 0x64,
  copyFail: 0x66,
  execute: 0x45,
  flush: 0x48,
  functionCall: 0x46,
  parse: 0x50,
  query: 0x51,
  sync: 0x53,
  terminate: 0x58,
} as const;

export const readyForQueryTag = 0x5a;
/** ReadyForQuery: tag, length, and one byte of transaction status. */
export const readyForQueryBytes = 6;

/** What the engine answers the calls it could not finish with; not one of PostgreSQL's own states. */
export const engineRestartedState = 'PX001';

/** Where the message that starts at `at` ends, or -1 while its length has not arrived. */
export function messageEnd(bytes: Buffer, at: number): number {
  if (bytes.length - at < 5) return -1;
  return bytes[at] === frontend.startup ? at + bytes.readInt32BE(at) : at + 1 + bytes.readInt32BE(at + 1);
}

function message(tag: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(tag, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A simple Query message. */
export function simpleQuery(text: string): Buffer {
  return message('Q', Buffer.from(`${text}\0`));
}

/** Ends what an error in the extended protocol made PostgreSQL pass over. */
export const sync = message('S', Buffer.alloc(0));

/** Ends a COPY … FROM STDIN with an error. */
export function copyFail(reason: string): Buffer {
  return message('f', Buffer.from(`${reason}\0`));
}

/** ErrorResponse as a server sends it before it ends a session. */
export function fatalError(sqlState: string, text: string): Buffer {
  return message('E', Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0M${text}\0\0`));
}

/** The statement a batch carries and the name of the prepared one it binds, for saying which request is blamed. */
export function batchStatement(batch: Buffer): { text?: string; parsedName?: string; boundName?: string } {
  const found: { text?: string; parsedName?: string; boundName?: string } = {};
  for (let at = 0; at < batch.length; ) {
    const tag = batch[at];
    const end = messageEnd(batch, at);
    if (end <= at || end > batch.length) break;
    if (tag === frontend.query) found.text = zeroEnded(batch, at + 5).slice(0, statementCharsMax);
    if (tag === frontend.parse) {
      found.parsedName = zeroEnded(batch, at + 5);
      found.text = zeroEnded(batch, at + 6 + Buffer.byteLength(found.parsedName)).slice(0, statementCharsMax);
    }
    if (tag === frontend.bind) {
      const portalEnd = batch.indexOf(0, at + 5);
      found.boundName = zeroEnded(batch, portalEnd + 1);
    }
    at = end;
  }
  return found;
}

/** Enough of a statement to know it again in a log. */
const statementCharsMax = 300;
/** Names and texts are looked for in at most so many bytes: a statement may be megabytes. */
const scanBytesMax = 2048;

function zeroEnded(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, Math.min(end < 0 ? bytes.length : end, at + scanBytesMax));
}
