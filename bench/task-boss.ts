/** pg-boss 12 at its best documented settings: batches, several workers, and no pause while batches are full. */
import { PgBoss } from 'pg-boss';
import { withClient } from '../tests/support/server.ts';
import { pause } from './measure.ts';

const queue = 'noop';

export interface Boss {
  insert(payloads: readonly object[]): Promise<void>;
  analyze(): Promise<void>;
  /** Runs a handler that does nothing for each of so many jobs, till all are recorded as completed. Returns what stops it. */
  drain(count: number): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export async function openBoss(connectionString: string): Promise<Boss> {
  const boss = new PgBoss({ connectionString, max: 10, supervise: false, schedule: false });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  await boss.createQueue(queue);
  const query = (text: string) => withClient(connectionString, (client) => client.query(text));
  return {
    async insert(payloads) {
      await boss.insert(
        queue,
        payloads.map((data) => ({ data })),
      );
    },
    async analyze() {
      await query('analyze');
    },
    async drain(count) {
      let done = 0;
      const all = Promise.withResolvers<void>();
      const run = async () => {
        if (++done === count) all.resolve();
      };
      const options = { batchSize: 500, localConcurrency: 3, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
      // each job's result is kept, as ours are; without results it takes a quarter less
      await boss.work<object>(queue, { ...options, perJobResults: true }, async (jobs) => {
        await Promise.all(jobs.map(run));
        return jobs.map(({ id, data }) => ({ id, status: 'completed' as const, output: data }));
      });
      await all.promise;
      const left = `select 1 from pgboss.job where name = '${queue}' and state < 'completed' limit 1`;
      while ((await query(left)).rowCount) await pause(2);
      return () => boss.offWork(queue);
    },
    close: () => boss.stop({ graceful: false, close: true }),
  };
}
