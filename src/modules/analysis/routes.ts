import { Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Nullable, PageOf, pageFields, Timestamp } from '../../platform/http/schemas.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { qualityScoreFormula } from './quality-score.ts';

const tag = 'analysis';
const permission = 'analysis:read';
const worst_rows = 10;

const runColumns = `id, repository_id, branch, commit_sha, status, files_total, files_analyzed, files_failed, functions_total,
  issues_total, lines_code::float8 as lines_code, quality_score::float8 as quality_score, rating, debt_minutes, task_id,
  event_id, error, started_at, completed_at, created_at`;

const Run = Type.Object({
  id: Id,
  repository_id: Id,
  branch: Nullable(Type.String()),
  commit_sha: Nullable(Type.String()),
  status: Type.String(),
  files_total: Type.Integer(),
  files_analyzed: Type.Integer(),
  files_failed: Type.Integer(),
  functions_total: Type.Integer(),
  issues_total: Type.Integer(),
  lines_code: Type.Number(),
  quality_score: Nullable(Type.Number({ minimum: 0, maximum: 100 })),
  rating: Nullable(Type.String()),
  debt_minutes: Nullable(Type.Integer()),
  task_id: Nullable(Id),
  event_id: Nullable(Id),
  error: Type.Unknown(),
  started_at: Nullable(Timestamp),
  completed_at: Nullable(Timestamp),
  created_at: Timestamp,
});

/** /v1/analysis-runs and /v1/issues: what was found, worst first. */
export function analysisRoutes(routes: RouteRegistrar): void {
  routes.add({
    method: 'GET',
    url: '/v1/analysis-runs',
    summary: 'Analysis runs, newest first',
    tag,
    permission,
    query: Type.Object(
      { ...pageFields, repository_id: Type.Optional(Id), commit_sha: Type.Optional(Type.String({ maxLength: 64 })) },
      { additionalProperties: false },
    ),
    response: PageOf(Run),
    mode: 'read',
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      const rows = await tx.sql<{ id: string }>(
        `select ${runColumns}
         from plinth.analysis_runs
         where organization_id = $1
           and ($2::uuid is null or id < $2)
           and ($3::uuid is null or repository_id = $3)
           and ($4::text is null or commit_sha = $4)
         order by id desc
         limit $5`,
        [
          tx.organizationId,
          decodeCursor(query.cursor) ?? null,
          query.repository_id ?? null,
          query.commit_sha ?? null,
          limit + 1,
        ],
      );
      return toPage(rows, limit);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/analysis-runs/:id',
    summary: 'A run with its totals, worst files and most complex functions',
    tag,
    permission,
    params: IdParams,
    mode: 'read',
    run: (tx, { params }) => readRun(tx, params.id),
  });

  routes.add({
    method: 'GET',
    url: '/v1/issues',
    summary: 'Issues of repositories, newest first',
    tag,
    permission,
    query: Type.Object(
      {
        ...pageFields,
        repository_id: Type.Optional(Id),
        status: Type.Optional(Type.Enum(['open', 'resolved'])),
        severity: Type.Optional(Type.Enum(['info', 'minor', 'major', 'critical', 'blocker'])),
        file_path: Type.Optional(Type.String({ maxLength: 4096 })),
      },
      { additionalProperties: false },
    ),
    mode: 'read',
    async run(tx, { query }) {
      const limit = query.limit ?? limits.page_rows_default;
      const rows = await tx.sql<{ id: string }>(
        `select id, repository_id, branch, fingerprint, rule_id, severity, status, message, file_path, element_path, start_line,
                end_line, metric, value, threshold, remediation_minutes, first_run_id, last_run_id, resolved_at, created_at
         from plinth.issues
         where organization_id = $1
           and ($2::uuid is null or id < $2)
           and ($3::uuid is null or repository_id = $3)
           and ($4::text is null or status = $4)
           and ($5::text is null or severity = $5)
           and ($6::text is null or file_path = $6)
         order by id desc
         limit $7`,
        [
          tx.organizationId,
          decodeCursor(query.cursor) ?? null,
          query.repository_id ?? null,
          query.status ?? null,
          query.severity ?? null,
          query.file_path ?? null,
          limit + 1,
        ],
      );
      return toPage(rows, limit);
    },
  });
}

async function readRun(tx: ScopedTx, id: string): Promise<unknown> {
  const [run] = await tx.sql(
    `select ${runColumns}, totals, definitions, tool_versions from plinth.analysis_runs where organization_id = $1 and id = $2`,
    [tx.organizationId, id],
  );
  if (!run) throw errors.not_found({ detail: 'no such analysis run' });
  const files = await tx.sql(
    `select id, file_path, language, lines_code, cyclomatic, cognitive, maintainability_index, issues_total, debt_minutes
     from plinth.file_analysis
     where organization_id = $1 and run_id = $2
     order by debt_minutes desc, file_path
     limit $3`,
    [tx.organizationId, id, worst_rows],
  );
  const functions = await tx.sql(
    `select e.id, f.id as file_id, f.file_path, e.element_path, e.kind, e.start_line, e.lines_code, e.cyclomatic, e.cognitive, e.nesting_max
     from plinth.code_elements e
     join plinth.file_analysis f on f.organization_id = e.organization_id and f.id = e.file_id
     where e.organization_id = $1 and e.run_id = $2 and e.cognitive is not null
     order by e.cognitive desc, e.cyclomatic desc
     limit $3`,
    [tx.organizationId, id, worst_rows],
  );
  return {
    ...run,
    quality_score_formula: qualityScoreFormula,
    worst_files: files,
    most_complex_functions: functions,
  };
}
