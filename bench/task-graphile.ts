/** graphile-worker 0.18 at its best documented settings: worker.graphile.org/docs/performance. */
import { Logger, makeWorkerUtils, type Runner, run, type TaskList, type WorkerUtils } from 'graphile-worker';
import { pause } from './measure.ts';

/** Drops what it would print. */
const logger = new Logger(() => () => undefined);
/** As in its own benchmark: 24 jobs at once, batches of 500, completions sent together. */
const fastest = {
  worker: { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
};

export interface Graphile {
  readonly utils: WorkerUtils;
  /** `batched`: with a local queue and batched completions. */
  start(taskList: TaskList, batched: boolean): Promise<Runner>;
  analyze(): Promise<void>;
  /** Resolves when no job is left: completed ones are deleted. */
  empty(): Promise<void>;
  clear(): Promise<void>;
  close(): Promise<void>;
}

export async function openGraphile(connectionString: string, maxPoolSize = 25): Promise<Graphile> {
  const utils = await makeWorkerUtils({ connectionString, logger, maxPoolSize });
  await utils.migrate();
  const query = (text: string) => utils.withPgClient((client) => client.query(text));
  return {
    utils,
    start: (taskList, batched) =>
      run({
        connectionString,
        logger,
        concurrency: 24,
        maxPoolSize,
        noHandleSignals: true,
        taskList,
        ...(batched ? { preset: fastest } : {}),
      }),
    async analyze() {
      await query('analyze');
    },
    async empty() {
      while ((await query('select 1 from graphile_worker._private_jobs limit 1')).rowCount) await pause(2);
    },
    async clear() {
      await query('truncate graphile_worker._private_jobs');
    },
    close: async () => await utils.release(),
  };
}
