import { Readable } from 'node:stream';
import { liveLimits } from './live-limits.ts';

/**
 * Why the server ended a stream. A client comes again with the last id, at once but after `reconnect_ms`; who is
 * refused then (401, 403) is told so.
 */
export type EndReason =
  /** The server stops; another takes over. */
  | 'shutting_down'
  /** The credentials, or the permission, hold no longer. */
  | 'revoked'
  /** The client did not read fast enough: what it missed is read again when it resumes. */
  | 'slow_reader'
  /** The database can not be asked. */
  | 'unavailable';

/** One client's stream of server-sent events, with a bounded buffer. */
export interface LiveStream {
  readonly readable: Readable;
  readonly isOpen: boolean;
  /** Adds a message; a reader that has too much waiting already is ended. */
  send(frame: Buffer): void;
  /** Resolves once the reader has taken what waits, or the stream is over. A reader that stalls is ended. */
  hasRoom(): Promise<void>;
  /** Tells the client why, and ends. */
  end(reason: EndReason): void;
}

/** A message of the stream, in the text form of server-sent events. JSON has no line breaks, so one data line holds it. */
export function frameOf(parts: { id?: string; event?: string; data?: unknown; retry?: number }): Buffer {
  const lines = [
    ...(parts.retry === undefined ? [] : [`retry: ${parts.retry}`]),
    ...(parts.id === undefined ? [] : [`id: ${parts.id}`]),
    ...(parts.event === undefined ? [] : [`event: ${parts.event}`]),
    ...(parts.data === undefined ? [] : [`data: ${JSON.stringify(parts.data)}`]),
  ];
  return Buffer.from(`${lines.join('\n')}\n\n`);
}

export function makeLiveStream(onClose: () => void): LiveStream {
  let isOpen = true;
  let room = Promise.withResolvers<void>();
  const readable = new Readable({
    read() {
      room.resolve();
      room = Promise.withResolvers<void>();
    },
  });
  readable.once('close', () => {
    isOpen = false;
    room.resolve();
    onClose();
  });

  function end(reason: EndReason): void {
    if (!isOpen) return;
    isOpen = false;
    room.resolve();
    readable.push(frameOf({ event: 'end', data: { reason } }));
    readable.push(null);
    // a reader that takes nothing would hold its buffer for ever
    const timer = setTimeout(() => readable.destroy(), liveLimits.ending_ms);
    readable.once('close', () => clearTimeout(timer));
  }

  return {
    readable,
    get isOpen() {
      return isOpen;
    },
    end,
    send(frame) {
      if (!isOpen) return;
      if (readable.readableLength + frame.length > liveLimits.buffer_bytes_max) return end('slow_reader');
      readable.push(frame);
    },
    async hasRoom() {
      const until = performance.now() + liveLimits.stalled_ms_max;
      while (isOpen && readable.readableLength >= readable.readableHighWaterMark) {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, until - performance.now());
        });
        await Promise.race([room.promise, late]);
        clearTimeout(timer);
        if (performance.now() >= until) end('slow_reader');
      }
    },
  };
}
