export const runStatuses = [
  'pending',
  'running',
  'waiting',
  'retrying',
  'paused',
  'blocked',
  'completed',
  'failed',
  'cancelled',
] as const;

const ended: readonly string[] = ['completed', 'failed', 'cancelled'];
export const hasEnded = (status: string): boolean => ended.includes(status);

export interface RunError {
  readonly code?: string;
  readonly message?: string;
  readonly details?: unknown;
}

/** A run as lists show it. */
export interface RunRow {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly kind: 'code' | 'data';
  readonly status: string;
  readonly correlation_key: string | null;
  readonly error: RunError | null;
  readonly step_count: number;
  readonly ended_step_count: number;
  readonly cost: number;
  readonly cost_max: number | null;
  readonly deadline_at: string | null;
  readonly wakes_at: string | null;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
}

export interface Step {
  /** Its name, with its occurrence, behind the branch it is in: items/3/fetch#2. */
  readonly key: string;
  readonly place: number;
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly result: unknown;
  readonly result_left_out: boolean;
  readonly error: RunError | null;
  readonly attempts: number;
  readonly cost: number;
  readonly task_id: string | null;
  readonly task_status: string | null;
  readonly approval_id: string | null;
  readonly event: { readonly name: string; readonly match: unknown } | null;
  readonly due_at: string | null;
  readonly started_at: string;
  readonly completed_at: string | null;
}

export interface Run extends RunRow {
  readonly input: unknown;
  readonly output: unknown;
  readonly steps: readonly Step[];
}

/** A step of a workflow that is data. Fields depend on its type. */
export interface StepDefinition {
  readonly key: string;
  readonly type: string;
  readonly if?: string;
  readonly for_each?: unknown;
  readonly depends_on?: readonly string[];
  readonly execution_type?: string;
  readonly steps?: readonly StepDefinition[];
  readonly while?: string;
  readonly max_iterations?: number;
}

export interface Definition {
  readonly execution_type: string;
  readonly steps: readonly StepDefinition[];
  readonly while?: string;
  readonly max_iterations?: number;
  readonly output?: unknown;
}

export interface WorkflowVersion {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly input_schema: Readonly<Record<string, unknown>>;
  readonly time_max_seconds: number | null;
  readonly cost_max: number | null;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly definition: Definition;
}

/** What is asked again when a run changed: runs, their tasks, and what they ask people. */
export const touchedByRuns = ['/v1/workflow-runs', '/v1/approvals', '/v1/tasks', '/rest/v1/tasks'];

/** When a step ended; a sleep is over when its time has come, before anybody records it. */
export function endOf({ completed_at, status, due_at }: Step): string | null {
  return completed_at ?? (status === 'completed' ? due_at : null);
}
