import { url as inspectorUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';

const beat_ms = 1_000;
const note_chars_max = 200;

/**
 * A thread beside the event loop. It sleeps, and counts the seconds in which the loop has not moved; time in which the whole
 * process stood still (a laptop that slept) is one of them at most. It kills: nothing less ends a loop that never waits.
 */
const program = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const { beats, note, seconds, beatMs } = workerData;
const view = new Int32Array(beats);
let seen = Atomics.load(view, 0);
let still = 0;
for (;;) {
  Atomics.wait(view, 1, 0, beatMs);
  if (Atomics.load(view, 1) !== 0) break;
  const now = Atomics.load(view, 0);
  still = now === seen ? still + beatMs / 1000 : 0;
  seen = now;
  if (still < seconds) continue;
  const last = Buffer.from(note).toString('latin1').replace(/\\0.*$/s, '');
  const msg = 'the event loop has stood still for ' + seconds + ' s: this process ends itself, and what it held runs elsewhere';
  try {
    writeSync(2, JSON.stringify({ level: 'fatal', time: new Date().toISOString(), msg, last_begun: last }) + '\\n');
  } catch {}
  process.kill(process.pid, 'SIGKILL');
}
`;

export interface Watchdog {
  /** What is begun now: the last of it is named when the process ends itself. */
  note(what: string): void;
  stop(): void;
}

const noWatchdog: Watchdog = { note: () => undefined, stop: () => undefined };

/**
 * Ends the process with SIGKILL once its event loop has stood still for so many seconds (0: never), so that whoever supervises
 * it starts it anew. Under a debugger it does nothing.
 */
export function startWatchdog(seconds: number): Watchdog {
  if (seconds <= 0 || inspectorUrl() !== undefined) return noWatchdog;
  const beats = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const note = new SharedArrayBuffer(note_chars_max);
  const view = new Int32Array(beats);
  const text = Buffer.from(note);
  const thread = new Worker(program, {
    eval: true,
    workerData: { beats, note, seconds, beatMs: beat_ms },
    stdout: false,
  });
  thread.unref();
  const timer = setInterval(() => Atomics.add(view, 0, 1), beat_ms / 2);
  timer.unref();
  return {
    note(what) {
      const written = text.write(what.slice(0, note_chars_max), 'latin1');
      if (written < note_chars_max) text[written] = 0;
    },
    stop() {
      clearInterval(timer);
      Atomics.store(view, 1, 1);
      Atomics.notify(view, 1);
    },
  };
}
