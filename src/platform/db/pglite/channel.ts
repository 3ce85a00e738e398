/**
 * How the main thread and the engine's thread talk. Bytes travel as messages; what must be seen while the engine's
 * thread is busy inside a statement lies in one small shared array.
 */

/** Indexes into the shared Int32Array. */
export const cell = {
  /** Rung by the main thread after each message: the engine sleeps on it. */
  bell: 0,
  /** Bytes of replies the main thread has not consumed yet. */
  unreadBytes: 1,
  /** PostgreSQL's own `statement_timeout` in milliseconds as the last batch left it; 0 is none. */
  statementTimeoutMs: 2,
} as const;
export const cellCount = 3;

/** What the engine is opened with, in the engine's thread. */
export interface WorkerOptions {
  /** Folder of the cluster; absent: in memory. */
  readonly clusterFolder?: string;
  readonly fsync: boolean;
  /** A plain tar of a cluster to start from, where there is none yet. */
  readonly load?: string;
  readonly statementTimeoutMs: number;
  readonly cells: Int32Array;
}

/** Main thread to engine. */
export type Request =
  | { readonly kind: 'batch'; readonly wire: number; readonly data: Uint8Array }
  /** Copy data for the COPY … FROM STDIN that is running. */
  | { readonly kind: 'copy'; readonly wire: number; readonly data: Uint8Array }
  /** The connection is gone: roll back what it left open. */
  | { readonly kind: 'gone'; readonly wire: number }
  | { readonly kind: 'dump'; readonly file: string }
  | { readonly kind: 'close' };

/** Engine to main thread. */
export type Report =
  | { readonly kind: 'ready' }
  /** A piece of an answer; `done` with the last piece of a batch: a message of its own would cost as much again. */
  | { readonly kind: 'data'; readonly wire: number; readonly data: Uint8Array; readonly done: boolean }
  | { readonly kind: 'copied'; readonly wire: number; readonly bytes: number }
  | { readonly kind: 'dead'; readonly reason: string }
  | { readonly kind: 'dumped'; readonly error?: string }
  | { readonly kind: 'closed' };
