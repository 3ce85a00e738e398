import type { Platform } from '../../../platform/platform.ts';
import type { Statement } from '../../../platform/scope/door.ts';
import { isAboutAnAnswer, toFailure } from '../answers.ts';
import { type ClaimedTask, resultsOf } from '../engine.ts';
import { external_type_label, outcomeCounts } from '../statistics/outcome-counts.ts';

/** A task a worker outside holds, under a lease of its own. */
export interface HeldTask extends Omit<ClaimedTask, 'payload'> {
  readonly status: string;
  readonly held_ms: number;
}

export interface ExternallyClaimed extends ClaimedTask {
  readonly expires_at: Date;
}

/** A worker whose key has been checked. */
export interface ExternalWorker {
  readonly id: string;
  readonly organizationId: string;
  readonly taskTypes: readonly string[];
  readonly leaseSeconds: number;
}

/** What is recorded of a task: its result as JSON, or what it failed with. */
export type ExternalAnswer =
  | { readonly task: HeldTask; readonly result: string | undefined }
  | { readonly task: HeldTask; readonly thrown: unknown };

/** What became of an answer: `not_stored` is still held, and was at fault itself. */
export type Settling = 'recorded' | 'lost' | 'not_stored';

export interface Claim {
  readonly tasks: ExternallyClaimed[];
  /** Keys were being claimed by another: look again in a moment. */
  readonly skipped: boolean;
}

export interface ExternalEngine {
  claim(worker: ExternalWorker, types: readonly string[], tasksMax: number): Promise<Claim>;
  /** Those of the leases (null: all) that the worker holds. */
  held(worker: ExternalWorker, leases: readonly string[] | null): Promise<HeldTask[]>;
  /** Extends leases, and returns those that are still held. */
  beat(worker: ExternalWorker, leases: readonly string[]): Promise<HeldTask[]>;
  /** Records answers; by lease what became of each, and whether others can run now. */
  settle(
    worker: ExternalWorker,
    answers: readonly ExternalAnswer[],
  ): Promise<{ outcomes: Map<string, Settling>; wake: boolean }>;
  giveBack(worker: ExternalWorker, tasks: readonly Pick<HeldTask, 'lease_id' | 'task_id'>[]): Promise<void>;
  /** Of pairs of an organization and a type the places of those with due work. */
  due(pairs: readonly { readonly organizationId: string; readonly type: string }[]): Promise<number[]>;
}

const scope = { as: 'worker', memberRole: 'service' } as const;
const pool = { pool: 'worker' } as const;
/** Every so many claims look at what has waited longest, whatever its priority. */
const claims_by_age_every = 8;

/** The engine's SQL as workers outside use it, through this process. */
export function makeExternalEngine(platform: Platform): ExternalEngine {
  const { distributed } = platform.engine.capabilities;
  const all = (statements: readonly Statement[]) => platform.door.writeAll(scope, statements, pool);
  const counts = outcomeCounts(platform);
  let turn = 0;

  /** The types, turned by one at each claim, so that a busy one does not keep the others from their turn. */
  const turned = (types: readonly string[]) => {
    const at = turn % types.length;
    return [...types.slice(at), ...types.slice(0, at)];
  };
  const heldStatement = (worker: ExternalWorker, leases: readonly string[] | null): Statement => ({
    text: 'select * from plinth.held_by_external($1, $2, $3::uuid[])',
    values: [worker.organizationId, worker.id, leases],
  });

  function answerStatement(worker: ExternalWorker, answer: ExternalAnswer): Statement {
    const { task } = answer;
    if ('result' in answer) {
      return {
        text: `select coalesce(cardinality(refused), 0) = 0 as recorded, released
               from plinth.complete_tasks${distributed ? '_by_tenant' : ''}($1, $2, $3, $4, $5)`,
        values: [task.lease_id, worker.id, [task.task_id], [task.held_ms], resultsOf([answer])],
      };
    }
    const failure = toFailure({ ...task, payload: null }, answer.thrown, task.held_ms);
    const { error, durationMs: d, retryAfterSeconds: n, outcome: k } = failure;
    return {
      text: 'select recorded = 1 as recorded, final, released from plinth.fail_tasks($1, $2, $3, $4)',
      values: [task.lease_id, worker.id, [task.task_id], [JSON.stringify({ e: error, d, n, k })]],
    };
  }

  async function settleTogether(worker: ExternalWorker, answers: readonly ExternalAnswer[]) {
    const rows = await all(answers.map((answer) => answerStatement(worker, answer)));
    const outcomes = answers.map(({ task }, index): [string, Settling] => {
      return [task.lease_id, rows[index]![0]!['recorded'] ? 'recorded' : 'lost'];
    });
    for (const [row] of rows) {
      if (!row!['recorded']) continue;
      const { final } = row!;
      counts.note(external_type_label, final === undefined ? 'completed' : final === 1 ? 'failed' : 'retried');
    }
    const released = rows.some(([row]) => Number(row!['released']) > 0);
    return { outcomes, released };
  }

  return {
    async claim(worker, types, tasksMax) {
      turn++;
      const [rows = []] = await all([
        {
          text: 'select * from plinth.claim_external_tasks($1, $2, $3, $4, $5, $6, $7)',
          values: [
            worker.organizationId,
            worker.id,
            turned(types),
            tasksMax,
            turn % 2 === 0,
            turn % claims_by_age_every === 0,
            distributed,
          ],
        },
      ]);
      const skipped = rows.at(-1)?.['task_id'] === null;
      return { tasks: (skipped ? rows.slice(0, -1) : rows) as unknown as ExternallyClaimed[], skipped };
    },
    async held(worker, leases) {
      return (await all([heldStatement(worker, leases)]))[0] as unknown as HeldTask[];
    },
    async beat(worker, leases) {
      const beat = {
        text: 'select cardinality(lost_leases) from plinth.heartbeat($1, $2, $3)',
        values: [worker.id, leases, worker.leaseSeconds],
      };
      return (await all([beat, heldStatement(worker, leases)]))[1] as unknown as HeldTask[];
    },
    async settle(worker, answers) {
      // a slot is free, or a retry has a time at which somebody must look
      const isNews = answers.some((one) => 'thrown' in one || one.task.concurrency_key !== null);
      // in the order of the leases, as other answers are
      const ordered = [...answers].sort((a, b) => (a.task.lease_id < b.task.lease_id ? -1 : 1));
      if (ordered.length === 0) return { outcomes: new Map(), wake: false };
      try {
        const { outcomes, released } = await settleTogether(worker, ordered);
        return { outcomes: new Map(outcomes), wake: released || isNews };
      } catch (error) {
        if (!isAboutAnAnswer(error)) throw error;
      }
      const outcomes = new Map<string, Settling>();
      for (const answer of ordered) {
        try {
          for (const [lease, outcome] of (await settleTogether(worker, [answer])).outcomes)
            outcomes.set(lease, outcome);
        } catch (error) {
          if (!isAboutAnAnswer(error)) throw error;
          outcomes.set(answer.task.lease_id, 'not_stored');
        }
      }
      return { outcomes, wake: true };
    },
    async giveBack(worker, tasks) {
      if (tasks.length === 0) return;
      const ordered = [...tasks].sort((a, b) => (a.lease_id < b.lease_id ? -1 : 1));
      await all(
        ordered.map(({ lease_id, task_id }) => ({
          text: 'select plinth.return_tasks($1, $2, $3)',
          values: [lease_id, worker.id, [task_id]],
        })),
      );
    },
    async due(pairs) {
      const rows = await platform.door.readOne<{ n: string }>(
        scope,
        'select n from plinth.due_for_external($1::uuid[], $2::text[]) as n',
        [pairs.map(({ organizationId }) => organizationId), pairs.map(({ type }) => type)],
        pool,
      );
      return rows.map(({ n }) => Number(n) - 1);
    },
  };
}
