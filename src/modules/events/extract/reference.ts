import { columnTypes } from './coerce.ts';
import { commonColumns, githubKinds } from './github.ts';
import { type GithubColumn, githubColumns, type KindRule } from './github-columns.ts';
import { type SourceRule, sourcesOf } from './source.ts';

function words(rule: SourceRule): string {
  return sourcesOf(rule)
    .map((source) => source.text)
    .join(', else ');
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function columnRows(): readonly string[] {
  return Object.entries(githubColumns).map(([name, { type, meaning }]) => {
    const { sql, rule } = columnTypes[type];
    return row(`\`${name}\``, sql, rule === '' ? meaning : `${meaning}; ${rule}`);
  });
}

function kindSection(kind: string, rule: KindRule): readonly string[] {
  const rows: string[] = [];
  if (rule.title !== undefined) rows.push(row('*title*', words(rule.title)));
  if (rule.url !== undefined) rows.push(row('*url*', words(rule.url)));
  if (rule.occurred_at !== undefined) rows.push(row('*occurred_at*', words(rule.occurred_at)));
  for (const [column, source] of Object.entries(rule.columns) as [GithubColumn, SourceRule][]) {
    rows.push(row(`\`${column}\``, words(source)));
  }
  return [`### ${kind}`, '', `Category \`${rule.category}\`.`, '', '| Column | From |', '|---|---|', ...rows, ''];
}

/** `docs/reference/github-events.md`: which column is read from where, for every kind. */
export function githubReference(): string {
  const common = Object.entries(commonColumns).map(([column, source]) => row(`\`${column}\``, words(source)));
  const kinds = Object.keys(githubKinds).sort();
  return [
    '# GitHub events: what is extracted',
    '',
    'Generated from the tables in `src/modules/events/extract/`; do not edit. Rewrite it with',
    '`UPDATE_GOLDEN=1 npx vitest run src/modules/events/extract`.',
    '',
    'The payload is stored whole. Beside it, these values become typed columns; a value that is missing, of another',
    'type or beyond its bounds is null. The type of an event is `<kind>.<action>`, or `<kind>` without an action.',
    'A kind that is not listed is stored with the common columns and category `other`.',
    '',
    '## Columns of `github_events`',
    '',
    '| Column | Type | Meaning |',
    '|---|---|---|',
    ...columnRows(),
    '',
    'In `events`: `branch` and `commit_sha` are `branch` and `head_sha` of this table, `actor_login` is `sender_login`.',
    '',
    '## From every kind',
    '',
    '| Column | From |',
    '|---|---|',
    ...common,
    row('*repository_clone_url*', '`repository.clone_url`'),
    '',
    `## The ${kinds.length} kinds`,
    '',
    ...kinds.flatMap((kind) => kindSection(kind, githubKinds[kind]!)),
  ].join('\n');
}
