import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';

/** A task as its worker holds it. */
export interface ClaimedTask {
  readonly lease_id: string;
  readonly organization_id: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly task_type: string;
  readonly timeout_seconds: number;
  readonly payload: unknown;
}

export interface Success {
  readonly task: ClaimedTask;
  readonly result: unknown;
  readonly durationMs: number;
}

export interface Failure {
  readonly task: ClaimedTask;
  readonly error: { code: string; message: string };
  readonly durationMs: number;
  /** Null: never again. */
  readonly retryAfterSeconds: number | null;
  readonly outcome: 'failed' | 'timed_out' | 'cancelled';
}

/** What tending the engine did, and what decides how long a worker may sleep. */
export interface Tended {
  readonly promoted: number;
  readonly recovered: number;
  readonly nextDueAt: Date | null;
  readonly nextLeaseExpiresAt: Date | null;
  readonly liveWorkers: number;
}

interface DueRow {
  readonly promoted: number;
  readonly next_due_at: Date | null;
  readonly next_lease_expires_at: Date | null;
  readonly live_workers: number;
}

export interface EngineState {
  readonly next_due_at: Date | null;
  readonly next_lease_expires_at: Date | null;
  readonly live_workers: string;
  readonly queued: string;
  readonly delayed: string;
  readonly leased: string;
  readonly oldest_run_at: Date | null;
}

/** The worker's side of the engine's SQL functions: one method a function, all as the role `worker`. */
export interface TaskEngine {
  /** Records answers and claims the next batch: one transaction, one commit. Returns what was refused and the batch. */
  settleAndClaim(answers: {
    successes: readonly Success[];
    failures: readonly Failure[];
    claim: number;
  }): Promise<{ refused: ClaimedTask[]; claimed: ClaimedTask[] }>;
  heartbeat(leases: readonly string[]): Promise<{ lostLeases: string[]; cancelledTasks: string[] }>;
  /** Moves due timers to the queue and takes back what dead workers held. Returns when to look again. */
  promoteAndRecover(): Promise<Tended>;
  giveBack(tasks: readonly ClaimedTask[]): Promise<void>;
  state(): Promise<EngineState>;
  register(hostname: string, pid: number, version: string): Promise<void>;
  stop(): Promise<void>;
}

const promote_rows_max = 1000;
const recover_leases_max = 20;

export function makeTaskEngine(
  platform: Platform,
  workerId: string,
  types: readonly string[],
  leaseSeconds: number,
): TaskEngine {
  let turn = 0;
  // a cluster locks rows of one tenant at a time only
  const byTenant = platform.engine.capabilities.distributed ? '_by_tenant' : '';
  const inWorkerScope = <T>(work: (tx: ScopedTx) => Promise<T>): Promise<T> =>
    platform.door.write({ as: 'worker', memberRole: 'service' }, work, { pool: 'worker' });

  /** The types, turned by one at each claim, so that a busy one does not starve the others. */
  function turned(): string[] {
    turn = (turn + 1) % Math.max(1, types.length);
    return [...types.slice(turn), ...types.slice(0, turn)];
  }

  async function settle(
    tx: ScopedTx,
    successes: readonly Success[],
    failures: readonly Failure[],
  ): Promise<ClaimedTask[]> {
    const refused: ClaimedTask[] = [];
    for (const [lease, group] of byLease(successes)) {
      const items = group.map(({ task, result, durationMs }) => ({
        o: task.organization_id,
        i: task.task_id,
        r: result ?? null,
        d: durationMs,
      }));
      const rows = await tx.sql<{ task_id: string }>(
        `select task_id from plinth.complete_tasks${byTenant}($1, $2, $3::jsonb)`,
        [lease, workerId, JSON.stringify(items)],
      );
      if (rows.length < group.length) {
        const recorded = new Set(rows.map((row) => row.task_id));
        refused.push(...group.map(({ task }) => task).filter(({ task_id }) => !recorded.has(task_id)));
      }
    }
    for (const [lease, group] of byLease(failures)) {
      const items = group.map(({ task, error, durationMs, retryAfterSeconds, outcome }) => ({
        o: task.organization_id,
        i: task.task_id,
        e: error,
        d: durationMs,
        n: retryAfterSeconds,
        k: outcome,
      }));
      await tx.sql('select 1 from plinth.fail_tasks($1, $2, $3::jsonb)', [lease, workerId, JSON.stringify(items)]);
    }
    return refused;
  }

  return {
    settleAndClaim: ({ successes, failures, claim }) =>
      inWorkerScope(async (tx) => {
        const refused = await settle(tx, successes, failures);
        const claimed =
          claim > 0
            ? await tx.sql<ClaimedTask>(`select * from plinth.claim_tasks${byTenant}($1, $2, $3, $4)`, [
                workerId,
                turned(),
                claim,
                leaseSeconds,
              ])
            : [];
        return { refused, claimed };
      }),
    async heartbeat(leases) {
      const [row] = await inWorkerScope((tx) =>
        tx.sql<{ lost_leases: string[]; cancelled_tasks: string[] }>('select * from plinth.heartbeat($1, $2, $3)', [
          workerId,
          leases,
          leaseSeconds,
        ]),
      );
      return { lostLeases: row?.lost_leases ?? [], cancelledTasks: row?.cancelled_tasks ?? [] };
    },
    promoteAndRecover: () =>
      inWorkerScope(async (tx) => {
        const [lost] = await tx.sql<{ recovered: number }>('select plinth.recover_expired_leases($1) as recovered', [
          recover_leases_max,
        ]);
        const [due] = await tx.sql<DueRow>(`select * from plinth.promote_due_tasks${byTenant}($1)`, [promote_rows_max]);
        return {
          promoted: due!.promoted,
          recovered: lost!.recovered,
          nextDueAt: due!.next_due_at,
          nextLeaseExpiresAt: due!.next_lease_expires_at,
          liveWorkers: due!.live_workers,
        };
      }),
    giveBack: (tasks) =>
      inWorkerScope(async (tx) => {
        for (const [lease, group] of byLease(tasks.map((task) => ({ task })))) {
          const items = group.map(({ task }) => ({ o: task.organization_id, i: task.task_id }));
          await tx.sql('select plinth.return_tasks($1, $2, $3::jsonb)', [lease, workerId, JSON.stringify(items)]);
        }
      }),
    async state() {
      const [row] = await inWorkerScope((tx) => tx.sql<EngineState>('select * from plinth.task_engine_state()'));
      return row!;
    },
    register: (hostname, pid, version) =>
      inWorkerScope(async (tx) => {
        await tx.sql('select plinth.register_worker($1, $2, $3, $4, $5)', [workerId, hostname, pid, version, types]);
      }),
    stop: () =>
      inWorkerScope(async (tx) => {
        await tx.sql('select plinth.stop_worker($1)', [workerId]);
      }),
  };
}

function byLease<T extends { task: ClaimedTask }>(answers: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const answer of answers) {
    const group = groups.get(answer.task.lease_id);
    if (group) group.push(answer);
    else groups.set(answer.task.lease_id, [answer]);
  }
  return groups;
}
