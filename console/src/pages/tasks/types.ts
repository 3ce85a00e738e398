import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Problem } from '../../api/problem.ts';
import { api } from '../../api/request.ts';
import type { Page } from '../../api/types.ts';

export const taskStatuses = [
  'pending',
  'running',
  'retrying',
  'completed',
  'failed',
  'cancelled',
  'blocked',
  'paused',
] as const;

const ended: readonly string[] = ['completed', 'failed', 'cancelled'];
export const hasEnded = (status: string): boolean => ended.includes(status);
export const canRetry = (status: string): boolean => status === 'failed' || status === 'cancelled';

export interface Failure {
  readonly code?: string;
  readonly message?: string;
  readonly details?: unknown;
}

export interface FailedAttempt {
  readonly attempt: number;
  readonly outcome: string;
  readonly occurred_at: string;
  readonly error: Failure | null;
  readonly duration_ms: number | null;
  readonly retry_at: string | null;
}

export interface Task {
  readonly id: string;
  readonly task_type: string;
  readonly title: string;
  readonly status: string;
  readonly priority: number;
  readonly payload: unknown;
  readonly results: unknown;
  readonly error: Failure | null;
  readonly attempts: number;
  readonly max_attempts: number;
  readonly project_id: string | null;
  readonly repository_id: string | null;
  readonly scheduled_at: string;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly created_by: string | null;
  readonly created_at: string;
  readonly failed_attempts: readonly FailedAttempt[];
}

/** What lists show: without payload and result, which may be a megabyte each. */
export interface TaskRow {
  readonly id: string;
  readonly task_type: string;
  readonly title: string;
  readonly status: string;
  readonly attempts: number;
  readonly max_attempts: number;
  readonly project_id: string | null;
  readonly created_at: string;
  readonly completed_at: string | null;
  readonly reason: string | null;
}

export const taskColumns =
  'id,task_type,title,status,attempts,max_attempts,project_id,created_at,completed_at,reason:error->>message';

export interface TaskType {
  readonly task_type: string;
  readonly description: string;
}

export interface ProjectName {
  readonly id: string;
  readonly name: string;
}

/** The projects there are to choose from, as far as one page goes. */
export function useProjectNames(): UseQueryResult<Page<ProjectName>, Problem> {
  return useQuery<Page<ProjectName>, Problem>({
    queryKey: ['/v1/projects', 'names'],
    queryFn: ({ signal }) => api.get<Page<ProjectName>>('/v1/projects', { limit: 200 }, signal),
  });
}

/** What is asked again when a task changed: lists, details, counts, and the events that made tasks. */
export const touchedByTasks = ['/v1/tasks', '/rest/v1/tasks', '/v1/events'];
