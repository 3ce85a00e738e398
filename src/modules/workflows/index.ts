/** What other modules may use of workflows. */
export type { ApprovalOutcome } from './approvals.ts';
export {
  type ApprovalOptions,
  type ChildTaskOptions,
  type ChildWorkflowOptions,
  type EventOptions,
  type ParallelOptions,
  type StepContext,
  type StepOptions,
  type TaskKind,
  type WorkflowContext,
  type WorkflowFunction,
  type WorkflowOptions,
  workflow,
  workflowTasks,
} from './define.ts';
export { sendToRun, sendToRuns } from './events.ts';
export { StepFailure } from './execution/step-failure.ts';
export type { Workflow } from './registry.ts';
export { assertWorkflow, type NewRun, startRun } from './runs.ts';
