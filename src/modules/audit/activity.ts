import { decodeCursor, type Page, toPage } from '../../platform/http/paging.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';

export const ACTIVITY_SUMMARY_CHARS_MAX = 500;

export interface NewActivity {
  /** Past tense, snake case, with the noun first: "project_created". */
  readonly action: string;
  readonly resourceType: string;
  readonly resourceId?: string;
  /** A sentence for people; longer than 500 characters it is cut. Holds no personal data but names. */
  readonly summary: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface Activity {
  readonly id: string;
  readonly occurred_at: Date;
  readonly user_id: string | null;
  readonly api_key_id: string | null;
  readonly action: string;
  readonly resource_type: string;
  readonly resource_id: string | null;
  readonly summary: string;
  readonly details: Record<string, unknown>;
}

/** Adds an entry to the organization's feed, in the transaction of what it tells about. Who did it is in the scope. */
export async function recordActivity(tx: ScopedTx, activity: NewActivity): Promise<void> {
  await tx.sql(
    `insert into plinth.activity_logs (organization_id, api_key_id, action, resource_type, resource_id, summary, details)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      tx.organizationId,
      tx.scope.apiKeyId ?? null,
      activity.action,
      activity.resourceType,
      activity.resourceId ?? null,
      [...activity.summary].slice(0, ACTIVITY_SUMMARY_CHARS_MAX).join(''),
      JSON.stringify(activity.details ?? {}),
    ],
  );
}

export interface ActivityFilter {
  readonly resource_type?: string;
  readonly resource_id?: string;
  readonly user_id?: string;
  readonly action?: string;
  readonly from?: Date;
  readonly until?: Date;
  readonly cursor?: string;
  readonly limit: number;
}

/** The feed, newest first. The cursor's time bounds the partitions that are read. */
export async function listActivities(tx: ScopedTx, filter: ActivityFilter): Promise<Page<Activity>> {
  const rows = await tx.sql<Activity>(
    `select id, occurred_at, user_id, api_key_id, action, resource_type, resource_id, summary, details
     from plinth.activity_logs
     where organization_id = $1
       and ($2::uuid is null or (id < $2 and occurred_at < plinth.uuid_time_end($2)))
       and ($3::text is null or resource_type = $3)
       and ($4::uuid is null or resource_id = $4)
       and ($5::uuid is null or user_id = $5)
       and ($6::text is null or action = $6)
       and ($7::timestamptz is null or occurred_at >= $7)
       and ($8::timestamptz is null or occurred_at < $8)
     order by id desc
     limit $9`,
    [
      tx.organizationId,
      decodeCursor(filter.cursor) ?? null,
      filter.resource_type ?? null,
      filter.resource_id ?? null,
      filter.user_id ?? null,
      filter.action ?? null,
      filter.from ?? null,
      filter.until ?? null,
      filter.limit + 1,
    ],
  );
  return toPage(rows, filter.limit);
}
