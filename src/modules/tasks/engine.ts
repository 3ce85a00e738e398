import { uuidv7 } from '../../platform/core/ids.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Statement } from '../../platform/scope/door.ts';
import { SearchFloors } from './search-floors.ts';
import { type OutcomeCounts, outcomeCounts, unknown_type_label } from './statistics/outcome-counts.ts';

/** A task as its worker holds it. */
export interface ClaimedTask {
  readonly lease_id: string;
  readonly organization_id: string;
  readonly task_id: string;
  readonly attempt: number;
  readonly task_type: string;
  readonly timeout_seconds: number;
  readonly payload: unknown;
  /** It holds a slot of this key until it is answered. */
  readonly concurrency_key: string | null;
}

export interface Success {
  readonly task: ClaimedTask;
  /** The result as JSON; undefined: there is none. */
  readonly result: string | undefined;
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

/** A task that gives itself back. */
export interface Suspended {
  readonly task: ClaimedTask;
  /** Undefined: until it is woken. */
  readonly until: Date | undefined;
}

/** What a worker tells and asks at once. */
export interface Turn {
  readonly successes: readonly Success[];
  readonly failures: readonly Failure[];
  readonly suspensions?: readonly Suspended[];
  /** How many tasks without a concurrency key to claim; 0: none. */
  readonly claim: number;
  /** How many with one; default: none. */
  readonly claimKeyed?: number;
}

/** What became of a turn. */
export interface Settled {
  /** Ids of successes that were refused: their lease was lost, or they were cancelled. */
  readonly refused: string[];
  /** How many tasks had waited for these answers and can run now. */
  readonly released: number;
  readonly claimed: ClaimedTask[];
  /** Whether all that was asked for was claimed, so that there may be more: of those without a key, of those with one. */
  readonly more: { readonly plain: boolean; readonly keyed: boolean };
  /** The keys of some tenants were being claimed by another worker: look again in a moment. */
  readonly skipped: boolean;
}

/** What a worker must stop: it lost the lease, or people cancelled or paused the task. */
export interface Beat {
  readonly lostLeases: string[];
  readonly cancelledTasks: string[];
  readonly pausedTasks: string[];
}

/** What tending the engine did, and what decides how long a worker may sleep. */
export interface Tended {
  readonly promoted: number;
  readonly recovered: number;
  readonly nextDueAt: Date | null;
  readonly nextLeaseExpiresAt: Date | null;
  readonly liveWorkers: number;
}

interface Outcome {
  readonly refused?: string[] | null;
  readonly recorded?: number;
  readonly final?: number;
  readonly released: number;
}

/** A sign of life of a worker that holds nothing for long. */
const sign_ms = 60_000;

/** A row of a claim. */
interface ClaimedRow extends ClaimedTask {
  lease_id: string;
  /** When it was due, in milliseconds since 1970, and how long the search for those without a key took; null: quick. */
  readonly due_ms: number | null;
  readonly search_ms: number | null;
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

/** The worker's side of the engine's SQL functions, all as the role `worker`. */
export interface TaskEngine {
  /**
   * Records answers and claims the next batch: one transaction, and one round trip where the engine can.
   */
  settleAndClaim(turn: Turn): Promise<Settled>;
  heartbeat(leases: readonly string[]): Promise<Beat>;
  /** Moves due timers to the queue and takes back what dead workers held. Returns when to look again. */
  promoteAndRecover(): Promise<Tended>;
  giveBack(tasks: readonly ClaimedTask[]): Promise<void>;
  state(): Promise<EngineState>;
  register(hostname: string, pid: number, version: string): Promise<void>;
  stop(): Promise<void>;
}

/** Every so many claims look at what has waited longest, whatever its priority. */
const claims_by_priority_max = 7;
const promote_rows_max = 1000;
const recover_leases_max = 20;
/**
 * A claim that records no answers does not wait for the disk: what a crash of the server takes of it stands in the queue
 * again, and an answer to it is refused. It is a third of the time from enqueueing to a start. Not where the database is
 * part of this process: a handler that ends it would end it again and again, in what is its first attempt each time.
 */
const notWaiting: Statement = { text: `select set_config('synchronous_commit', 'off', true)`, values: [] };
const scope = { as: 'worker', memberRole: 'service' } as const;
const pool = { pool: 'worker' } as const;

export function makeTaskEngine(
  platform: Platform,
  workerId: string,
  types: readonly string[],
  leaseSeconds: number,
): TaskEngine {
  let turn = 0;
  /** Claims that found something since one went by age alone: whatever rhythm the others have, no priority misses its turn. */
  let claimsByPriority = 0;
  const floors = new SearchFloors();
  let signedAt = platform.clock.now().getTime();
  /** For each type the tenant that was served last: the next claim begins behind it. */
  const served = { plain: new Map<string, string>(), keyed: new Map<string, string>() };
  // a cluster locks rows of one tenant at a time only
  const byTenant = platform.engine.capabilities.distributed ? '_by_tenant' : '';
  const beforeClaim = platform.engine.capabilities.concurrentConnections ? [notWaiting] : [];
  const counts = outcomeCounts(platform);
  const all = (statements: readonly Statement[]) => platform.door.writeAll(scope, statements, pool);
  const one = async <R>(text: string, ...values: unknown[]) => (await all([{ text, values }]))[0] as R[];

  /** The types, turned by one at each claim, so that a busy one does not starve the others. */
  function turned(): string[] {
    turn = (turn + 1) % Math.max(1, types.length);
    return [...types.slice(turn), ...types.slice(0, turn)];
  }

  function claimStatement(lease: string, plain: number, keyed: number): Statement & SearchKind {
    const named = turned();
    const behind = (round: ReadonlyMap<string, string>) => named.map((type) => round.get(type) ?? null);
    const from = byTenant || plain === 0 ? undefined : floors.of(named, performance.now());
    // what has waited longest stands in front
    const byAge = from === undefined && claimsByPriority >= claims_by_priority_max;
    const values = [
      lease,
      workerId,
      named,
      plain,
      leaseSeconds,
      behind(served.plain),
      byAge,
      keyed,
      behind(served.keyed),
    ];
    const kind = { byAge, hadFloors: from !== undefined };
    if (byTenant)
      return {
        text: 'select * from plinth.claim_tasks_by_tenant($1, $2, $3, $4, $5, $6, $7, $8, $9)',
        values,
        ...kind,
      };
    const text = 'select * from plinth.claim_tasks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)';
    return { text, values: [...values, from ?? []], ...kind };
  }

  const sign = (leases: readonly string[]) => {
    signedAt = platform.clock.now().getTime();
    return one<Record<'lost_leases' | 'cancelled_tasks' | 'paused_tasks', string[] | null>>(
      'select * from plinth.heartbeat($1, $2, $3)',
      workerId,
      leases,
      leaseSeconds,
    );
  };

  return {
    async settleAndClaim({ successes, failures, suspensions = [], claim, claimKeyed = 0 }) {
      const groups = byLeaseAndType(failures);
      const statements = [
        ...completions(successes, workerId, byTenant),
        ...groups.map((group) => recording(group, workerId)),
        ...returns(suspensions, workerId),
      ];
      const answered = statements.length;
      const lease = uuidv7(platform.clock.now());
      const search = claim + claimKeyed > 0 ? claimStatement(lease, claim, claimKeyed) : undefined;
      if (search) statements.push(search);
      const first = answered === 0 ? beforeClaim : [];
      const results = (await all([...first, ...statements])).slice(first.length);
      const rows = search ? (results.at(-1) as unknown as ClaimedRow[]) : [];
      // the last row has no task where keys were skipped
      const skipped = rows.at(-1)?.task_id === null;
      const claimed = skipped ? rows.slice(0, -1) : rows;
      for (const row of claimed) row.lease_id = lease;
      if (claimed.length > 0) claimsByPriority = search?.byAge ? 0 : claimsByPriority + 1;
      const keyed = claimed.some(hasKey) ? claimed.filter(hasKey) : [];
      const more = {
        plain: claim > 0 && claimed.length - keyed.length === claim,
        keyed: claimKeyed > 0 && keyed.length === claimKeyed,
      };
      if (claim > 0) {
        const found = keyed.length > 0 ? claimed.filter(hasNoKey) : claimed;
        noteServed(served.plain, found, more.plain);
        const [first] = claimed;
        if (search && first && !byTenant) {
          floors.note(
            { found, wasFull: more.plain, hadFloors: search.hadFloors, ms: first.search_ms ?? 0 },
            performance.now(),
          );
        }
      }
      if (claimKeyed > 0) noteServed(served.keyed, keyed, more.keyed);
      const outcomes = results.slice(0, answered).map(([row]) => row as unknown as Outcome);
      const refused = outcomes.flatMap(({ refused: ids }) => ids ?? []);
      countSuccesses(counts, successes, refused);
      for (const [index, { final = 0, recorded = 0 }] of outcomes.filter((one) => 'final' in one).entries()) {
        const type = groups[index]![0]!.task.task_type;
        counts.note(type, 'failed', final);
        counts.note(type, 'retried', recorded - final);
      }
      return {
        refused,
        released: outcomes.reduce((sum, { released }) => sum + released, 0),
        claimed,
        more,
        skipped,
      };
    },
    async heartbeat(leases) {
      const [row] = await sign(leases);
      return {
        lostLeases: row?.lost_leases ?? [],
        cancelledTasks: row?.cancelled_tasks ?? [],
        pausedTasks: row?.paused_tasks ?? [],
      };
    },
    async promoteAndRecover() {
      // awake anyway: who has short tasks only, or none, is to be heard of too
      if (platform.clock.now().getTime() - signedAt >= sign_ms) await sign([]);
      const [lost, promoted] = await all([
        { text: 'select plinth.recover_expired_leases($1) as recovered', values: [recover_leases_max] },
        { text: `select * from plinth.promote_due_tasks${byTenant}($1)`, values: [promote_rows_max] },
      ]);
      const due = promoted![0] as unknown as DueRow;
      const recovered = lost![0]!['recovered'] as number;
      counts.note(unknown_type_label, 'lost', recovered);
      return {
        promoted: due.promoted,
        recovered,
        nextDueAt: due.next_due_at,
        nextLeaseExpiresAt: due.next_lease_expires_at,
        liveWorkers: due.live_workers,
      };
    },
    async giveBack(tasks) {
      const statements = byLease(tasks.map((task) => ({ task }))).map(([lease, group]) => ({
        text: 'select plinth.return_tasks($1, $2, $3)',
        values: [lease, workerId, idsOf(group)],
      }));
      if (statements.length > 0) await all(statements);
    },
    state: async () => (await one<EngineState>('select * from plinth.task_engine_state()'))[0]!,
    async register(hostname, pid, version) {
      await one('select plinth.register_worker($1, $2, $3, $4, $5)', workerId, hostname, pid, version, types);
    },
    async stop() {
      await one('select plinth.stop_worker($1)', workerId);
    },
  };
}

interface SearchKind {
  readonly byAge: boolean;
  readonly hadFloors: boolean;
}

export const hasKey = ({ concurrency_key }: ClaimedTask): boolean => concurrency_key !== null;
const hasNoKey = (task: ClaimedTask) => !hasKey(task);

/** Where the round over the tenants of each type has come to; a batch that is not full has seen all. */
function noteServed(round: Map<string, string>, claimed: readonly ClaimedTask[], wasFull: boolean): void {
  if (!wasFull) {
    round.clear();
    return;
  }
  const last = new Map<string, string>();
  for (const { task_type, organization_id } of claimed) {
    const known = last.get(task_type);
    if (known === undefined || isLater(organization_id, known, round.get(task_type)))
      last.set(task_type, organization_id);
  }
  for (const [type, tenant] of last) round.set(type, tenant);
}

/** Whether a tenant comes after another in a round that began behind `start`. */
function isLater(tenant: string, other: string, start: string | undefined): boolean {
  const wrapped = (one: string) => start !== undefined && one <= start;
  return wrapped(tenant) === wrapped(other) ? tenant > other : wrapped(tenant);
}

function completions(successes: readonly Success[], workerId: string, byTenant: string): Statement[] {
  return byLease(successes).map(([lease, group]) => ({
    text: `select refused, released from plinth.complete_tasks${byTenant}($1, $2, $3, $4, $5)`,
    values: [
      lease,
      workerId,
      idsOf(group),
      `{${group.map(({ durationMs }) => durationMs).join(',')}}`,
      resultsOf(group),
    ],
  }));
}

function recording(group: readonly Failure[], workerId: string): Statement {
  return {
    text: 'select recorded, final, released from plinth.fail_tasks($1, $2, $3, $4)',
    values: [
      group[0]!.task.lease_id,
      workerId,
      idsOf(group),
      group.map(({ error, durationMs, retryAfterSeconds, outcome }) =>
        JSON.stringify({ e: error, d: durationMs, n: retryAfterSeconds, k: outcome }),
      ),
    ],
  };
}

/** Failures of one lease and one type each: how many of them were the last is told of all of them together. */
function byLeaseAndType(failures: readonly Failure[]): Failure[][] {
  return byLease(failures).flatMap(([, group]) => [...Map.groupBy(group, ({ task }) => task.task_type).values()]);
}

function countSuccesses(counts: OutcomeCounts, successes: readonly Success[], refused: readonly string[]): void {
  const late = new Set(refused);
  const completed = new Map<string, number>();
  for (const { task } of successes) {
    if (!late.has(task.task_id)) completed.set(task.task_type, (completed.get(task.task_type) ?? 0) + 1);
  }
  for (const [type, tasks] of completed) counts.note(type, 'completed', tasks);
}

function returns(suspensions: readonly Suspended[], workerId: string): Statement[] {
  return byLease(suspensions).map(([lease, group]) => ({
    text: 'select plinth.suspend_tasks($1, $2, $3, $4) as released',
    values: [lease, workerId, idsOf(group), group.map(({ until }) => until ?? null)],
  }));
}

/** The results as one JSON array; null where there are none. They are JSON each: none can begin or end another. */
export function resultsOf(answers: readonly { readonly result: string | undefined }[]): string | null {
  if (answers.every(({ result }) => result === undefined)) return null;
  return `[${answers.map(({ result }) => result ?? 'null').join(',')}]`;
}

/** A uuid[] as text: 500 ids are written so in a tenth of the time `pg` takes for an array. */
function idsOf(answers: readonly { task: ClaimedTask }[]): string {
  return `{${answers.map(({ task }) => task.task_id).join(',')}}`;
}

/** The answers of each lease, in the order of the leases' ids: two transactions never wait for each other in a circle. */
function byLease<T extends { task: ClaimedTask }>(answers: readonly T[]): [lease: string, answers: T[]][] {
  const groups = new Map<string, T[]>();
  for (const answer of answers) {
    const group = groups.get(answer.task.lease_id);
    if (group) group.push(answer);
    else groups.set(answer.task.lease_id, [answer]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}
