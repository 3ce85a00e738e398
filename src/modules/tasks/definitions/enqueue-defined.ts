import { errors } from '../../../platform/core/errors.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import type { NewTask } from '../enqueue.ts';
import { taskErrors } from '../errors.ts';
import { type DefinitionRow, withDefaults } from './definitions.ts';
import { assertParameters } from './parameter-schema.ts';

/** A task by the name of its definition, which gives the type, and what the task does not say itself. */
export interface DefinedTask extends Omit<NewTask, 'task_type' | 'definition_id'> {
  readonly definition: string;
  /** Default: the newest active version. */
  readonly definition_version?: number;
  readonly task_type?: undefined;
}

export type TaskInput = NewTask | DefinedTask;

export function isDefined(task: TaskInput): task is DefinedTask {
  return 'definition' in task && task.definition !== undefined;
}

/** What says which task is meant, where both ways of saying it are open. */
interface Target {
  readonly task_type?: string | undefined;
  readonly definition?: string | undefined;
  readonly definition_version?: number | undefined;
}

/** Throws `invalid_request`, naming the field below `path`, unless exactly one of definition and task_type is given. */
export function assertOneTarget({ task_type, definition, definition_version }: Target, path: string): void {
  if ((definition === undefined) === (task_type === undefined)) {
    const detail = 'either definition or task_type says what to enqueue';
    throw errors.invalid_request({ field: `${path}definition`, detail });
  }
  if (definition_version !== undefined && definition === undefined) {
    throw errors.invalid_request({ field: `${path}definition_version`, detail: 'a version needs its definition' });
  }
}

/** Where a task stands in what was asked, for errors: ends with a slash. */
export type TaskPath = (index: number) => string;

type Wanted = Pick<
  DefinitionRow,
  | 'id'
  | 'name'
  | 'version'
  | 'task_type'
  | 'parameter_schema'
  | 'default_configuration'
  | 'timeout_seconds'
  | 'max_retries'
  | 'concurrency_key'
  | 'concurrency_limit'
>;

/**
 * Fills in what definitions say, and checks parameters: one statement however many tasks there are. Throws
 * `unknown_task_definition` and `parameters_invalid`, naming the path.
 */
export async function resolveDefinitions(
  tx: ScopedTx,
  inputs: readonly TaskInput[],
  pathOf: TaskPath = inputs.length === 1 ? () => '/' : (index) => `/${index}/`,
): Promise<readonly NewTask[]> {
  const names = [...new Set(inputs.filter(isDefined).map(({ definition }) => definition))];
  if (names.length === 0) return inputs as readonly NewTask[];
  const rows = await tx.sql<Wanted & { is_active: boolean }>(
    `select id, name, version, task_type, parameter_schema, default_configuration, timeout_seconds, max_retries,
            concurrency_key, concurrency_limit, is_active
     from plinth.task_definitions
     where organization_id = $1 and name = any ($2::text[]) and deleted_at is null and is_active
     order by version desc`,
    [tx.organizationId, names],
  );
  const found = inputs.map((input, index) => {
    if (!isDefined(input)) return undefined;
    const { definition: name, definition_version: version } = input;
    const row = rows.find((one) => one.name === name && (version === undefined || one.version === version));
    if (row) return row;
    throw taskErrors.unknown_task_definition({
      field: `${pathOf(index)}definition`,
      detail: version === undefined ? `no active version of ${name}` : `no active version ${version} of ${name}`,
    });
  });
  const tasks = inputs.map((input, index) => (isDefined(input) ? plainTask(input, found[index]!) : input));
  assertParameters(
    found.flatMap((row, index) =>
      row ? [{ schema: row.parameter_schema, value: tasks[index]!.payload, path: `${pathOf(index)}payload` }] : [],
    ),
  );
  return tasks;
}

function plainTask(input: DefinedTask, row: Wanted): NewTask {
  const { definition: _, definition_version: __, task_type: ___, ...own } = input;
  const key = row.concurrency_key ?? (row.concurrency_limit === null ? undefined : `definition:${row.name}`);
  return {
    timeout_seconds: row.timeout_seconds,
    max_attempts: row.max_retries + 1,
    title: row.name,
    ...(key === undefined ? {} : { concurrency_key: key }),
    ...(row.concurrency_limit === null ? {} : { concurrency_limit: row.concurrency_limit }),
    ...own,
    task_type: row.task_type,
    definition_id: row.id,
    payload: withDefaults(row.default_configuration, own.payload),
  };
}
