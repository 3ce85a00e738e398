import type { LoopDeclaration } from './module.ts';
import type { ScopedTx } from './scope/door.ts';

const hour_ms = 3_600_000;
const rows_max = 10_000;
const worker = { as: 'worker' } as const;

/** Partitions ahead of time, and away after their time. Waits for its locks briefly: the next hour is as good. */
export const partitionsLoop: LoopDeclaration = {
  name: 'partitions',
  async tick({ door, clock, log }) {
    const run = (work: (tx: ScopedTx) => Promise<void>) => door.write(worker, work, { statementTimeoutMs: 60_000 });
    await run(async (tx) => {
      await tx.sql("set local lock_timeout = '2s'");
      const [made] = await tx.sql<{ made: number }>('select plinth.ensure_partitions() as made');
      if (made && made.made > 0) log.info({ made: made.made }, 'partitions were made');
    });
    await run(async (tx) => {
      await tx.sql("set local lock_timeout = '2s'");
      const [gone] = await tx.sql<{ dropped: string[] }>('select plinth.drop_expired_partitions() as dropped');
      if (gone && gone.dropped.length > 0) log.info({ dropped: gone.dropped }, 'expired partitions were dropped');
    });
    return new Date(clock.now().getTime() + hour_ms);
  },
};

/** Forgets idempotency keys whose day is over. */
export const idempotencyLoop: LoopDeclaration = {
  name: 'idempotency_keys',
  async tick({ door, clock }) {
    const [row] = await door.write(worker, (tx) =>
      tx.sql<{ removed: string }>('select plinth.delete_expired_idempotency_keys($1, $2) as removed', [
        clock.now(),
        rows_max,
      ]),
    );
    const more = Number(row?.removed ?? 0) === rows_max;
    return new Date(clock.now().getTime() + (more ? 0 : hour_ms));
  },
};

/** On Citus, a worker node that has joined: what was revoked is open there until somebody revokes it again. */
export const clusterLoop: LoopDeclaration = {
  name: 'cluster',
  async tick({ door, engine, clock, log }) {
    if (!engine.capabilities.distributed) return undefined;
    const [row] = await door.write(worker, (tx) =>
      tx.sql<{ found: number }>('select plinth.close_functions() as found'),
    );
    if (row && row.found > 0) log.warn({ functions: row.found }, 'a new node let everybody execute functions: closed');
    return new Date(clock.now().getTime() + hour_ms);
  },
};
