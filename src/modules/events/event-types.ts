import { errors } from '../../platform/core/errors.ts';
import { asPlinthError } from '../../platform/http/problem.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { assertParameterSchema, assertParameters, type ParameterSchema } from '../tasks/index.ts';
import { eventErrors } from './errors.ts';
import { eventLimits } from './limits.ts';

/** What may be said of a type of events; what is left out has its default. */
export interface EventTypeInput {
  readonly category?: string;
  readonly description?: string;
  /** JSON Schema of the payload; null or absent: any payload. */
  readonly payload_schema?: Readonly<Record<string, unknown>> | null;
  readonly retention_days?: number | null;
  readonly is_active?: boolean;
}

export interface EventTypeRow {
  readonly id: string;
  readonly source: string;
  readonly name: string;
  readonly category: string;
  readonly description: string;
  readonly schema_version: number;
  readonly payload_schema: ParameterSchema | null;
  readonly retention_days: number | null;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const columns = `id, source, name, category, description, schema_version, payload_schema, retention_days, is_active,
  created_by, created_at, updated_at`;

/** Throws `payload_schema_invalid` with each fault and its path. */
function assertPayloadSchema(schema: unknown): void {
  try {
    assertParameterSchema(schema);
  } catch (error) {
    const { detail, errors: problems = [] } = asPlinthError(error);
    throw eventErrors.payload_schema_invalid({
      field: `payload_schema${problems[0]?.path ?? ''}`,
      ...(detail === undefined ? {} : { detail }),
      errors: problems.map(({ path, message }) => ({ path: `/payload_schema${path}`, message })),
    });
  }
}

/**
 * Makes the type of this source and name, or sets it to what is given. Its version counts the changes of the schema.
 * Throws `payload_schema_invalid`, `event_types_full`.
 */
export async function putEventType(
  tx: ScopedTx,
  source: string,
  name: string,
  input: EventTypeInput,
): Promise<{ type: EventTypeRow; created: boolean }> {
  const { category = 'other', description = '', retention_days = null, is_active = true } = input;
  const schema = input.payload_schema ?? null;
  if (schema !== null) assertPayloadSchema(schema);
  const values = [tx.organizationId, source, name, category, description, schema && JSON.stringify(schema)];
  const rest = [retention_days, is_active];
  const changed = await tx.sql<EventTypeRow>(
    `update plinth.event_types
     set category = $4, description = $5, payload_schema = $6::jsonb, retention_days = $7, is_active = $8,
         schema_version = schema_version + case when payload_schema is distinct from $6::jsonb then 1 else 0 end
     where organization_id = $1 and source = $2 and name = $3 and deleted_at is null
     returning ${columns}`,
    [...values, ...rest],
  );
  if (changed[0]) return { type: changed[0], created: false };
  const [live] = await tx.sql<{ count: number }>(
    'select count(*)::int as count from plinth.event_types where organization_id = $1 and deleted_at is null',
    [tx.organizationId],
  );
  if ((live?.count ?? 0) >= eventLimits.event_types_max) {
    throw eventErrors.event_types_full({ detail: `The limit is ${eventLimits.event_types_max}.` });
  }
  const [made] = await tx.sql<EventTypeRow>(
    `insert into plinth.event_types
       (organization_id, source, name, category, description, payload_schema, retention_days, is_active)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
     on conflict (organization_id, source, name) where deleted_at is null do nothing
     returning ${columns}`,
    [...values, ...rest],
  );
  // another request made it in this moment
  if (!made) return putEventType(tx, source, name, input);
  return { type: made, created: true };
}

/** Live types, newest first, below the id `before`. */
export function listEventTypes(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<EventTypeRow[]> {
  return tx.sql<EventTypeRow>(
    `select ${columns}
     from plinth.event_types
     where organization_id = $1
       and deleted_at is null
       and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** Throws `not_found`. */
export async function readEventType(tx: ScopedTx, source: string, name: string): Promise<EventTypeRow> {
  const [row] = await tx.sql<EventTypeRow>(
    `select ${columns}
     from plinth.event_types
     where organization_id = $1 and source = $2 and name = $3 and deleted_at is null`,
    [tx.organizationId, source, name],
  );
  if (!row) throw errors.not_found({ detail: 'no such event type' });
  return row;
}

/** Deletes softly: events that had it still name it. Throws `not_found`. */
export async function deleteEventType(tx: ScopedTx, source: string, name: string, at: Date): Promise<void> {
  const rows = await tx.sql(
    `update plinth.event_types
     set deleted_at = $4
     where organization_id = $1 and source = $2 and name = $3 and deleted_at is null
     returning id`,
    [tx.organizationId, source, name, at],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no such event type' });
}

/** Why an event is not matched with subscriptions. */
export interface TypeProblem {
  readonly status: 'failed' | 'skipped';
  readonly error: { readonly code: string; readonly message: string; readonly errors?: readonly unknown[] };
}

interface TypedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
}

type CheckedType = Pick<EventTypeRow, 'source' | 'name' | 'payload_schema' | 'is_active'>;

/** The organization's types of these events that have something to say: those that are not active, or have a schema. */
export async function checkedTypes(
  tx: ScopedTx,
  events: readonly TypedEvent[],
): Promise<(event: TypedEvent) => CheckedType | undefined> {
  const rows = await tx.sql<CheckedType>(
    `select source, name, payload_schema, is_active
     from plinth.event_types
     where organization_id = $1
       and source = any ($2)
       and name = any ($3)
       and deleted_at is null
       and (payload_schema is not null or not is_active)`,
    [tx.organizationId, [...new Set(events.map(({ source }) => source))], [...new Set(events.map(({ type }) => type))]],
  );
  const types = new Map(rows.map((row) => [`${row.source}\n${row.name}`, row]));
  return ({ source, type }) => types.get(`${source}\n${type}`);
}

/**
 * What their types have against these events, by the event's id: a type that is not active, a payload that breaks its
 * schema. The events after `checked` were not looked at: their checks would take too long together.
 */
export function typeProblems(
  events: readonly (TypedEvent & { readonly payload: unknown })[],
  typeOf: (event: TypedEvent) => CheckedType | undefined,
): { problems: ReadonlyMap<string, TypeProblem>; checked: number } {
  const problems = new Map<string, TypeProblem>();
  const until = performance.now() + eventLimits.schema_checks_ms_max;
  for (const [place, event] of events.entries()) {
    const type = typeOf(event);
    if (!type) continue;
    if (place > 0 && performance.now() > until) return { problems, checked: place };
    const problem = problemOf(type, event.payload);
    if (problem) problems.set(event.id, problem);
  }
  return { problems, checked: events.length };
}

function problemOf({ is_active, payload_schema }: CheckedType, payload: unknown): TypeProblem | undefined {
  if (!is_active) {
    return {
      status: 'skipped',
      error: { code: 'event_type_inactive', message: 'The type of the event is switched off.' },
    };
  }
  if (payload_schema === null) return undefined;
  try {
    assertParameters([{ schema: payload_schema, value: payload, path: '/payload' }]);
    return undefined;
  } catch (error) {
    const { detail, title, errors: violations = [] } = asPlinthError(error);
    return { status: 'failed', error: { code: 'payload_invalid', message: detail ?? title, errors: violations } };
  }
}
