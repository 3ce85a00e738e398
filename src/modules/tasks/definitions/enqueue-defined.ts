import type { ScopedTx } from '../../../platform/scope/door.ts';
import type { Enqueued, NewTask } from '../enqueue.ts';
import { taskErrors } from '../errors.ts';
import { type DefinitionRow, withDefaults } from './definitions.ts';
import { assertParameters } from './parameter-schema.ts';

/** A task by the name of its definition, which gives the type, and what the task does not say itself. */
export interface DefinedTask extends Omit<NewTask, 'task_type'> {
  readonly definition: string;
  /** Default: the newest active version. */
  readonly definition_version?: number;
  readonly task_type?: undefined;
}

export type TaskInput = NewTask | DefinedTask;

export function isDefined(task: TaskInput): task is DefinedTask {
  return 'definition' in task && task.definition !== undefined;
}

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

/** What was asked for as plain tasks, and by which version of a definition each is made. */
export interface Resolved {
  readonly tasks: NewTask[];
  readonly definitionIds: (string | undefined)[];
}

/**
 * Fills in what definitions say, and checks parameters: one statement however many tasks there are. Throws
 * `unknown_task_definition` and `parameters_invalid`, naming the path.
 */
export async function resolveDefinitions(tx: ScopedTx, inputs: readonly TaskInput[]): Promise<Resolved> {
  const names = [...new Set(inputs.filter(isDefined).map(({ definition }) => definition))];
  if (names.length === 0) return { tasks: inputs as NewTask[], definitionIds: [] };
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
      field: `${pathOf(inputs, index)}definition`,
      detail: version === undefined ? `no active version of ${name}` : `no active version ${version} of ${name}`,
    });
  });
  const tasks = inputs.map((input, index) => (isDefined(input) ? plainTask(input, found[index]!) : input));
  assertParameters(
    found.flatMap((row, index) =>
      row
        ? [{ schema: row.parameter_schema, value: tasks[index]!.payload, path: `${pathOf(inputs, index)}payload` }]
        : [],
    ),
  );
  return { tasks, definitionIds: found.map((row) => row?.id) };
}

const pathOf = (inputs: readonly unknown[], index: number) => (inputs.length === 1 ? '/' : `/${index}/`);

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
    payload: withDefaults(row.default_configuration, own.payload),
  };
}

/** Notes on the tasks that were made by which version of a definition they are. */
export async function bindDefinitions(
  tx: ScopedTx,
  definitionIds: readonly (string | undefined)[],
  enqueued: readonly Enqueued[],
): Promise<void> {
  const bound = enqueued.flatMap(({ id, created }, index) => {
    const definition = definitionIds[index];
    return created && definition !== undefined ? [{ id, definition }] : [];
  });
  if (bound.length === 0) return;
  await tx.sql('select plinth.bind_task_definitions($1, $2::uuid[], $3::uuid[])', [
    tx.organizationId,
    bound.map(({ id }) => id),
    bound.map(({ definition }) => definition),
  ]);
}
