import type { ScopedTx } from '../../platform/scope/door.ts';
import type { FileAnalysis } from './analyze-source.ts';
import { isCallable } from './elements/element.ts';
import { type LanguageFamily, languageFamilies } from './languages/definition.ts';
import { definitionsOf } from './metrics/definitions.ts';
import { analyserVersion } from './run-analysis.ts';
import type { AnalysisSummary } from './summary.ts';

export interface NewRun {
  readonly repositoryId: string;
  readonly branch: string | null;
  readonly commitSha: string | null;
  readonly taskId: string | null;
  readonly eventId: string | null;
}

export type StartedRun =
  | { readonly outcome: 'started'; readonly id: string }
  /** The commit has been analysed by this version: the run that is there. */
  | { readonly outcome: 'exists'; readonly id: string }
  /** Another worker is at it. */
  | { readonly outcome: 'running' };

/** Begins a run; of several for one commit and version exactly one is started. */
export async function startRun(tx: ScopedTx, run: NewRun, now: Date): Promise<StartedRun> {
  if (run.taskId) {
    // an attempt of this task before, which died in the middle
    await tx.sql(
      `update plinth.analysis_runs
       set status = 'failed', completed_at = $3, error = '{"code": "worker_lost", "message": "the attempt did not end"}'
       where organization_id = $1 and task_id = $2 and status = 'running'`,
      [tx.organizationId, run.taskId, now],
    );
  }
  const definitions = Object.fromEntries(languageFamilies.map((family) => [family, definitionsOf(family)]));
  const [row] = await tx.sql<{ id: string }>(
    `insert into plinth.analysis_runs (organization_id, repository_id, branch, commit_sha, analyzers, analyzer_version, status,
       task_id, event_id, definitions, started_at)
     values ($1, $2, $3, $4, '{plinth}', $5, 'running', $6, $7, $8, $9)
     on conflict (organization_id, repository_id, commit_sha, analyzer_version)
       where commit_sha is not null and status in ('running', 'completed') do nothing
     returning id`,
    [
      tx.organizationId,
      run.repositoryId,
      run.branch,
      run.commitSha,
      analyserVersion,
      run.taskId,
      run.eventId,
      JSON.stringify(definitions),
      now,
    ],
  );
  if (row) return { outcome: 'started', id: row.id };
  const [other] = await tx.sql<{ id: string; status: string }>(
    `select id, status from plinth.analysis_runs
     where organization_id = $1 and repository_id = $2 and commit_sha = $3 and analyzer_version = $4
       and status in ('running', 'completed')`,
    [tx.organizationId, run.repositoryId, run.commitSha, analyserVersion],
  );
  return other?.status === 'completed' ? { outcome: 'exists', id: other.id } : { outcome: 'running' };
}

/** Stores the results of some files: two statements a batch, whatever its size. */
export async function saveFiles(tx: ScopedTx, runId: string, files: readonly FileAnalysis[]): Promise<void> {
  if (files.length === 0) return;
  const saved = await tx.sql<{ id: string; file_path: string }>(
    `insert into plinth.file_analysis (organization_id, run_id, file_path, language, family, size_bytes, parse_status, reason,
       lines_total, lines_code, lines_comment, lines_blank, cyclomatic, cognitive, nesting_max, functions,
       maintainability_index, issues_total, debt_minutes, metrics)
     select $1, $2, f.path, f.language, f.family, f.size_bytes, f.parse_status, f.reason,
       (f.metrics ->> 'lines_total')::int, (f.metrics ->> 'lines_code')::int, (f.metrics ->> 'lines_comment')::int,
       (f.metrics ->> 'lines_blank')::int, (f.metrics ->> 'cyclomatic')::int, (f.metrics ->> 'cognitive')::int,
       (f.metrics ->> 'nesting_max')::int, (f.metrics ->> 'functions')::int,
       (f.metrics ->> 'maintainability_index')::double precision, f.issues_total, f.debt_minutes, f.metrics
     from jsonb_to_recordset($3::jsonb) as f(path text, language text, family text, size_bytes bigint, parse_status text,
       reason jsonb, metrics jsonb, issues_total int, debt_minutes int)
     returning id, file_path`,
    [tx.organizationId, runId, JSON.stringify(files.map(fileRow))],
  );
  const ids = new Map(saved.map(({ id, file_path }) => [file_path, id]));
  const elements = files.flatMap((file) =>
    file.elements.map((element) => ({ ...elementRow(element), file_id: ids.get(file.path) })),
  );
  if (elements.length === 0) return;
  await tx.sql(
    `insert into plinth.code_elements (organization_id, run_id, file_id, kind, name, qualified_name, element_path, start_line,
       end_line, is_exported, is_async, parameters, lines_code, cyclomatic, cognitive, nesting_max, parameter_count, metrics)
     select $1, $2, e.file_id, e.kind, e.name, e.qualified_name, e.element_path, e.start_line, e.end_line, e.is_exported,
       e.is_async, e.parameters, (e.metrics ->> 'lines_code')::int, (e.metrics ->> 'cyclomatic')::int,
       (e.metrics ->> 'cognitive')::int, (e.metrics ->> 'nesting_max')::int, (e.metrics ->> 'parameters')::int, e.metrics
     from jsonb_to_recordset($3::jsonb) as e(file_id uuid, kind text, name text, qualified_name text, element_path text,
       start_line int, end_line int, is_exported boolean, is_async boolean, parameters jsonb, metrics jsonb)
     on conflict do nothing`,
    [tx.organizationId, runId, JSON.stringify(elements)],
  );
}

function fileRow(file: FileAnalysis): Record<string, unknown> {
  return {
    path: file.path,
    language: file.language,
    family: file.family satisfies LanguageFamily | null,
    size_bytes: file.sizeBytes,
    parse_status: file.parseStatus,
    reason: file.reason,
    metrics: file.metrics ?? {},
    issues_total: file.issues.length,
    debt_minutes: file.issues.reduce((sum, issue) => sum + issue.remediationMinutes, 0),
  };
}

function elementRow(element: FileAnalysis['elements'][number]): Record<string, unknown> {
  return {
    kind: element.kind,
    name: element.name,
    qualified_name: element.qualifiedName,
    element_path: element.path,
    start_line: element.startLine,
    end_line: element.endLine,
    is_exported: element.exported,
    is_async: element.async,
    parameters: isCallable(element.kind) ? element.parameters : [],
    metrics: element.metrics,
  };
}

/** Brings the findings of a branch up to date: known ones keep their row, new ones get one, absent ones are resolved. */
export async function saveIssues(
  tx: ScopedTx,
  run: NewRun & { id: string },
  files: readonly FileAnalysis['issues'][number][],
  now: Date,
): Promise<void> {
  const branch = run.branch ?? '';
  await tx.sql(
    `insert into plinth.issues as i (organization_id, repository_id, branch, fingerprint, rule_id, severity, message, file_path,
       element_path, start_line, end_line, metric, value, threshold, remediation_minutes, first_run_id, last_run_id)
     select $1, $2, $3, x.fingerprint, x."ruleId", x.severity, x.message, x.path, x."elementPath", x."startLine", x."endLine",
       x.metric, x.value, x.threshold, x."remediationMinutes", $4, $4
     from jsonb_to_recordset($5::jsonb) as x(fingerprint text, "ruleId" text, severity text, message text, path text,
       "elementPath" text, "startLine" int, "endLine" int, metric text, value double precision,
       threshold double precision, "remediationMinutes" int)
     on conflict (organization_id, repository_id, branch, fingerprint) do update
     set severity = excluded.severity, message = excluded.message, start_line = excluded.start_line,
         end_line = excluded.end_line, value = excluded.value, threshold = excluded.threshold,
         remediation_minutes = excluded.remediation_minutes, last_run_id = excluded.last_run_id, status = 'open',
         resolved_at = null`,
    [tx.organizationId, run.repositoryId, branch, run.id, JSON.stringify(files)],
  );
  await tx.sql(
    `update plinth.issues
     set status = 'resolved', resolved_at = $5
     where organization_id = $1 and repository_id = $2 and branch = $3 and last_run_id <> $4 and status = 'open'`,
    [tx.organizationId, run.repositoryId, branch, run.id, now],
  );
}

export async function finishRun(
  tx: ScopedTx,
  runId: string,
  repositoryId: string,
  summary: AnalysisSummary,
  now: Date,
): Promise<void> {
  const { counts, totals, quality } = summary;
  await tx.sql(
    `update plinth.analysis_runs
     set status = 'completed', completed_at = $3, files_total = $4, files_analyzed = $5, files_failed = $6,
         functions_total = $7, issues_total = $8, lines_code = $9, totals = $10, tool_versions = $11, quality_score = $12,
         rating = $13, debt_minutes = $14
     where organization_id = $1 and id = $2`,
    [
      tx.organizationId,
      runId,
      now,
      counts.files,
      counts.byStatus.ok + counts.byStatus.partial,
      counts.byStatus.failed,
      counts.functions,
      counts.issues,
      totals.linesCode,
      JSON.stringify({ ...totals, counts, languages: summary.languages, quality }),
      JSON.stringify(summary.toolVersions),
      quality.score,
      quality.rating,
      quality.debtMinutes,
    ],
  );
  await tx.sql('select plinth.mark_repository_analyzed($1, $2, $3)', [tx.organizationId, repositoryId, now]);
}

export async function failRun(
  tx: ScopedTx,
  runId: string,
  error: { code: string; message: string },
  now: Date,
): Promise<void> {
  await tx.sql(
    `update plinth.analysis_runs set status = 'failed', completed_at = $3, error = $4
     where organization_id = $1 and id = $2 and status = 'running'`,
    [tx.organizationId, runId, now, JSON.stringify(error)],
  );
}
