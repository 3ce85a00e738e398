import type { TaskHandler } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { WorkflowOptions } from './define.ts';
import { workflowErrors } from './errors.ts';

/** A workflow that this program can run: a task type with its handler. */
export interface Workflow {
  readonly name: string;
  readonly version: number;
  readonly taskType: string;
  readonly options: WorkflowOptions;
  readonly handler: TaskHandler;
}

const workflows = new WeakMap<TaskHandler, Workflow>();

/** Workers claim the types they have registered, so a run waits for one that knows its name and version. */
export const taskTypeOf = (name: string, version: number): string => `workflow.${name}.v${version}`;

export function registerWorkflow(workflow: Workflow): void {
  workflows.set(workflow.handler, workflow);
}

/** The workflows that this program can run, by name, the newest version first. */
export function knownWorkflows(platform: Platform): Workflow[] {
  return platform.modules
    .flatMap(({ tasks = {} }) => Object.values(tasks).flatMap((handler) => workflows.get(handler) ?? []))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : b.version - a.version));
}

/** A version of a workflow, or its newest. Throws `unknown_workflow`. */
export function findWorkflow(platform: Platform, name: string, version?: number): Workflow {
  const found = knownWorkflows(platform).find(
    (one) => one.name === name && (version === undefined || one.version === version),
  );
  if (found) return found;
  const detail = version === undefined ? `no workflow ${name}` : `no version ${version} of a workflow ${name}`;
  throw workflowErrors.unknown_workflow({ field: 'workflow', detail });
}
