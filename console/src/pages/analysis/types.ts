import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { Problem } from '../../api/problem.ts';
import { api } from '../../api/request.ts';

export const runStatuses = ['pending', 'running', 'completed', 'failed', 'cancelled'] as const;
export const severities = ['blocker', 'critical', 'major', 'minor', 'info'] as const;

export interface Run {
  readonly id: string;
  readonly repository_id: string;
  readonly branch: string | null;
  readonly commit_sha: string | null;
  readonly status: string;
  readonly files_total: number;
  readonly files_analyzed: number;
  readonly files_failed: number;
  readonly functions_total: number;
  readonly issues_total: number;
  readonly lines_code: number;
  readonly quality_score: number | null;
  readonly rating: string | null;
  readonly debt_minutes: number | null;
  readonly task_id: string | null;
  readonly event_id: string | null;
  readonly error: { readonly code?: string; readonly message?: string } | null;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly created_at: string;
}

export interface WorstFile {
  readonly id: string;
  readonly file_path: string;
  readonly language: string | null;
  readonly lines_code: number | null;
  readonly cyclomatic: number | null;
  readonly cognitive: number | null;
  readonly maintainability_index: number | null;
  readonly issues_total: number;
  readonly debt_minutes: number;
}

export interface ComplexFunction {
  readonly id: string;
  readonly file_id: string;
  readonly file_path: string;
  readonly element_path: string;
  readonly kind: string;
  readonly start_line: number;
  readonly lines_code: number | null;
  readonly cyclomatic: number | null;
  readonly cognitive: number | null;
  readonly nesting_max: number | null;
}

export interface RunDetail extends Run {
  /** Empty until the run has ended. */
  readonly totals: {
    readonly quality?: { readonly debtRatio: number | null; readonly definition: string; readonly version: string };
    readonly counts?: {
      readonly bySeverity: Readonly<Record<string, number>>;
      readonly byReason: Readonly<Record<string, number>>;
    };
    readonly languages?: Readonly<Record<string, { readonly files: number; readonly codeLines: number }>>;
  };
  readonly quality_score_formula: string;
  readonly tool_versions: Readonly<Record<string, string>>;
  readonly worst_files: readonly WorstFile[];
  readonly most_complex_functions: readonly ComplexFunction[];
}

export interface Issue {
  readonly id: string;
  readonly repository_id: string;
  readonly branch: string;
  readonly rule_id: string;
  readonly severity: string;
  readonly status: string;
  readonly message: string;
  readonly file_path: string;
  readonly element_path: string | null;
  readonly start_line: number | null;
  readonly remediation_minutes: number;
  readonly last_run_id: string;
  readonly created_at: string;
}

export const issueColumns =
  'id,repository_id,branch,rule_id,severity,status,message,file_path,element_path,start_line,remediation_minutes,last_run_id,created_at';

interface RepositoryName {
  readonly id: string;
  readonly full_name: string;
}

const choices_max = 500;

/** The repositories there are to choose from, by name, as far as a list to choose from goes. */
export function useRepositoryNames(): UseQueryResult<readonly RepositoryName[], Problem> {
  return useQuery<readonly RepositoryName[], Problem>({
    queryKey: ['/rest/v1/repositories', 'names'],
    queryFn: ({ signal }) =>
      api.get<readonly RepositoryName[]>(
        '/rest/v1/repositories',
        { select: 'id,full_name', order: 'full_name', limit: choices_max },
        signal,
      ),
  });
}

/** What a run is called: its commit, or its folder where there is none. */
export function runName({ commit_sha, branch }: Pick<Run, 'commit_sha' | 'branch'>): string {
  const commit = commit_sha === null ? 'a folder' : commit_sha.slice(0, 10);
  return branch === null ? commit : `${commit} on ${branch}`;
}

const minutes_per_hour = 60;
const hours_per_day = 8;

/** Minutes of work as people say them; a day of work has eight hours. */
export function effort(minutes: number | null): string {
  if (minutes === null) return '–';
  if (minutes < minutes_per_hour) return `${minutes} min`;
  const hours = minutes / minutes_per_hour;
  if (hours < hours_per_day) return `${hours.toFixed(1)} h`;
  return `${(hours / hours_per_day).toFixed(1)} days`;
}
