import { errors } from '../../platform/core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { assertTaskType } from '../tasks/index.ts';
import { eventErrors } from './errors.ts';
import { compileSubscription } from './filter/subscription.ts';
import { formatFilter, parseFilter } from './filter/text.ts';
import { checkFilter, type Filter } from './filter/tree.ts';
import { eventLimits } from './limits.ts';

export interface SubscriptionTarget {
  readonly task_type: string;
  readonly priority?: number;
}

/** What a caller may set; `filter` as text or tree, null for none. */
export interface SubscriptionInput {
  readonly name?: string;
  readonly sources?: readonly string[];
  readonly categories?: readonly string[];
  readonly names?: readonly string[];
  readonly filter?: unknown;
  readonly target?: SubscriptionTarget;
  readonly is_active?: boolean;
}

export interface SubscriptionRow {
  readonly id: string;
  readonly name: string;
  readonly sources: readonly string[];
  readonly categories: readonly string[];
  readonly names: readonly string[];
  readonly filter: Filter | null;
  readonly action: 'task';
  readonly target: SubscriptionTarget;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const columns =
  'id, name, sources, categories, names, filter, action, target, is_active, created_by, created_at, updated_at';

/** A subscription as people see it: with its filter in the text form too. */
export function withFilterText(row: SubscriptionRow): SubscriptionRow & { filter_text: string | null } {
  return { ...row, filter_text: row.filter === null ? null : formatFilter(row.filter) };
}

/** Throws `filter_invalid`, `filter_too_large` or `unknown_task_type`; returns the filter as a tree. */
async function checkInput(
  platform: Platform,
  tx: ScopedTx,
  input: SubscriptionInput,
): Promise<Filter | null | undefined> {
  if (input.target) await assertTaskType(platform, tx, input.target.task_type, 'body/target/task_type');
  const { sources, categories, names, filter } = input;
  const tree =
    filter === undefined || filter === null
      ? filter
      : typeof filter === 'string'
        ? parseFilter(filter)
        : checkFilter(filter);
  compileSubscription({
    ...(sources ? { sources } : {}),
    ...(categories ? { categories } : {}),
    ...(names ? { names } : {}),
    filter: tree,
  });
  return tree;
}

/** Throws as `checkInput`, and `subscriptions_full`. */
export async function createSubscription(
  platform: Platform,
  tx: ScopedTx,
  input: SubscriptionInput & { readonly name: string; readonly target: SubscriptionTarget },
): Promise<SubscriptionRow> {
  const filter = await checkInput(platform, tx, input);
  const [live] = await tx.sql<{ count: number }>(
    `select count(*)::int as count
     from plinth.event_subscriptions
     where organization_id = $1 and deleted_at is null`,
    [tx.organizationId],
  );
  if ((live?.count ?? 0) >= eventLimits.subscriptions_max) {
    throw eventErrors.subscriptions_full({ detail: `The limit is ${eventLimits.subscriptions_max}.` });
  }
  const { name, sources = [], categories = [], names = [], target, is_active = true } = input;
  const [row] = await tx.sql<SubscriptionRow>(
    `insert into plinth.event_subscriptions
       (organization_id, name, sources, categories, names, filter, action, target, is_active)
     values ($1, $2, $3, $4, $5, $6::jsonb, 'task', $7::jsonb, $8)
     returning ${columns}`,
    [
      tx.organizationId,
      name,
      sources,
      categories,
      names,
      filter == null ? null : JSON.stringify(filter),
      JSON.stringify(target),
      is_active,
    ],
  );
  return row!;
}

/** Live subscriptions, newest first, below the id `before`. */
export function listSubscriptions(
  tx: ScopedTx,
  before: string | undefined,
  rowsMax: number,
): Promise<SubscriptionRow[]> {
  return tx.sql<SubscriptionRow>(
    `select ${columns}
     from plinth.event_subscriptions
     where organization_id = $1
       and deleted_at is null
       and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** Those events are matched with: not deleted, switched on. Bounded by `subscriptions_max`. */
export function activeSubscriptions(tx: ScopedTx): Promise<SubscriptionRow[]> {
  return tx.sql<SubscriptionRow>(
    `select ${columns}
     from plinth.event_subscriptions
     where organization_id = $1
       and is_active
       and deleted_at is null
     order by id`,
    [tx.organizationId],
  );
}

/** Throws `not_found`. */
export async function readSubscription(tx: ScopedTx, id: string): Promise<SubscriptionRow> {
  const [row] = await tx.sql<SubscriptionRow>(
    `select ${columns} from plinth.event_subscriptions where organization_id = $1 and id = $2 and deleted_at is null`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such event subscription' });
  return row;
}

/** Changes what is given; `filter: null` takes the filter away. Throws `not_found` and as `checkInput`. */
export async function updateSubscription(
  platform: Platform,
  tx: ScopedTx,
  id: string,
  input: SubscriptionInput,
): Promise<SubscriptionRow> {
  const filter = await checkInput(platform, tx, input);
  const [row] = await tx.sql<SubscriptionRow>(
    `update plinth.event_subscriptions
     set name = coalesce($3, name),
         sources = coalesce($4, sources),
         categories = coalesce($5, categories),
         names = coalesce($6, names),
         filter = case when $7 then $8::jsonb else filter end,
         target = coalesce($9::jsonb, target),
         is_active = coalesce($10, is_active)
     where organization_id = $1
       and id = $2
       and deleted_at is null
     returning ${columns}`,
    [
      tx.organizationId,
      id,
      input.name,
      input.sources,
      input.categories,
      input.names,
      filter !== undefined,
      filter == null ? null : JSON.stringify(filter),
      input.target && JSON.stringify(input.target),
      input.is_active,
    ],
  );
  if (!row) throw errors.not_found({ detail: 'no such event subscription' });
  return row;
}

/** Deletes softly: what it set off still names it. Throws `not_found`. */
export async function deleteSubscription(tx: ScopedTx, id: string, at: Date): Promise<void> {
  const rows = await tx.sql(
    `update plinth.event_subscriptions
     set deleted_at = $3
     where organization_id = $1 and id = $2 and deleted_at is null
     returning id`,
    [tx.organizationId, id, at],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no such event subscription' });
}
