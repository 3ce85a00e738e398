import { errors } from '../../platform/core/errors.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';

export interface EventFilters {
  readonly source?: string;
  readonly source_id?: string;
  /** A name, or a pattern in which `*` stands for any characters. */
  readonly type?: string;
  readonly category?: string;
  readonly status?: string;
  readonly repository_id?: string;
  readonly project_id?: string;
  readonly actor?: string;
  /** Words, as in a web search: quotes for phrases, `or`, `-` for what must not be there. Finds matched events only. */
  readonly q?: string;
  /** JSON the payload contains, as PostgreSQL's `@>`, as text. Finds matched events only. */
  readonly contains?: string;
  /** By `occurred_at`: from this time, and before that one. */
  readonly since?: Date;
  readonly until?: Date;
  /** Below this id. */
  readonly before?: string;
}

export interface EventRow {
  readonly id: string;
  readonly occurred_at: Date;
  readonly received_at: Date;
  readonly claimed_at: Date | null;
  readonly processed_at: Date | null;
  readonly source: string;
  readonly source_id: string | null;
  readonly type: string;
  readonly category: string;
  readonly priority: number;
  readonly external_id: string | null;
  readonly title: string | null;
  readonly project_id: string | null;
  readonly repository_id: string | null;
  readonly repository_full_name: string | null;
  readonly branch: string | null;
  readonly commit_sha: string | null;
  readonly url: string | null;
  readonly actor: string | null;
  readonly pull_request_number: number | null;
  readonly event_type_id: string | null;
  readonly task_id: string | null;
  readonly user_id: string | null;
  readonly payload_bytes: number;
  readonly status: string;
  readonly attempts: number;
  readonly error: unknown;
}

const columns = `id, occurred_at, received_at, claimed_at, processed_at, source, source_id, type, category, priority,
  external_id, title, project_id, repository_id, repository_full_name, branch, commit_sha, url, actor, pull_request_number,
  event_type_id, task_id, user_id, payload_bytes, status, attempts, error`;

/** The smallest id minted in the millisecond of `at`: ids before it are of events before it. */
function idFloor(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}

/** A name as a pattern of `like`; `*` in it stands for any characters. */
const likeName = (name: string): string => name.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%');

/** Events, newest first. Ids hold the time, so a range of time is a range of the key, and prunes partitions. */
export function listEvents(tx: ScopedTx, filters: EventFilters, rowsMax: number): Promise<EventRow[]> {
  const below = [filters.before, filters.until && idFloor(filters.until)].filter((id) => id !== undefined).sort()[0];
  if (filters.q !== undefined || filters.contains !== undefined) return searchEvents(tx, filters, below, rowsMax);
  const { type } = filters;
  const isPattern = type?.includes('*') ?? false;
  return tx.sql<EventRow>(
    `select ${columns}
     from plinth.events
     where organization_id = $1
       and ($2::uuid is null or (id < $2 and occurred_at < plinth.uuid_time_end($2)))
       and ($3::uuid is null or (id >= $3 and occurred_at >= plinth.uuid_time($3)))
       and ($4::text is null or source = $4)
       and ($5::text is null or type = $5)
       and ($6::text is null or category = $6)
       and ($7::text is null or status = $7)
       and ($8::uuid is null or repository_id = $8)
       and ($10::uuid is null or project_id = $10)
       and ($11::text is null or actor = $11)
       and ($12::text is null or type like $12)
       and ($13::uuid is null or source_id = $13)
     order by id desc
     limit $9`,
    [
      tx.organizationId,
      below,
      filters.since && idFloor(filters.since),
      filters.source,
      isPattern ? undefined : type,
      filters.category,
      filters.status,
      filters.repository_id,
      rowsMax,
      filters.project_id,
      filters.actor,
      isPattern && type !== undefined ? likeName(type) : undefined,
      filters.source_id,
    ],
  );
}

/** Finds the ids by a function that may use the indexes of words and documents, and reads them under the policies. */
async function searchEvents(
  tx: ScopedTx,
  { q, contains, since, type, source, source_id, category, status, repository_id, project_id, actor }: EventFilters,
  below: string | undefined,
  rowsMax: number,
): Promise<EventRow[]> {
  const above = since && idFloor(since);
  const others = { source, source_id, category, status, repository_id, project_id, actor };
  const criteria = { below, above, type_like: type && likeName(type), ...others };
  const found = await tx.sql<{ id: string }>(
    'select id from plinth.search_events($1, $2, $3::jsonb, $4::jsonb, $5) as id',
    [tx.organizationId, q, contains, JSON.stringify(criteria), rowsMax],
  );
  const ids = found.map(({ id }) => id);
  if (ids.length === 0) return [];
  return tx.sql<EventRow>(
    `select ${columns}
     from plinth.events
     where organization_id = $1
       and id = any ($2)
       and occurred_at >= plinth.uuid_time($3)
       and occurred_at < plinth.uuid_time_end($4)
     order by id desc`,
    [tx.organizationId, ids, ids.at(-1), ids[0]],
  );
}

/** What an event set off, one entry for each subscription it matched, with the task as it stands now. */
export interface JourneyStep {
  readonly subscription_id: string;
  readonly subscription_name: string | null;
  readonly at: Date;
  readonly outcome: string;
  readonly detail: unknown;
  readonly task_id: string | null;
  readonly task_type: string | null;
  readonly task_status: string | null;
}

type TypedColumns = Record<string, unknown> | null;

export interface EventDetail extends EventRow {
  readonly payload: unknown;
  readonly github: TypedColumns;
  readonly linear: TypedColumns;
  readonly slack: TypedColumns;
  readonly deployment: TypedColumns;
  readonly journey: readonly JourneyStep[];
}

const oneEvent = `organization_id = $1
       and id = $2
       and occurred_at >= plinth.uuid_time($2)
       and occurred_at < plinth.uuid_time_end($2)`;

/** The columns of a sender's table, without nulls; null where the event has no row there. */
function typedColumns(sender: string): string {
  return `(select jsonb_strip_nulls(to_jsonb(typed) - '{organization_id,id,occurred_at}'::text[])
     from plinth.${sender}_events typed
     where ${oneEvent}) as ${sender}`;
}

/** An event with its payload, its typed columns and its journey. Throws `not_found`. */
export async function readEvent(tx: ScopedTx, id: string): Promise<EventDetail> {
  const [event] = await tx.sql<EventRow & { payload: unknown }>(
    `select ${columns}, payload from plinth.events where ${oneEvent}`,
    [tx.organizationId, id],
  );
  if (!event) throw errors.not_found({ detail: 'no such event' });
  const [typed] = await tx.sql<Pick<EventDetail, 'github' | 'linear' | 'slack' | 'deployment'>>(
    `select ${typedColumns('github')}, ${typedColumns('linear')}, ${typedColumns('slack')}, ${typedColumns('deployment')}`,
    [tx.organizationId, id],
  );
  const journey = await tx.sql<JourneyStep>(
    `select l.subscription_id, s.name as subscription_name, l.occurred_at as at, l.outcome, l.detail, l.task_id,
            t.task_type, t.status as task_status
     from plinth.event_processing_logs l
     left join plinth.event_subscriptions s on s.organization_id = l.organization_id and s.id = l.subscription_id
     left join plinth.tasks t on t.organization_id = l.organization_id and t.id = l.task_id
     where l.organization_id = $1 and l.event_id = $2
     order by l.id`,
    [tx.organizationId, id],
  );
  return { ...event, ...typed!, journey };
}

/** An event's own columns, with what its sender said as a CloudEvent. Throws `not_found`. */
export async function readEventRow(
  tx: ScopedTx,
  id: string,
): Promise<EventRow & { sender_context: Record<string, unknown> | null }> {
  const [event] = await tx.sql<EventRow & { sender_context: Record<string, unknown> | null }>(
    `select ${columns}, sender_context from plinth.events where ${oneEvent}`,
    [tx.organizationId, id],
  );
  if (!event) throw errors.not_found({ detail: 'no such event' });
  return event;
}

/** The payload as JSON text, every number with its digits. Throws `not_found`. */
export async function readPayloadText(tx: ScopedTx, id: string): Promise<string> {
  const [row] = await tx.sql<{ payload: string }>(
    `select payload::text as payload from plinth.events where ${oneEvent}`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such event' });
  return row.payload;
}
