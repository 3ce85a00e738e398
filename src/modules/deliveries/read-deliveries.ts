import { errors } from '../../platform/core/errors.ts';
import { parseTime } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import type { Owner } from './endpoints.ts';
import { deliveryErrors } from './errors.ts';
import { deliveryLimits } from './limits.ts';
import { deliveries_channel } from './queue.ts';

export const deliveryStatuses = ['pending', 'sending', 'delivered', 'dead'] as const;

export interface DeliveryFilters extends Owner {
  readonly status?: (typeof deliveryStatuses)[number];
  readonly endpoint_id?: string;
  readonly event_id?: string;
  readonly event_type?: string;
  /** When the delivery was made: from this time, and before that one. */
  readonly since?: Date;
  readonly until?: Date;
}

export interface DeliveryRow {
  readonly id: string;
  readonly occurred_at: Date;
  readonly endpoint_id: string;
  readonly subscription_id: string | null;
  readonly event_id: string;
  readonly event_type: string;
  readonly customer: string | null;
  readonly is_test: boolean;
  readonly ordering_key: string | null;
  readonly status: (typeof deliveryStatuses)[number];
  readonly attempts: number;
  /** When it is tried next; null while it is out, waits for one before it, or has ended. */
  readonly due_at: Date | null;
  readonly last_attempt_at: Date | null;
  readonly last_status_code: number | null;
  readonly last_error: string | null;
  readonly ended_at: Date | null;
}

export interface AttemptRow {
  readonly id: string;
  readonly occurred_at: Date;
  readonly attempt: number;
  readonly outcome: 'delivered' | 'failed' | 'lost';
  readonly status_code: number | null;
  readonly error_code: string | null;
  readonly error: string | null;
  readonly latency_ms: number | null;
  readonly response_excerpt: string | null;
  readonly retry_at: Date | null;
}

const columns = `id, occurred_at, endpoint_id, subscription_id, event_id, event_type, customer, is_test, ordering_key, status,
  attempts, case when status = 'pending' then nullif(due_at, 'infinity') end as due_at, last_attempt_at, last_status_code,
  last_error, ended_at`;
const attempts_shown_max = 200;

/** The smallest id minted in the millisecond of `at`. */
export function idFloor(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}

/** Deliveries, newest first, below the id `before`. Ids hold the time, so a range of time is a range of the key. */
export function listDeliveries(
  tx: ScopedTx,
  filters: DeliveryFilters,
  before: string | undefined,
  rowsMax: number,
): Promise<DeliveryRow[]> {
  const below = [before, filters.until && idFloor(filters.until)].filter((id) => id !== undefined).sort()[0];
  const values: unknown[] = [tx.organizationId];
  // only the conditions that are asked for: with all of them in one text no index would fit them all
  const also = (condition: string, value: unknown) =>
    value === undefined ? '' : ` and ${condition.replaceAll('?', `$${values.push(value)}`)}`;
  const where = [
    also('(id < ? and occurred_at < plinth.uuid_time_end(?))', below),
    also('(id >= ? and occurred_at >= plinth.uuid_time(?))', filters.since && idFloor(filters.since)),
    also('status = ?', filters.status),
    also('endpoint_id = ?', filters.endpoint_id),
    also('event_id = ?', filters.event_id),
    also('event_type = ?', filters.event_type),
    also('customer = ?', filters.customer),
  ].join('');
  return tx.sql<DeliveryRow>(
    `select ${columns} from plinth.event_deliveries where organization_id = $1${where}
     order by id desc limit $${values.push(rowsMax)}`,
    values,
  );
}

/** A delivery with its attempts, the newest last. Throws `not_found`. */
export async function readDelivery(
  tx: ScopedTx,
  { customer }: Owner,
  id: string,
): Promise<DeliveryRow & { readonly attempt_log: readonly AttemptRow[] }> {
  const [row] = await tx.sql<DeliveryRow>(
    `select ${columns}
     from plinth.event_deliveries
     where organization_id = $1
       and id = $2
       and occurred_at >= plinth.uuid_time($2)
       and occurred_at < plinth.uuid_time_end($2)
       and ($3::text is null or customer = $3)`,
    [tx.organizationId, id, customer],
  );
  if (!row) throw errors.not_found({ detail: 'no such event delivery' });
  const newest = await tx.sql<AttemptRow>(
    `select id, occurred_at, attempt, outcome, status_code, error_code, error, latency_ms, response_excerpt, retry_at
     from plinth.event_delivery_attempts
     where organization_id = $1 and delivery_id = $2
     order by id desc
     limit $3`,
    [tx.organizationId, id, attempts_shown_max],
  );
  return { ...row, attempt_log: newest.reverse() };
}

/**
 * Sends ended deliveries of the filter again, the oldest first, from the first attempt and under the same event ids: a
 * receiver that keeps the ids it has seen does nothing twice. Those of endpoints that are switched off stay. Returns how
 * many, at most `retried_max` at a time.
 */
export async function retryDeliveries(
  platform: Platform,
  tx: ScopedTx,
  filter: DeliveryFilters & { readonly ids?: readonly string[] },
): Promise<number> {
  const [row] = await tx.sql<{ retried: number }>(
    'select plinth.retry_event_deliveries($1, $2::jsonb, $3, $4) as retried',
    [tx.organizationId, JSON.stringify(filter), deliveryLimits.retried_max, platform.clock.now()],
  );
  if (row!.retried > 0) tx.afterCommit(() => platform.wakeups.wake(deliveries_channel));
  return row!.retried;
}

/** Times of a filter as dates. Throws `invalid_request`. */
export function withTimes<F extends { since?: string; until?: string }>({ since, until, ...rest }: F) {
  const from = parseTime(since, 'since');
  const to = parseTime(until, 'until');
  if ([from, to].some((time) => time !== undefined && time.getTime() < 0)) {
    throw errors.invalid_request({ detail: 'since and until are times after 1970' });
  }
  return { ...rest, ...(from ? { since: from } : {}), ...(to ? { until: to } : {}) };
}

/** Asked for while it is on its way it changes nothing. Throws `not_found`, `endpoint_disabled`. */
export async function retryOne(platform: Platform, tx: ScopedTx, owner: Owner, id: string): Promise<DeliveryRow> {
  const { endpoint_id, status } = await readDelivery(tx, owner, id);
  if (status === 'delivered' || status === 'dead') {
    const active = await tx.sql(
      'select 1 from plinth.event_endpoints where organization_id = $1 and id = $2 and is_active and deleted_at is null',
      [tx.organizationId, endpoint_id],
    );
    if (active.length === 0) throw deliveryErrors.endpoint_disabled();
    await retryDeliveries(platform, tx, { ...owner, ids: [id] });
  }
  const { attempt_log: _, ...delivery } = await readDelivery(tx, owner, id);
  return delivery;
}
