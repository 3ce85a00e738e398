import type { FieldError } from '../../../platform/core/errors.ts';
import { branches_max } from '../execution/parallel.ts';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-error.ts';
import { compileTemplate } from './template.ts';

export const executionTypes = ['sequential', 'parallel', 'conditional', 'loop', 'dag'] as const;
export type ExecutionType = (typeof executionTypes)[number];
export const stepTypes = ['task', 'workflow', 'sleep', 'event', 'approval', 'set', 'group'] as const;
export type StepType = (typeof stepTypes)[number];

export const definition_steps_max = 200;
const groups_nested_max = 5;
export const iterations_max = 1_000;
const step_key = /^[a-z][a-z0-9_]{0,62}$/;

/** Steps and how they follow each other. */
export interface GroupDefinition {
  readonly execution_type: ExecutionType;
  readonly steps: readonly StepDefinition[];
  /** loop: goes on while this holds, looked at before each round. */
  readonly while?: string;
  /** loop: no more rounds than this. */
  readonly max_iterations?: number;
  /** parallel, dag: steps at once. */
  readonly concurrency?: number;
}

/** A step. Fields that are said to be templates may hold expressions. */
export interface StepDefinition extends Partial<GroupDefinition> {
  readonly key: string;
  readonly type: StepType;
  /** It is left out, and its result is null, where this does not hold. conditional: the first that holds is run. */
  readonly if?: string;
  /** A template of a list: the step is run for each of its items, `item`, with its `index`. */
  readonly for_each?: unknown;
  /** dag: the steps of its group it comes after. */
  readonly depends_on?: readonly string[];
  /** continue: where it fails its result is null, and `errors` has its error. */
  readonly on_error?: 'fail' | 'continue';
  readonly task_type?: string;
  readonly definition?: string;
  /** A template. */
  readonly payload?: unknown;
  readonly workflow?: string;
  readonly version?: number;
  /** A template. */
  readonly input?: unknown;
  /** A template of seconds, or of text such as 2h. */
  readonly duration?: unknown;
  readonly event?: string;
  /** A template. */
  readonly match?: unknown;
  /** A template of seconds, or of text such as 2h. */
  readonly timeout?: unknown;
  /** Templates. */
  readonly title?: unknown;
  readonly description?: unknown;
  readonly assignees?: unknown;
  readonly quorum?: unknown;
  /** A template. */
  readonly value?: unknown;
}

export interface WorkflowDefinition extends GroupDefinition {
  /** A template of the output; default: the results of all steps. */
  readonly output?: unknown;
}

/** What each type of step takes, and must have. */
const fieldsOfType: Readonly<
  Record<StepType, { readonly needs: readonly string[]; readonly takes: readonly string[] }>
> = {
  task: { needs: [], takes: ['task_type', 'definition', 'payload'] },
  workflow: { needs: ['workflow'], takes: ['version', 'input'] },
  sleep: { needs: ['duration'], takes: [] },
  event: { needs: ['event'], takes: ['match', 'timeout'] },
  approval: { needs: ['title', 'assignees'], takes: ['description', 'quorum', 'timeout'] },
  set: { needs: ['value'], takes: [] },
  group: { needs: ['execution_type', 'steps'], takes: ['while', 'max_iterations', 'concurrency'] },
};
const fieldsOfAll = ['key', 'type', 'if', 'for_each', 'concurrency', 'depends_on', 'on_error'];
const templates = [
  'for_each',
  'payload',
  'input',
  'duration',
  'match',
  'timeout',
  'title',
  'description',
  'assignees',
  'quorum',
  'value',
];

/** What expressions see. */
const known_names: ReadonlySet<string> = new Set(['input', 'steps', 'errors', 'run', 'item', 'index', 'iteration']);

type Report = (path: string, message: string) => void;
interface Checking {
  readonly report: Report;
  readonly keys: Set<string>;
}

/** Everything that is wrong with a definition, each with its path. */
export function checkDefinition(definition: WorkflowDefinition): FieldError[] {
  const problems: FieldError[] = [];
  const checking: Checking = {
    keys: new Set(),
    report: (path, message) => problems.push({ path, message }),
  };
  checkGroup('', definition, checking, 0);
  compiles('/output', definition.output, asTemplate, checking.report);
  if (checking.keys.size > definition_steps_max) {
    checking.report('/steps', `has ${checking.keys.size} steps in all; the limit is ${definition_steps_max}`);
  }
  return problems;
}

function checkGroup(path: string, group: Partial<GroupDefinition>, checking: Checking, depth: number): void {
  const { report } = checking;
  const { execution_type, steps, while: condition, max_iterations, concurrency } = group;
  if (!executionTypes.some((type) => type === execution_type)) {
    report(`${path}/execution_type`, `is one of ${executionTypes.join(', ')}`);
  }
  if (!Array.isArray(steps) || steps.length === 0) {
    report(`${path}/steps`, 'is a list of at least one step');
    return;
  }
  if (depth > groups_nested_max) {
    report(`${path}/steps`, `groups are nested deeper than ${groups_nested_max} levels`);
    return;
  }
  if (execution_type === 'loop') {
    if (!isCount(max_iterations, iterations_max)) report(`${path}/max_iterations`, `is needed, 1 to ${iterations_max}`);
    compiles(`${path}/while`, condition, asExpression, report);
  } else if (condition !== undefined || max_iterations !== undefined) {
    report(`${path}/while`, 'while and max_iterations are of execution_type loop');
  }
  if (concurrency !== undefined && !isCount(concurrency, branches_max)) {
    report(`${path}/concurrency`, `is 1 to ${branches_max}`);
  }
  for (const [index, step] of steps.entries()) checkStep(`${path}/steps/${index}`, step, checking, depth);
  checkOrder(path, group as GroupDefinition, report);
}

function checkStep(path: string, step: StepDefinition, checking: Checking, depth: number): void {
  const { report, keys } = checking;
  if (typeof step !== 'object' || step === null || Array.isArray(step)) {
    report(path, 'is not a step');
    return;
  }
  const { key, type, on_error, concurrency } = step;
  if (typeof key !== 'string' || !step_key.test(key)) {
    report(`${path}/key`, 'is a lower-case letter, then up to 62 of a-z, 0-9 and _');
  } else if (keys.has(key)) report(`${path}/key`, `there is another step "${key}"`);
  keys.add(key);
  const fields = Object.hasOwn(fieldsOfType, String(type)) ? fieldsOfType[type] : undefined;
  if (!fields) {
    report(`${path}/type`, `is one of ${stepTypes.join(', ')}`);
    return;
  }
  const known = [...fieldsOfAll, ...fields.needs, ...fields.takes];
  for (const field of Object.keys(step)) {
    if (!known.includes(field)) report(`${path}/${field}`, `a step of type ${type} has no such field`);
  }
  for (const field of fields.needs) {
    if (step[field as keyof StepDefinition] === undefined) report(`${path}/${field}`, 'is needed');
  }
  if (type === 'task' && (step.task_type === undefined) === (step.definition === undefined)) {
    report(`${path}/task_type`, 'a task has a task_type or a definition');
  }
  for (const field of ['task_type', 'definition', 'workflow', 'event'] as const) {
    const name = step[field];
    if (name !== undefined && (typeof name !== 'string' || name === '' || name.length > 100)) {
      report(`${path}/${field}`, 'is a name of up to 100 characters');
    }
  }
  if (on_error !== undefined && on_error !== 'fail' && on_error !== 'continue') {
    report(`${path}/on_error`, 'is fail or continue');
  }
  if (concurrency !== undefined && !isCount(concurrency, branches_max))
    report(`${path}/concurrency`, `is 1 to ${branches_max}`);
  compiles(`${path}/if`, step.if, asExpression, report);
  for (const field of templates) {
    compiles(`${path}/${field}`, step[field as keyof StepDefinition], asTemplate, report);
  }
  if (type === 'group') checkGroup(path, step, checking, depth + 1);
}

/** Dependencies name other steps of the group, and make no circle. */
function checkOrder(path: string, group: GroupDefinition, report: Report): void {
  const { steps, execution_type } = group;
  const keys = new Set(steps.map((step) => step?.key));
  let isSound = true;
  for (const [index, { depends_on } = {} as StepDefinition] of steps.map((step) => step ?? {}).entries()) {
    if (depends_on === undefined) continue;
    const at = `${path}/steps/${index}/depends_on`;
    if (execution_type !== 'dag') report(at, 'is of execution_type dag');
    else if (!Array.isArray(depends_on) || depends_on.some((key) => !keys.has(key))) {
      report(at, 'names steps of the same group');
    } else continue;
    isSound = false;
  }
  if (isSound && execution_type === 'dag' && !inOrder(steps))
    report(`${path}/steps`, 'wait for each other in a circle');
}

/** Steps so that each comes after those it depends on; undefined: they wait for each other in a circle. */
export function inOrder(steps: readonly StepDefinition[]): StepDefinition[] | undefined {
  const ordered: StepDefinition[] = [];
  const done = new Set<string>();
  let left = [...steps];
  while (left.length > 0) {
    const ready = left.filter(({ depends_on = [] }) => depends_on.every((key) => done.has(key)));
    if (ready.length === 0) return undefined;
    ordered.push(...ready);
    for (const { key } of ready) done.add(key);
    left = left.filter(({ key }) => !done.has(key));
  }
  return ordered;
}

const isCount = (value: unknown, max: number): boolean =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= max;

function asExpression(text: unknown): unknown {
  if (typeof text !== 'string') throw new ExpressionError('is not an expression');
  return compileExpression(text, known_names);
}

const asTemplate = (template: unknown): unknown => compileTemplate(template, known_names);

function compiles(path: string, given: unknown, compile: (given: unknown) => unknown, report: Report): void {
  if (given === undefined) return;
  try {
    compile(given);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    report(path, error.message);
  }
}
