import { errors } from '../../platform/core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { assertTaskType } from '../tasks/index.ts';
import { assertWorkflow } from '../workflows/index.ts';
import { eventHooks } from './actions.ts';
import { eventErrors } from './errors.ts';
import { compileSubscription } from './filter/subscription.ts';
import { formatFilter, parseFilter } from './filter/text.ts';
import { checkFilter, type Filter } from './filter/tree.ts';
import { eventLimits } from './limits.ts';

export interface TaskTarget {
  readonly task_type: string;
  readonly priority?: number;
}

/** To one endpoint, or to those of the customer that the event names at a place. */
export type WebhookTarget = { readonly endpoint_id: string } | { readonly customer_from: string };

export interface WorkflowTarget {
  readonly workflow: string;
  readonly version?: number;
  /** A place in the event whose value is the run's correlation key. */
  readonly correlation_from?: string;
  readonly priority?: number;
}

/** A text for members, as plain text with `{{fields}}` of the event in it. */
export interface NotificationTarget {
  readonly title: string;
  readonly body?: string;
  readonly to: { readonly user_id: string } | { readonly role: string } | { readonly everyone: true };
}

/** Acts once for so many events, or for those of so many seconds. */
export interface BatchRule {
  readonly count_max: number;
  readonly seconds_max: number;
}

export const subscriptionActions = ['task', 'webhook', 'workflow', 'notification'] as const;

/** What is to happen, and with what. */
export type SubscriptionAction =
  | { readonly action: 'task'; readonly target: TaskTarget }
  | { readonly action: 'webhook'; readonly target: WebhookTarget }
  | { readonly action: 'workflow'; readonly target: WorkflowTarget }
  | { readonly action: 'notification'; readonly target: NotificationTarget };

export type SubscriptionTarget = SubscriptionAction['target'];

/** What a caller may set; `filter` as text or tree, null for none. */
export interface SubscriptionInput {
  readonly name?: string;
  readonly sources?: readonly string[];
  readonly categories?: readonly string[];
  readonly names?: readonly string[];
  readonly filter?: unknown;
  readonly target?: SubscriptionTarget;
  readonly batch?: BatchRule | null;
  readonly is_active?: boolean;
}

interface SubscriptionFields {
  readonly id: string;
  readonly name: string;
  readonly sources: readonly string[];
  readonly categories: readonly string[];
  readonly names: readonly string[];
  readonly filter: Filter | null;
  readonly batch: BatchRule | null;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export type SubscriptionRow = SubscriptionFields & SubscriptionAction;

const columns =
  'id, name, sources, categories, names, filter, action, target, batch, is_active, created_by, created_at, updated_at';

/** A subscription as people see it: with its filter in the text form too. */
export function withFilterText<R extends SubscriptionRow>(row: R): R & { filter_text: string | null } {
  return { ...row, filter_text: row.filter === null ? null : formatFilter(row.filter) };
}

/** The target as one of its action. Throws `invalid_request` where it is one of another. */
function actionOf(action: SubscriptionAction['action'], target: SubscriptionTarget): SubscriptionAction {
  if (action === 'task' && 'task_type' in target) return { action, target };
  if (action === 'workflow' && 'workflow' in target) return { action, target };
  if (action === 'webhook' && ('endpoint_id' in target || 'customer_from' in target)) return { action, target };
  if (action === 'notification' && 'to' in target) return { action, target };
  throw errors.invalid_request({ field: 'body/target', detail: `this is no target of the action ${action}` });
}

/** Throws `unknown_task_type`, `unknown_workflow`, and what the modules that send webhooks and tell members throw. */
async function checkTarget(platform: Platform, tx: ScopedTx, { action, target }: SubscriptionAction): Promise<void> {
  if (action === 'task') await assertTaskType(platform, tx, target.task_type, 'body/target/task_type');
  else if (action === 'workflow') await assertWorkflow(platform, tx, target.workflow, target.version);
  else if (action === 'notification')
    await tx.hooks.around(eventHooks.checkNotification, { tx }, target, async () => undefined);
  else await tx.hooks.around(eventHooks.checkTarget, { tx }, target, async () => undefined);
}

/** Throws `filter_invalid` or `filter_too_large`; returns the filter as a tree. */
export function checkFilterOf(input: SubscriptionInput): Filter | null | undefined {
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

/** Throws `filter_invalid`, `filter_too_large`, `subscriptions_full`, and for a target that is not there. */
export async function createSubscription(
  platform: Platform,
  tx: ScopedTx,
  input: SubscriptionInput & {
    readonly name: string;
    readonly action?: SubscriptionAction['action'];
    readonly target: SubscriptionTarget;
  },
): Promise<SubscriptionRow> {
  const { action, target } = actionOf(input.action ?? 'task', input.target);
  await checkTarget(platform, tx, { action, target } as SubscriptionAction);
  const filter = checkFilterOf(input);
  const [live] = await tx.sql<{ count: number }>(
    `select count(*)::int as count
     from plinth.event_subscriptions
     where organization_id = $1 and deleted_at is null`,
    [tx.organizationId],
  );
  if ((live?.count ?? 0) >= eventLimits.subscriptions_max) {
    throw eventErrors.subscriptions_full({ detail: `The limit is ${eventLimits.subscriptions_max}.` });
  }
  const { name, sources = [], categories = [], names = [], batch, is_active = true } = input;
  const [row] = await tx.sql<SubscriptionRow>(
    `insert into plinth.event_subscriptions
       (organization_id, name, sources, categories, names, filter, action, target, is_active, batch)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8::jsonb, $9, $10::jsonb)
     returning ${columns}`,
    [
      tx.organizationId,
      name,
      sources,
      categories,
      names,
      filter == null ? null : JSON.stringify(filter),
      action,
      JSON.stringify(target),
      is_active,
      batch ? JSON.stringify(batch) : null,
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

/** Changes what is given; `filter: null` takes the filter away; the action stays. Throws `not_found`, and as `createSubscription`. */
export async function updateSubscription(
  platform: Platform,
  tx: ScopedTx,
  id: string,
  input: SubscriptionInput,
): Promise<SubscriptionRow> {
  if (input.target) {
    const { action } = await readSubscription(tx, id);
    await checkTarget(platform, tx, actionOf(action, input.target));
  }
  const filter = checkFilterOf(input);
  const [row] = await tx.sql<SubscriptionRow>(
    `update plinth.event_subscriptions
     set name = coalesce($3, name),
         sources = coalesce($4, sources),
         categories = coalesce($5, categories),
         names = coalesce($6, names),
         filter = case when $7 then $8::jsonb else filter end,
         target = coalesce($9::jsonb, target),
         is_active = coalesce($10, is_active),
         batch = case when $11 then $12::jsonb else batch end
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
      input.batch !== undefined,
      input.batch ? JSON.stringify(input.batch) : null,
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
