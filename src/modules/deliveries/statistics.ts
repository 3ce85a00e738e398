import type { ScopedTx } from '../../platform/scope/door.ts';
import { deliveryStatuses, idFloor } from './read-deliveries.ts';

export const statisticsKeys = ['hour', 'day', 'endpoint'] as const;
/** The newest endpoints, and of each the newest deliveries: the list of endpoints asks this again and again. */
const endpoints_max = 1_000;
const endpoint_deliveries_max = 200;

export interface DeliveryCountQuery {
  readonly since: Date;
  readonly until: Date;
  readonly by: (typeof statisticsKeys)[number];
  readonly endpoint_id?: string;
}

/** Deliveries made in a time, by how they stand now: sent again, one counts as what became of it then. */
export interface DeliveryCount {
  /** When the hour or day begins, in UTC; null by endpoint. */
  readonly at: Date | null;
  /** Null by hour and day. */
  readonly endpoint_id: string | null;
  readonly deliveries: number;
  readonly delivered: number;
  readonly dead: number;
  readonly waiting: number;
}

const figures = `count(*)::int as deliveries,
       (count(*) filter (where d.status = 'delivered'))::int as delivered,
       (count(*) filter (where d.status = 'dead'))::int as dead,
       (count(*) filter (where d.status in ('pending', 'sending')))::int as waiting`;
/** All states are named so that the index of states, which holds all that is counted, can be read instead of the rows. */
const ofAnyStatus = `d.status = any ('{${deliveryStatuses.join(',')}}')`;
const inTime = `d.organization_id = $1
       and d.id >= $2 and d.id < $3
       and d.occurred_at >= $4 and d.occurred_at < $5`;

/**
 * Deliveries made in [since, until), by hour, day or endpoint; what has none is left out. Counted where an index
 * holds what is asked; by endpoint only the newest 200 of each, unless one is asked for.
 */
export function deliveryCounts(tx: ScopedTx, query: DeliveryCountQuery): Promise<DeliveryCount[]> {
  const { since, until, by, endpoint_id } = query;
  const values = [tx.organizationId, idFloor(since), idFloor(until), since, until];
  const which = endpoint_id === undefined ? ofAnyStatus : `d.endpoint_id = $${values.push(endpoint_id)}`;
  if (by === 'endpoint' && endpoint_id === undefined) return newestByEndpoint(tx, values);
  const at =
    by === 'endpoint'
      ? 'null::timestamptz'
      : `date_trunc('${by}', d.occurred_at at time zone 'UTC') at time zone 'UTC'`;
  return tx.sql<DeliveryCount>(
    `select ${at} as at, ${by === 'endpoint' ? 'd.endpoint_id' : 'null::uuid as endpoint_id'}, ${figures}
     from plinth.event_deliveries d
     where ${inTime} and ${which}
     group by 1, 2
     order by 1`,
    values,
  );
}

function newestByEndpoint(tx: ScopedTx, values: readonly unknown[]): Promise<DeliveryCount[]> {
  return tx.sql<DeliveryCount>(
    `select null::timestamptz as at, e.id as endpoint_id, ${figures}
     from (
       select id from plinth.event_endpoints
       where organization_id = $1 and deleted_at is null
       order by id desc
       limit ${endpoints_max}
     ) e
     cross join lateral (
       select d.status from plinth.event_deliveries d
       where ${inTime} and d.endpoint_id = e.id
       order by d.id desc
       limit ${endpoint_deliveries_max}
     ) d
     group by e.id
     order by 3 desc, 2`,
    values,
  );
}
