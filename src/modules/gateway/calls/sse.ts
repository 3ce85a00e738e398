import { callLimits } from './limits.ts';

/** One event of a stream: its bytes with the empty line that ends it, and what its `data` lines say. */
export interface SseEvent {
  readonly bytes: Buffer;
  data(): string;
}

const LF = 0x0a;
const CR = 0x0d;

/** Where the event that begins at `from` ends: behind an empty line, whatever ends lines (LF, CRLF, CR). -1: not yet. */
function eventEnd(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== LF && byte !== CR) continue;
    const next = byte === CR && bytes[at + 1] === LF ? at + 2 : at + 1;
    // a CR that ends the chunk may be half of a CRLF
    if (next >= bytes.length) return -1;
    if (bytes[next] === LF) return next + 1;
    if (bytes[next] === CR) {
      if (next + 1 >= bytes.length) return byte === CR && next === at + 1 ? next + 1 : -1;
      return bytes[next + 1] === LF ? next + 2 : next + 1;
    }
    at = next - 1;
  }
  return -1;
}

function makeEvent(bytes: Buffer): SseEvent {
  return {
    bytes,
    data: () =>
      bytes
        .toString('utf8')
        .split(/\r\n|\n|\r/)
        .flatMap((line) => (line.startsWith('data:') ? [line.slice(line[5] === ' ' ? 6 : 5)] : []))
        .join('\n'),
  };
}

export interface SseSplitter {
  /** The events that are whole now. Throws RangeError for one that does not end. */
  feed(chunk: Buffer): SseEvent[];
  /** What came after the last whole event. */
  rest(): Buffer;
}

/** Cuts a stream of server-sent events into events without changing a byte. */
export function makeSseSplitter(): SseSplitter {
  let rest: Buffer = Buffer.alloc(0);
  return {
    feed(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const events: SseEvent[] = [];
      let from = 0;
      for (let end = eventEnd(bytes, from); end > 0; end = eventEnd(bytes, from)) {
        events.push(makeEvent(bytes.subarray(from, end)));
        from = end;
      }
      rest = bytes.subarray(from);
      if (rest.length > callLimits.event_bytes_max) throw new RangeError('an event of the stream does not end');
      return events;
    },
    rest: () => rest,
  };
}
