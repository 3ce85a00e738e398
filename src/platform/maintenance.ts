import type { LoopDeclaration } from './module.ts';
import type { Platform } from './platform.ts';
import type { ScopedTx } from './scope/door.ts';

const hour_ms = 3_600_000;
const rows_max = 10_000;
const worker = { as: 'worker' } as const;

/** Partitions ahead of time, and away after their time. Waits for its locks briefly: the next hour is as good. */
export const partitionsLoop: LoopDeclaration = {
  name: 'partitions',
  async tick({ door, clock, log }) {
    const run = (work: (tx: ScopedTx) => Promise<void>) => door.write(worker, work, { statementTimeoutMs: 60_000 });
    // a table in each transaction
    for (let made = 1; made > 0; ) {
      await run(async (tx) => {
        await tx.sql("set local lock_timeout = '2s'");
        const [row] = await tx.sql<{ made: number }>('select plinth.ensure_partitions(tables_max => 1) as made');
        made = row?.made ?? 0;
        if (made > 0) log.info({ made }, 'partitions were made');
      });
    }
    await run(async (tx) => {
      await tx.sql("set local lock_timeout = '2s'");
      const [gone] = await tx.sql<{ dropped: string[] }>('select plinth.drop_expired_partitions() as dropped');
      if (gone && gone.dropped.length > 0) log.info({ dropped: gone.dropped }, 'expired partitions were dropped');
    });
    return new Date(clock.now().getTime() + hour_ms);
  },
};

const analyze_interval_ms = 3_000;
const lastAnalysis = new WeakMap<Platform, number>();

/**
 * Analyses tables that have just begun to fill: for loops that work through what comes in, after they did. The server
 * does so within a minute, too late for a burst into an empty database or on the first of a month; the embedded engine is
 * looked after elsewhere, and Citus by its own nodes. What goes wrong is told and stops nothing.
 */
export async function analyzeNewTables(platform: Platform): Promise<void> {
  const { door, engine, clock, log } = platform;
  if (!engine.capabilities.autovacuum || engine.capabilities.distributed) return;
  const now = clock.now().getTime();
  if (now - (lastAnalysis.get(platform) ?? 0) < analyze_interval_ms) return;
  lastAnalysis.set(platform, now);
  try {
    await door.write(worker, async (tx) => {
      await tx.sql("set local lock_timeout = '1s'");
      await tx.sql('select plinth.analyze_new_tables()');
    });
  } catch (error) {
    log.warn({ err: error }, 'tables that fill could not be analysed');
  }
}

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
