import type { TaskHandler } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { WorkflowOptions } from './define.ts';

/** A workflow that this program can run: a task type with its handler. */
export interface Workflow {
  readonly name: string;
  readonly version: number;
  readonly taskType: string;
  readonly options: WorkflowOptions;
  readonly handler: TaskHandler;
}

/** The task type of all runs of workflows that are data: every worker can run them. */
export const data_task_type = 'workflow.run';

/** Marks the handlers of workflows, also where two copies of the package are installed. */
const mark = Symbol.for('plinth.workflow');

interface WorkflowHandler extends TaskHandler {
  readonly [mark]?: Workflow;
}

/** Workers claim the types they have registered, so a run waits for one that knows its name and version. */
export const taskTypeOf = (name: string, version: number): string => `workflow.${name}.v${version}`;

/** A workflow whose handler leads back to it. */
export function makeWorkflow(parts: Omit<Workflow, 'taskType'>): Workflow {
  const handler: { -readonly [K in keyof WorkflowHandler]: WorkflowHandler[K] } = { ...parts.handler };
  const made: Workflow = Object.freeze({ ...parts, taskType: taskTypeOf(parts.name, parts.version), handler });
  handler[mark] = made;
  return made;
}

/** The workflows that this program can run, by name, the newest version first. */
export function knownWorkflows(platform: Platform): Workflow[] {
  return platform.modules
    .flatMap(({ tasks = {} }) => Object.values(tasks).flatMap((handler: WorkflowHandler) => handler[mark] ?? []))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : b.version - a.version));
}

/** A version of a workflow of the code, or its newest; undefined: there is none. */
export const findWorkflow = (platform: Platform, name: string, version?: number): Workflow | undefined =>
  knownWorkflows(platform).find((one) => one.name === name && (version === undefined || one.version === version));
