import { errors } from '../../../platform/core/errors.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { tasks_channel } from '../enqueue.ts';

/** Keys whose rate is used up cost each claim of the organization's keys a probe: 20 µs. */
export const task_limits_max = 1_000;

/** What may be done with tasks of a key; null: no such limit. */
export interface LimitInput {
  /** How many workers hold at once. */
  readonly concurrency_limit?: number | null;
  /** How many are claimed in any `rate_seconds`; both or none. */
  readonly rate_limit?: number | null;
  readonly rate_seconds?: number | null;
}

export interface LimitRow {
  readonly id: string;
  readonly key: string;
  readonly concurrency_limit: number | null;
  readonly rate_limit: number | null;
  readonly rate_seconds: number | null;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export interface LimitInUse extends LimitRow {
  readonly held: number;
  readonly waiting: number;
  readonly rate_renews_at: Date | null;
}

const columns = `id, concurrency_key as key, concurrency_limit, rate_limit, rate_seconds::float8 as rate_seconds,
  created_by, created_at, updated_at`;

/**
 * Sets the limits of a concurrency key, whether or not tasks with it are there; they hold from the next claim on, and
 * what runs already counts. Throws `invalid_request` without a limit, with half a rate, or when there are too many.
 */
export async function putLimit(platform: Platform, tx: ScopedTx, key: string, input: LimitInput): Promise<LimitRow> {
  const { concurrency_limit = null, rate_limit = null, rate_seconds = null } = input;
  if ((rate_limit === null) !== (rate_seconds === null)) {
    throw errors.invalid_request({ field: 'body/rate_seconds', detail: 'rate_limit and rate_seconds go together' });
  }
  if (concurrency_limit === null && rate_limit === null) {
    throw errors.invalid_request({ field: 'body', detail: 'name a concurrency_limit or a rate_limit' });
  }
  const [{ others } = { others: '0' }] = await tx.sql<{ others: string }>(
    'select count(*) as others from plinth.task_limits where organization_id = $1 and concurrency_key <> $2',
    [tx.organizationId, key],
  );
  if (Number(others) >= task_limits_max) {
    throw errors.invalid_request({ detail: `an organization has at most ${task_limits_max} limits` });
  }
  const [row] = await tx.sql<LimitRow>(
    `insert into plinth.task_limits (organization_id, concurrency_key, concurrency_limit, rate_limit, rate_seconds)
     values ($1, $2, $3, $4, $5)
     on conflict (organization_id, concurrency_key) do update
     set concurrency_limit = excluded.concurrency_limit, rate_limit = excluded.rate_limit,
         rate_seconds = excluded.rate_seconds
     returning ${columns}`,
    [tx.organizationId, key, concurrency_limit, rate_limit, rate_seconds],
  );
  tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
  return row!;
}

/** The limits that are set, newest first, below the id `before`. */
export function listLimits(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<LimitRow[]> {
  return tx.sql<LimitRow>(
    `select ${columns}
     from plinth.task_limits
     where organization_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** A key's limits, and how many tasks with it are held by workers and wait to be. Throws `not_found`. */
export async function readLimit(tx: ScopedTx, key: string): Promise<LimitInUse> {
  const [row] = await tx.sql<LimitRow>(
    `select ${columns} from plinth.task_limits where organization_id = $1 and concurrency_key = $2`,
    [tx.organizationId, key],
  );
  if (!row) throw errors.not_found({ detail: 'no limit is set for this key' });
  const [use] = await tx.sql<{ held: string; waiting: string; renews_at: Date | null }>(
    'select held, waiting, renews_at from plinth.task_key_use($1, $2)',
    [tx.organizationId, key],
  );
  return { ...row, held: Number(use!.held), waiting: Number(use!.waiting), rate_renews_at: use!.renews_at };
}

/** Tasks of the key go by their own limits again. Throws `not_found`. */
export async function deleteLimit(platform: Platform, tx: ScopedTx, key: string): Promise<void> {
  const rows = await tx.sql(
    'delete from plinth.task_limits where organization_id = $1 and concurrency_key = $2 returning id',
    [tx.organizationId, key],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no limit is set for this key' });
  tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
}
