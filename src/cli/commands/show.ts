import {
  type CommandBody,
  type CommandContext,
  exitCodes,
  type OptionValues,
  printResult,
  table,
  UsageError,
} from '../command.ts';
import { findOrganization } from '../organization.ts';

const options = { organization: { type: 'string' }, limit: { type: 'string' } } as const;
const limit_default = 20;
const limit_max = 1000;

interface List {
  readonly name: string;
  readonly headings: readonly string[];
  /** $1 is the organization, $2 the number of rows; one column a heading. */
  readonly sql: string;
}

export const eventsList = listCommand({
  name: 'events list',
  headings: ['received', 'type', 'title', 'repository', 'status', 'tasks', 'id'],
  sql: `select e.received_at, e.type, e.title, e.repository_full_name, e.status,
            (select count(*) from plinth.event_processing_logs l
             where l.organization_id = e.organization_id and l.event_id = e.id) as tasks, e.id
          from plinth.events e
          where e.organization_id = $1
          order by e.received_at desc, e.id desc
          limit $2`,
});

export const tasksList = listCommand({
  name: 'tasks list',
  headings: ['created', 'type', 'status', 'outcome', 'attempts', 'seconds', 'id'],
  sql: `select created_at, task_type, status, coalesce(results ->> 'outcome', error ->> 'code') as outcome, attempts,
            round(execution_time_seconds, 2) as seconds, id
          from plinth.tasks
          where organization_id = $1 and deleted_at is null
          order by id desc
          limit $2`,
});

export const auditList = listCommand({
  name: 'audit list',
  headings: ['at', 'actor', 'action', 'what', 'row', 'columns'],
  sql: `select occurred_at, coalesce((select m.display_name from plinth.organization_memberships m
              where m.organization_id = a.organization_id and m.user_id = a.actor_user_id), a.actor) || case when a.api_key_id is null then '' else ' (key)' end as who,
            action, resource_type, resource_id,
            (select string_agg(key, ', ' order by key) from jsonb_object_keys(coalesce(a.new_values, a.old_values, a.details)) key) as columns
          from plinth.audit_logs a
          where organization_id = $1
          order by occurred_at desc, id desc
          limit $2`,
});

/** A list of an organization's rows, read as the reporting role. */
function listCommand({ name, headings, sql }: List): CommandBody {
  return {
    usage: [`${name} [--organization SLUG] [--limit N]`],
    options,
    database: 'shared',
    async run(context, { values }) {
      const rows = await readRows(context, values, sql);
      printResult(
        context,
        rows.map((row) => Object.fromEntries(headings.map((heading, at) => [heading, row[at] ?? null]))),
        () => [
          ...table(
            headings,
            rows.map((row) => row.map(cell)),
          ),
          `(${rows.length} rows)`,
        ],
      );
      return exitCodes.fine;
    },
  };
}

const runColumns = `r.full_name, a.branch, a.commit_sha, a.status, a.files_total, a.functions_total, a.issues_total, a.lines_code,
  a.quality_score, a.rating, a.debt_minutes, a.completed_at, a.id`;

export const analysisShow: CommandBody = {
  usage: ['analysis show [RUN] [--organization SLUG] [--limit N]'],
  options,
  database: 'shared',
  needs: ['analysis'],
  async run(context, { values, positionals }) {
    const [runId] = positionals;
    const [run] = await readRows(
      context,
      values,
      `select ${runColumns}
       from plinth.analysis_runs a
       join plinth.repositories r on r.organization_id = a.organization_id and r.id = a.repository_id
       where a.organization_id = $1 and ($3::uuid is null or a.id = $3)
       order by a.id desc
       limit least($2, 1)`,
      [runId ?? null],
    );
    if (!run) throw new UsageError(runId ? `there is no run ${runId}` : 'nothing was analysed yet');
    const [repository, branch, commit, status, files, functions, issues, lines, score, rating, debt, , id] =
      run.map(cell);
    const worst = await readRows(
      context,
      values,
      `select file_path, debt_minutes, issues_total, lines_code, cognitive from plinth.file_analysis
       where organization_id = $1 and run_id = $3 order by debt_minutes desc, file_path limit $2`,
      [id],
    );
    const complex = await readRows(
      context,
      values,
      `select f.file_path || ':' || e.start_line as place, e.element_path, e.cognitive, e.cyclomatic, e.lines_code
       from plinth.code_elements e
       join plinth.file_analysis f on f.organization_id = e.organization_id and f.id = e.file_id
       where e.organization_id = $1 and e.run_id = $3 and e.cognitive is not null
       order by e.cognitive desc, e.cyclomatic desc limit $2`,
      [id],
    );
    printResult(
      context,
      { run_id: id, repository, branch, commit, status, files, functions, issues, score, rating, worst, complex },
      () => [
        `${repository}  ${branch} at ${commit?.slice(0, 12)}  ${status}  (${id})`,
        `score ${score} (${rating})   ${files} files, ${functions} functions, ${lines} lines of code, ${issues} issues, ${debt} minutes of debt`,
        '',
        ...table(
          ['worst files', 'debt', 'issues', 'code', 'cognitive'],
          worst.map((row) => row.map(cell)),
        ),
        '',
        ...table(
          ['most complex functions', 'name', 'cognitive', 'cyclomatic', 'code'],
          complex.map((row) => row.map(cell)),
        ),
      ],
    );
    return exitCodes.fine;
  },
};

async function readRows(
  context: CommandContext,
  values: OptionValues,
  sql: string,
  more: readonly unknown[] = [],
): Promise<unknown[][]> {
  const limit = Number(values['limit'] ?? limit_default);
  if (!Number.isInteger(limit) || limit < 1 || limit > limit_max)
    throw new UsageError(`--limit is a whole number from 1 to ${limit_max}`);
  const plinth = await context.plinth();
  const organization = await findOrganization(plinth, values['organization']);
  return plinth.platform.door.read({ as: 'readonly', organizationId: organization.id }, async (tx) => {
    const rows = await tx.sql(sql, [organization.id, limit, ...more]);
    return rows.map((row) => Object.values(row));
  });
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text =
    value instanceof Date
      ? value.toISOString().slice(0, 19)
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  const line = text.replace(/\s+/g, ' ');
  return line.length > 48 && !/^[0-9a-f-]{36}$/.test(line) ? `${line.slice(0, 47)}…` : line;
}
