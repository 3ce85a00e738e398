import { isDeepStrictEqual } from 'node:util';
import { errors } from '../../../platform/core/errors.ts';
import { limits } from '../../../platform/core/limits.ts';
import { assertJsonDepth } from '../../../platform/http/json.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { assertTaskType, isDeclared } from '../enqueue.ts';
import { assertParameterSchema, assertParameters, type ParameterSchema } from './parameter-schema.ts';

export const default_configuration_bytes_max = 64 * 1024;
const put_tries_max = 5;

/** What a version of a definition holds; what is left out has its default. Seconds, megabytes, cores. */
export interface DefinitionInput {
  readonly description?: string;
  readonly task_type: string;
  /** Workers outside the server run its type; no module declares it. */
  readonly is_external?: boolean;
  readonly parameter_schema?: Readonly<Record<string, unknown>>;
  readonly default_configuration?: Readonly<Record<string, unknown>>;
  readonly cpu_cores?: number;
  readonly memory_mb?: number;
  readonly disk_mb?: number;
  readonly timeout_seconds?: number;
  readonly max_retries?: number;
  readonly retry_delay_seconds?: number;
  readonly retry_backoff_multiplier?: number;
  readonly retry_delay_max_seconds?: number;
  readonly retry_jitter?: number;
  readonly non_retryable_codes?: readonly string[];
  readonly concurrency_key?: string;
  readonly concurrency_limit?: number;
}

export interface DefinitionRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly task_type: string;
  readonly is_external: boolean;
  readonly parameter_schema: ParameterSchema;
  readonly default_configuration: Readonly<Record<string, unknown>>;
  readonly cpu_cores: number | null;
  readonly memory_mb: number | null;
  readonly disk_mb: number | null;
  readonly timeout_seconds: number;
  readonly max_retries: number;
  readonly retry_delay_seconds: number;
  readonly retry_backoff_multiplier: number;
  readonly retry_delay_max_seconds: number;
  readonly retry_jitter: number;
  readonly non_retryable_codes: readonly string[];
  readonly concurrency_key: string | null;
  readonly concurrency_limit: number | null;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
}

const columns = `id, name, version, description, task_type, is_external, parameter_schema, default_configuration,
  cpu_cores::float8 as cpu_cores, memory_mb, disk_mb, timeout_seconds, max_retries,
  retry_delay_seconds::float8 as retry_delay_seconds, retry_backoff_multiplier::float8 as retry_backoff_multiplier,
  retry_delay_max_seconds::float8 as retry_delay_max_seconds, retry_jitter::float8 as retry_jitter, non_retryable_codes,
  concurrency_key, concurrency_limit, is_active, created_by, created_at`;

/** What is stored of an input, in the order of the columns; equal contents make no new version. */
function contentsOf(input: DefinitionInput) {
  return {
    description: input.description ?? '',
    task_type: input.task_type,
    is_external: input.is_external ?? false,
    parameter_schema: input.parameter_schema ?? {},
    default_configuration: input.default_configuration ?? {},
    cpu_cores: input.cpu_cores ?? null,
    memory_mb: input.memory_mb ?? null,
    disk_mb: input.disk_mb ?? null,
    timeout_seconds: input.timeout_seconds ?? 300,
    max_retries: input.max_retries ?? 4,
    retry_delay_seconds: input.retry_delay_seconds ?? 1,
    retry_backoff_multiplier: input.retry_backoff_multiplier ?? 2,
    retry_delay_max_seconds: input.retry_delay_max_seconds ?? 3600,
    retry_jitter: input.retry_jitter ?? 0.5,
    non_retryable_codes: input.non_retryable_codes ?? [],
    concurrency_key: input.concurrency_key ?? null,
    concurrency_limit: input.concurrency_limit ?? null,
  };
}

async function checkInput(platform: Platform, tx: ScopedTx, input: DefinitionInput): Promise<void> {
  if (!input.is_external) await assertTaskType(platform, tx, input.task_type, 'body/task_type');
  else if (isDeclared(platform, input.task_type)) {
    throw errors.invalid_request({ field: 'body/is_external', detail: `this program runs ${input.task_type} itself` });
  }
  assertParameterSchema(input.parameter_schema ?? {});
  const defaults = Buffer.from(JSON.stringify(input.default_configuration ?? {}));
  if (defaults.length > default_configuration_bytes_max) {
    const detail = `${defaults.length} bytes; the limit is ${default_configuration_bytes_max}`;
    throw errors.invalid_request({ field: 'body/default_configuration', detail });
  }
  assertJsonDepth(defaults, limits.json_depth);
}

/**
 * Makes the first version of a definition, or the next one; the same contents as the newest version change nothing.
 * Throws `unknown_task_type`, `parameter_schema_invalid`, `conflict` when others put versions all the while.
 */
export async function putDefinition(
  platform: Platform,
  tx: ScopedTx,
  name: string,
  input: DefinitionInput,
): Promise<{ definition: DefinitionRow; created: boolean }> {
  await checkInput(platform, tx, input);
  const contents = contentsOf(input);
  const fields = Object.entries(contents);
  const values = fields.map(([, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : value,
  );
  for (let tries = 0; tries < put_tries_max; tries++) {
    const [newest] = await tx.sql<DefinitionRow & { deleted_at: Date | null }>(
      `select ${columns}, deleted_at
       from plinth.task_definitions
       where organization_id = $1 and name = $2
       order by version desc
       limit 1`,
      [tx.organizationId, name],
    );
    if (newest && newest.deleted_at === null && newest.is_active && isSame(newest, contents)) {
      return { definition: newest, created: false };
    }
    const [made] = await tx.sql<DefinitionRow>(
      `insert into plinth.task_definitions (organization_id, name, version, ${fields.map(([field]) => field).join(', ')})
       values ($1, $2, $3, ${fields.map((_, index) => `$${index + 4}`).join(', ')})
       on conflict (organization_id, name, version) do nothing
       returning ${columns}`,
      [tx.organizationId, name, (newest?.version ?? 0) + 1, ...values],
    );
    if (made) return { definition: made, created: true };
  }
  throw errors.conflict({ detail: `others are putting versions of ${name}` });
}

function isSame(row: DefinitionRow, contents: ReturnType<typeof contentsOf>): boolean {
  return Object.entries(contents).every(([field, value]) =>
    isDeepStrictEqual(row[field as keyof DefinitionRow], JSON.parse(JSON.stringify(value))),
  );
}

/** The newest version of each definition that is not deleted, newest first, below the id `before`. */
export function listDefinitions(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<DefinitionRow[]> {
  return tx.sql<DefinitionRow>(
    `select ${columns}
     from plinth.task_definitions d
     where organization_id = $1
       and deleted_at is null
       and ($2::uuid is null or id < $2)
       and not exists (
         select 1 from plinth.task_definitions n
         where n.organization_id = d.organization_id and n.name = d.name and n.version > d.version and n.deleted_at is null)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** Every version of a definition, newest first, below `before`. Throws `not_found` where there is none at all. */
export async function listVersions(
  tx: ScopedTx,
  name: string,
  before: string | undefined,
  rowsMax: number,
): Promise<DefinitionRow[]> {
  const rows = await tx.sql<DefinitionRow>(
    `select ${columns}
     from plinth.task_definitions
     where organization_id = $1 and name = $2 and deleted_at is null and ($3::uuid is null or id < $3)
     order by id desc
     limit $4`,
    [tx.organizationId, name, before, rowsMax],
  );
  if (rows.length === 0 && before === undefined) throw errors.not_found({ detail: 'no such task definition' });
  return rows;
}

/** A version, or the newest active one. Throws `not_found`. */
export async function readDefinition(tx: ScopedTx, name: string, version?: number): Promise<DefinitionRow> {
  const [row] = await tx.sql<DefinitionRow>(
    `select ${columns}
     from plinth.task_definitions
     where organization_id = $1
       and name = $2
       and deleted_at is null
       and ($3::int is null and is_active or version = $3)
     order by version desc
     limit 1`,
    [tx.organizationId, name, version],
  );
  if (!row) throw errors.not_found({ detail: 'no such task definition' });
  return row;
}

/** Lets a version be enqueued, or no more; tasks that are there go on. Throws `not_found`. */
export async function setActive(
  tx: ScopedTx,
  name: string,
  version: number,
  isActive: boolean,
): Promise<DefinitionRow> {
  const [row] = await tx.sql<DefinitionRow>(
    `update plinth.task_definitions
     set is_active = $4
     where organization_id = $1 and name = $2 and version = $3 and deleted_at is null
     returning ${columns}`,
    [tx.organizationId, name, version, isActive],
  );
  if (!row) throw errors.not_found({ detail: 'no such version of a task definition' });
  return row;
}

/** Deletes all versions softly: tasks that are there go on, and a later put goes on counting. Throws `not_found`. */
export async function deleteDefinition(tx: ScopedTx, name: string, at: Date): Promise<void> {
  const rows = await tx.sql(
    `update plinth.task_definitions
     set deleted_at = $3
     where organization_id = $1 and name = $2 and deleted_at is null
     returning id`,
    [tx.organizationId, name, at],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no such task definition' });
}

/** Checks parameters as enqueueing by the definition would, and returns them with the defaults. Throws `parameters_invalid`. */
export function completeParameters(definition: DefinitionRow, given: unknown, path: string): unknown {
  const value = withDefaults(definition.default_configuration, given);
  assertParameters([{ schema: definition.parameter_schema, value, path }]);
  return value;
}

/** The defaults' fields that a payload lacks; a payload that is no object has none. */
export function withDefaults(defaults: Readonly<Record<string, unknown>>, payload: unknown): unknown {
  if (payload === undefined || payload === null) return { ...defaults };
  return typeof payload === 'object' && !Array.isArray(payload) ? { ...defaults, ...payload } : payload;
}
