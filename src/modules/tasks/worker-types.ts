import type { TaskHandler } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Watchdog } from '../../platform/worker/watchdog.ts';

export interface WorkerOptions {
  readonly platform: Platform;
  readonly handlers: ReadonlyMap<string, TaskHandler>;
  readonly version: string;
  /** Ends this process when a handler never waits. */
  readonly watchdog?: Watchdog;
  /** Tasks that run at once. */
  readonly concurrency: number;
  /** Tasks claimed at once, at most. */
  readonly batchSize?: number;
  /** Claims and answers under way at once, each on a connection of its own; one where the engine has one connection. */
  readonly lanes?: number;
  /** Seconds after which a silent worker's tasks run elsewhere. */
  readonly leaseSeconds?: number;
  /** Seconds a handler may take after it was told to stop. */
  readonly stopSeconds?: number;
  /** Longest sleep with nothing due: when this process is alone, and when others are registered. */
  readonly idleMsAlone?: number;
  readonly idleMsAmongOthers?: number;
}

export interface WorkerStatistics {
  completed: number;
  failed: number;
  refused: number;
  running: number;
}

export interface TaskWorker {
  readonly id: string;
  readonly statistics: Readonly<WorkerStatistics>;
  /** Resolves when nothing is held, claimed or due: for tests and the demo. */
  idle(): Promise<void>;
  /** Stops claiming, gives back what has not started, waits for what runs, then says goodbye. */
  stop(): Promise<void>;
}
