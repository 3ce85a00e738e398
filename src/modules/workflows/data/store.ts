import { isDeepStrictEqual } from 'node:util';
import { errors } from '../../../platform/core/errors.ts';
import { limits } from '../../../platform/core/limits.ts';
import { assertJsonDepth } from '../../../platform/http/json.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { assertParameterSchema, type ParameterSchema } from '../../tasks/index.ts';
import { workflowErrors } from '../errors.ts';
import { knownWorkflows } from '../registry.ts';
import { checkDefinition, type ExecutionType, type StepDefinition, type WorkflowDefinition } from './definition.ts';

export const definition_bytes_max = 256 * 1024;
const put_tries_max = 5;

export interface WorkflowInput extends WorkflowDefinition {
  readonly description?: string;
  /** JSON Schema of the input, checked when a run is started. */
  readonly input_schema?: Readonly<Record<string, unknown>>;
  readonly time_max_seconds?: number;
  readonly cost_max?: number;
}

export interface WorkflowRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly input_schema: ParameterSchema;
  readonly time_max_seconds: number | null;
  readonly cost_max: number | null;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly definition: WorkflowDefinition;
}

interface StoredWorkflow extends Omit<WorkflowRow, 'definition'> {
  readonly execution_type: ExecutionType;
  readonly settings: Record<string, unknown>;
  readonly deleted_at: Date | null;
}

interface StoredStep {
  readonly key: string;
  readonly parent_key: string | null;
  readonly depends_on: string[] | null;
  readonly type: string;
  readonly definition: Record<string, unknown>;
}

const columns = `id, name, version, description, execution_type, settings, input_schema, time_max_seconds,
  cost_max::float8 as cost_max, is_active, created_by, created_at, deleted_at`;

/**
 * Makes the first version of a workflow, or the next one; the same contents as the newest active version change nothing.
 * Throws `workflow_invalid`, `parameter_schema_invalid`, `conflict` when others put versions all the while.
 */
export async function putWorkflow(
  platform: Platform,
  tx: ScopedTx,
  name: string,
  input: WorkflowInput,
): Promise<{ workflow: WorkflowRow; created: boolean }> {
  const { description = '', input_schema = {}, time_max_seconds = null, cost_max = null, ...definition } = input;
  checkInput(platform, name, definition);
  assertParameterSchema(input_schema);
  const contents = JSON.parse(JSON.stringify({ description, input_schema, time_max_seconds, cost_max, definition }));
  const { execution_type, steps, ...settings } = definition;
  for (let tries = 0; tries < put_tries_max; tries++) {
    const [newest] = await tx.sql<StoredWorkflow>(
      `select ${columns} from plinth.workflows where organization_id = $1 and name = $2 order by version desc limit 1`,
      [tx.organizationId, name],
    );
    if (newest?.is_active && newest.deleted_at === null) {
      const known = await whole(tx, newest);
      if (
        Object.entries(contents).every(([field, value]) => isDeepStrictEqual(known[field as keyof WorkflowRow], value))
      ) {
        return { workflow: known, created: false };
      }
    }
    const [made] = await tx.sql<StoredWorkflow>(
      `insert into plinth.workflows (organization_id, name, version, description, execution_type, settings, input_schema,
         time_max_seconds, cost_max)
       values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8, $9)
       on conflict (organization_id, name, version) do nothing
       returning ${columns}`,
      [
        tx.organizationId,
        name,
        (newest?.version ?? 0) + 1,
        description,
        execution_type,
        JSON.stringify(settings),
        JSON.stringify(input_schema),
        time_max_seconds,
        cost_max,
      ],
    );
    if (!made) continue;
    await insertSteps(tx, made.id, flattened(steps));
    return { workflow: await whole(tx, made), created: true };
  }
  throw errors.conflict({ detail: `others are putting versions of ${name}` });
}

function checkInput(platform: Platform, name: string, definition: WorkflowDefinition): void {
  const bytes = Buffer.from(JSON.stringify(definition));
  if (bytes.length > definition_bytes_max) {
    throw errors.invalid_request({
      field: 'steps',
      detail: `${bytes.length} bytes; the limit is ${definition_bytes_max}`,
    });
  }
  assertJsonDepth(bytes, limits.json_depth);
  const problems = checkDefinition(definition);
  if (problems.length > 0) {
    const [first] = problems;
    const detail =
      problems.length === 1 ? `${first!.path} ${first!.message}` : `${problems.length} places, see the list`;
    throw workflowErrors.workflow_invalid({ detail, errors: problems });
  }
  if (knownWorkflows(platform).some((one) => one.name === name)) {
    throw errors.conflict({ detail: `${name} is a workflow of this program's code` });
  }
}

type FlatStep = StoredStep & { readonly position: number };

/** Steps in the order they are written, those of groups behind their group. */
function flattened(steps: readonly StepDefinition[], parent: string | null = null, rows: FlatStep[] = []): FlatStep[] {
  for (const { key, type, depends_on, steps: children, ...definition } of steps) {
    rows.push({
      key,
      type,
      parent_key: parent,
      depends_on: depends_on ? [...depends_on] : null,
      definition,
      position: rows.length,
    });
    if (children) flattened(children, key, rows);
  }
  return rows;
}

async function insertSteps(tx: ScopedTx, workflowId: string, rows: readonly FlatStep[]): Promise<void> {
  await tx.sql(
    `insert into plinth.workflow_steps (organization_id, workflow_id, key, position, parent_key, type, depends_on, definition)
     select $1, $2, s.key, s.position, s.parent_key, s.type, s.depends_on, s.definition
     from jsonb_to_recordset($3::jsonb) as s(key text, position int, parent_key text, type text, depends_on text[], definition jsonb)
     returning key`,
    [tx.organizationId, workflowId, JSON.stringify(rows)],
  );
}

async function whole(tx: ScopedTx, row: StoredWorkflow): Promise<WorkflowRow> {
  const rows = await tx.sql<StoredStep>(
    `select key, parent_key, type, depends_on, definition
     from plinth.workflow_steps
     where organization_id = $1 and workflow_id = $2
     order by position`,
    [tx.organizationId, row.id],
  );
  const stepsOf = (parent: string | null): StepDefinition[] =>
    rows
      .filter(({ parent_key }) => parent_key === parent)
      .map(({ key, type, depends_on, definition }) => ({
        key,
        ...definition,
        type: type as StepDefinition['type'],
        ...(depends_on === null ? {} : { depends_on }),
        ...(type === 'group' ? { steps: stepsOf(key) } : {}),
      }));
  const { execution_type, settings, deleted_at: _, ...rest } = row;
  return { ...rest, definition: { execution_type, ...settings, steps: stepsOf(null) } };
}

/** A version, or the newest active one; undefined: there is none. */
export async function findDefinition(tx: ScopedTx, name: string, version?: number): Promise<WorkflowRow | undefined> {
  const [row] = await tx.sql<StoredWorkflow>(
    `select ${columns}
     from plinth.workflows
     where organization_id = $1 and name = $2 and deleted_at is null and ($3::int is null and is_active or version = $3)
     order by version desc
     limit 1`,
    [tx.organizationId, name, version],
  );
  return row && whole(tx, row);
}

/** Throws `not_found`. */
export async function readDefinition(tx: ScopedTx, name: string, version?: number): Promise<WorkflowRow> {
  const row = await findDefinition(tx, name, version);
  if (!row) throw errors.not_found({ detail: 'no such workflow, or none that is active' });
  return row;
}

/** By the id that a run keeps, whatever became of it since. */
export async function definitionOfRun(tx: ScopedTx, runId: string): Promise<WorkflowRow | undefined> {
  const [row] = await tx.sql<StoredWorkflow>(
    `select ${columns
      .split(',')
      .map((column) => `w.${column.trim()}`)
      .join(', ')}
     from plinth.workflow_runs r
     join plinth.workflows w on w.organization_id = r.organization_id and w.id = r.workflow_id
     where r.organization_id = $1 and r.id = $2`,
    [tx.organizationId, runId],
  );
  return row && whole(tx, row);
}

/** Throws `not_found`. */
export async function readDefinitionOfRun(tx: ScopedTx, runId: string): Promise<WorkflowRow> {
  const row = await definitionOfRun(tx, runId);
  if (!row) throw errors.not_found({ detail: 'no such run of a workflow that is data' });
  return row;
}

/** Of each workflow, by name, the newest version that may be started, or the newest where none may. */
export function listDefinitions(
  tx: ScopedTx,
  rowsMax: number,
): Promise<{ name: string; version: number; description: string; is_active: boolean }[]> {
  return tx.sql(
    `select distinct on (name) name, version, description, is_active
     from plinth.workflows
     where organization_id = $1 and deleted_at is null
     order by name, is_active desc, version desc
     limit $2`,
    [tx.organizationId, rowsMax],
  );
}

export interface VersionRow {
  readonly id: string;
  readonly version: number;
  readonly description: string;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
}

/** Versions of a workflow, newest first, below the id `before`. Throws `not_found` where there is none at all. */
export async function listVersions(
  tx: ScopedTx,
  name: string,
  before: string | undefined,
  rowsMax: number,
): Promise<VersionRow[]> {
  const rows = await tx.sql<VersionRow>(
    `select id, version, description, is_active, created_by, created_at
     from plinth.workflows
     where organization_id = $1 and name = $2 and deleted_at is null and ($3::uuid is null or id < $3)
     order by id desc
     limit $4`,
    [tx.organizationId, name, before, rowsMax],
  );
  if (rows.length === 0 && before === undefined) throw errors.not_found({ detail: 'no such workflow that is data' });
  return rows;
}

/** Lets a version be started, or no more; its runs go on. Throws `not_found`. */
export async function setActive(tx: ScopedTx, name: string, version: number, isActive: boolean): Promise<WorkflowRow> {
  const [row] = await tx.sql<StoredWorkflow>(
    `update plinth.workflows
     set is_active = $4
     where organization_id = $1 and name = $2 and version = $3 and deleted_at is null
     returning ${columns}`,
    [tx.organizationId, name, version, isActive],
  );
  if (!row) throw errors.not_found({ detail: 'no such version of a workflow' });
  return whole(tx, row);
}

/** Deletes all versions softly: runs go on, and a later put goes on counting. Throws `not_found`. */
export async function deleteDefinition(tx: ScopedTx, name: string, at: Date): Promise<void> {
  const rows = await tx.sql(
    `update plinth.workflows
     set deleted_at = $3
     where organization_id = $1 and name = $2 and deleted_at is null
     returning id`,
    [tx.organizationId, name, at],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no such workflow' });
}
