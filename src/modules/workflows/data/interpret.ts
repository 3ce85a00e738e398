import { TaskFailure } from '../../tasks/index.ts';
import type { WorkflowContext } from '../define.ts';
import type { Duration } from '../duration.ts';
import { branches_max } from '../execution/parallel.ts';
import { StepFailure } from '../execution/step-failure.ts';
import {
  type GroupDefinition,
  inOrder,
  iterations_max,
  type StepDefinition,
  type WorkflowDefinition,
} from './definition.ts';
import { compileExpression } from './expression.ts';
import { ExpressionError } from './expression-error.ts';
import { compileTemplate } from './template.ts';

type Values = Record<string, unknown>;

/** What expressions see: `input`, `steps` (results by key), `errors`, and in their place `item`, `index` and `iteration`. */
interface Seen {
  readonly input: unknown;
  readonly run: { readonly id: string };
  readonly steps: Values;
  readonly errors: Values;
  readonly item?: unknown;
  readonly index?: number;
  readonly iteration?: number;
}

/** A branch sees what was there when it began, and what it does itself: nothing of those beside it. */
const branchOf = (seen: Seen, more: Partial<Seen> = {}): Seen => ({
  ...seen,
  ...more,
  steps: { ...seen.steps },
  errors: { ...seen.errors },
});

function merge(into: Seen, ...from: readonly Seen[]): void {
  for (const { steps, errors } of from) {
    Object.assign(into.steps, steps);
    Object.assign(into.errors, errors);
  }
}

/** A workflow as data is a function like any other, written against the same context. */
export async function interpret(
  ctx: WorkflowContext,
  definition: WorkflowDefinition,
  input: unknown,
): Promise<unknown> {
  const seen: Seen = { input, run: { id: ctx.runId }, steps: {}, errors: {} };
  const results = await runGroup(ctx, definition.execution_type, definition, seen);
  return definition.output === undefined
    ? results
    : evaluated('output', () => compileTemplate(definition.output)({ ...seen }));
}

/** Runs the steps of a group; what they came to is seen afterwards. Returns the results by key. */
async function runGroup(ctx: WorkflowContext, name: string, group: GroupDefinition, seen: Seen): Promise<Values> {
  switch (group.execution_type) {
    case 'sequential':
      await inTurn(ctx, group.steps, seen);
      break;
    case 'parallel':
      await sideBySide(ctx, name, group, seen);
      break;
    case 'conditional':
      await firstThatHolds(ctx, group.steps, seen);
      break;
    case 'loop':
      await again(ctx, name, group, seen);
      break;
    case 'dag':
      await asDependenciesAllow(ctx, name, group, seen);
      break;
  }
  return Object.fromEntries(group.steps.map(({ key }) => [key, seen.steps[key] ?? null]));
}

async function inTurn(ctx: WorkflowContext, steps: readonly StepDefinition[], seen: Seen): Promise<void> {
  for (const step of steps) await runStep(ctx, step, seen);
}

async function sideBySide(
  ctx: WorkflowContext,
  name: string,
  { steps, concurrency }: GroupDefinition,
  seen: Seen,
): Promise<void> {
  const branches = await ctx.forEach(
    name,
    steps,
    async (step) => {
      const own = branchOf(seen);
      await runStep(ctx, step, own);
      return own;
    },
    concurrency === undefined ? {} : { concurrency },
  );
  merge(seen, ...branches);
}

async function firstThatHolds(ctx: WorkflowContext, steps: readonly StepDefinition[], seen: Seen): Promise<void> {
  const chosen = steps.find((step) => step.if === undefined || holds(step.key, step.if, seen));
  for (const step of steps) seen.steps[step.key] = null;
  if (chosen) await runStep(ctx, chosen, seen);
}

async function again(ctx: WorkflowContext, name: string, group: GroupDefinition, seen: Seen): Promise<void> {
  const { steps, while: condition, max_iterations: most = iterations_max } = group;
  // what the condition reads before the first round
  for (const step of steps) seen.steps[step.key] = null;
  for (let iteration = 0; ; iteration++) {
    const own: Seen = { ...seen, iteration };
    if (condition !== undefined && !holds(name, condition, own)) return;
    if (iteration >= most) {
      if (condition === undefined) return;
      const message = `the loop has not ended after ${most} rounds`;
      throw new StepFailure(name, { code: 'workflow_loop_limit', message });
    }
    await inTurn(ctx, steps, own);
  }
}

/** Each step in a branch of its own, which waits for those of the steps it depends on, and sees what they saw. */
async function asDependenciesAllow(
  ctx: WorkflowContext,
  name: string,
  group: GroupDefinition,
  seen: Seen,
): Promise<void> {
  const steps = inOrder(group.steps)!;
  const done = new Map(steps.map(({ key }) => [key, Promise.withResolvers<Seen>()]));
  for (const { promise } of done.values()) promise.catch(() => undefined);
  const branches = await ctx.forEach(
    name,
    steps,
    async (step) => {
      const { resolve, reject } = done.get(step.key)!;
      try {
        const before = await Promise.all((step.depends_on ?? []).map((key) => done.get(key)!.promise));
        const own = branchOf(seen);
        merge(own, ...before);
        await runStep(ctx, step, own);
        resolve(own);
        return own;
      } catch (error) {
        reject(error);
        throw error;
      }
    },
    group.concurrency === undefined ? {} : { concurrency: group.concurrency },
  );
  merge(seen, ...branches);
}

async function runStep(ctx: WorkflowContext, step: StepDefinition, seen: Seen): Promise<void> {
  if (step.if !== undefined && !holds(step.key, step.if, seen)) {
    seen.steps[step.key] = null;
    return;
  }
  if (step.for_each === undefined) {
    seen.steps[step.key] = await attempt(ctx, step, seen);
    return;
  }
  const items = fieldValue(step, 'for_each', seen);
  if (!Array.isArray(items) || items.length > branches_max) {
    throw failed(step.key, `for_each is ${Array.isArray(items) ? `longer than ${branches_max}` : 'no list'}`);
  }
  const branches = await ctx.forEach(
    step.key,
    items,
    async (item, index) => {
      const own = branchOf(seen, { item, index });
      return { own, result: await attempt(ctx, step, own) };
    },
    step.concurrency === undefined ? {} : { concurrency: step.concurrency },
  );
  for (const { own } of branches) Object.assign(seen.errors, own.errors);
  seen.steps[step.key] = branches.map(({ result }) => result);
}

/** The step's result; null where it failed and that is to be lived with. */
async function attempt(ctx: WorkflowContext, step: StepDefinition, seen: Seen): Promise<unknown> {
  try {
    return await perform(ctx, step, seen);
  } catch (error) {
    if (step.on_error !== 'continue' || !(error instanceof StepFailure)) throw error;
    seen.errors[step.key] = { code: error.code, message: error.message };
    return null;
  }
}

async function perform(ctx: WorkflowContext, step: StepDefinition, seen: Seen): Promise<unknown> {
  const { key: name } = step;
  const value = (field: keyof StepDefinition) => fieldValue(step, field, seen);
  const timeout = step.timeout === undefined ? {} : { timeout: value('timeout') as Duration };
  switch (step.type) {
    case 'task': {
      const type = step.definition === undefined ? step.task_type! : { definition: step.definition };
      return ctx.task(type, value('payload'), { name });
    }
    case 'workflow':
      return ctx.workflow(step.workflow!, value('input'), {
        name,
        ...(step.version === undefined ? {} : { version: step.version }),
      });
    case 'sleep':
      await rightly(name, () => ctx.sleep(name, value('duration') as Duration));
      return null;
    case 'event':
      return rightly(name, () =>
        ctx.waitForEvent(step.event!, { name, match: (value('match') ?? {}) as Values, ...timeout }),
      );
    case 'approval':
      return rightly(name, () =>
        ctx.approval({
          name,
          title: String(value('title')),
          assignees: value('assignees') as string[],
          ...(step.description === undefined ? {} : { description: String(value('description')) }),
          ...(step.quorum === undefined ? {} : { quorum: Number(value('quorum')) }),
          ...timeout,
        }),
      );
    case 'set':
      return value('value') ?? null;
    case 'group':
      return runGroup(ctx, name, step as GroupDefinition, seen);
  }
}

/** A value that a template gave and that does not fit is the definition's fault, said by the name of its step. */
async function rightly<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw failed(name, error.message);
    throw error;
  }
}

function fieldValue(step: StepDefinition, field: keyof StepDefinition, seen: Seen): unknown {
  const template = step[field];
  return template === undefined ? undefined : evaluated(step.key, () => compileTemplate(template)({ ...seen }));
}

function holds(name: string, condition: string, seen: Seen): boolean {
  const value = evaluated(name, () => compileExpression(condition)({ ...seen }));
  if (typeof value !== 'boolean') throw failed(name, `the condition ${condition} is neither true nor false`);
  return value;
}

function evaluated<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ExpressionError) throw failed(name, error.message);
    throw error;
  }
}

const failed = (name: string, what: string) =>
  new TaskFailure('expression_failed', `step "${name}": ${what}`, { retryable: false });
