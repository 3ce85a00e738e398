import type { ScopedTx } from '../../../platform/scope/door.ts';

export const countBuckets = ['hour', 'day', 'week', 'month'] as const;
export const countKeys = ['source', 'type', 'category', 'status'] as const;
/** The most frequent keys each have their counts; the others share one. */
const keys_max = 50;

export interface CountQuery {
  readonly since: Date;
  readonly until: Date;
  readonly bucket: (typeof countBuckets)[number];
  readonly by?: (typeof countKeys)[number];
  readonly source?: string;
  readonly type?: string;
  readonly category?: string;
  readonly status?: string;
}

export interface EventCount {
  /** When the bucket begins, in UTC; weeks begin on Monday. */
  readonly at: Date;
  /** Null where counts are not told apart, and for keys beyond the 50 most frequent. */
  readonly key: string | null;
  readonly events: number;
  readonly payload_bytes: number;
}

/** Events by bucket and key, of the hours that begin in [since, until). Buckets without events are left out. */
export async function eventCounts(tx: ScopedTx, query: CountQuery): Promise<EventCount[]> {
  const { since, until, bucket, by, source, type, category, status } = query;
  const rows = await tx.sql<EventCount & { events: string; payload_bytes: string }>(
    `with picked as (
       select a.hour, ${by === undefined ? "''" : `a.${by}`} as key, a.event_count, a.payload_bytes
       from plinth.event_aggregations a
       where a.organization_id = $1 and a.hour >= $2 and a.hour < $3
         and ($4::text is null or a.source = $4)
         and ($5::text is null or a.type = $5)
         and ($6::text is null or a.category = $6)
         and ($7::text is null or a.status = $7)
     ), frequent as (
       select key from picked group by key order by sum(event_count) desc, key limit $9
     )
     select date_trunc($8, p.hour at time zone 'UTC') at time zone 'UTC' as at, nullif(f.key, '') as key,
            sum(p.event_count) as events, sum(p.payload_bytes) as payload_bytes
     from picked p
     left join frequent f on f.key = p.key
     group by 1, 2
     having sum(p.event_count) > 0
     order by 1, 2`,
    [tx.organizationId, since, until, source, type, category, status, bucket, keys_max],
  );
  return rows.map(({ events, payload_bytes, ...row }) => ({
    ...row,
    events: Number(events),
    payload_bytes: Number(payload_bytes),
  }));
}
