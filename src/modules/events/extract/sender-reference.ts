import { columnTypes } from './coerce.ts';
import type { Columns, ExtractRule } from './extractor.ts';
import { type SourceRule, sourcesOf } from './source.ts';

function words(rule: SourceRule): string {
  return sourcesOf(rule)
    .map((source) => source.text)
    .join(', else ');
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function ruleRows(rule: ExtractRule<Columns>): string[] {
  const rows: string[] = [];
  if (rule.title !== undefined) rows.push(row('*title*', words(rule.title)));
  if (rule.url !== undefined) rows.push(row('*url*', words(rule.url)));
  if (rule.occurred_at !== undefined) rows.push(row('*occurred_at*', words(rule.occurred_at)));
  for (const [column, source] of Object.entries(rule.columns)) {
    if (source !== undefined) rows.push(row(`\`${column}\``, words(source)));
  }
  return rows;
}

export interface ReferenceOf {
  readonly name: string;
  readonly title: string;
  readonly columns: Columns;
  readonly common: ExtractRule<Columns>;
  readonly kinds: Readonly<Record<string, ExtractRule<Columns>>>;
}

/** What stands above the tables of each sender. */
const introductions: Readonly<Record<string, readonly string[]>> = {
  linear: ['The type of an event is `<type>.<action>` of its payload, such as `Issue.update`.'],
  slack: [
    'The type of an event is the inner `event.type` of the Events API, `slash_command`, or the `type` of an interaction.',
  ],
  deployment: [
    'A report is sent to an event source of the scheme `deployment`, signed as Standard Webhooks, or with a key as an',
    'event whose type is `deployment` or begins with `deployment.`. Its type is `deployment.<status>`. GitHub’s',
    '`deployment` and `deployment_status` have their row here too.',
    '',
    '```json',
    '{ "status": "succeeded", "environment": "production", "service": "api", "version": "1.4.2",',
    '  "commit": "b7a1c9d0e2f34a5b6c7d8e9f0a1b2c3d4e5f6a7b", "repository": { "full_name": "acme/shop" } }',
    '```',
  ],
};

/** `docs/reference/<sender>-events.md`: which column is read from where, for every kind. */
export function senderReference({ name, title, columns, common, kinds }: ReferenceOf): string {
  const columnRows = Object.entries(columns).map(([column, { type, meaning }]) => {
    const { sql, rule } = columnTypes[type];
    return row(`\`${column}\``, sql, rule === '' ? meaning : `${meaning}; ${rule}`);
  });
  const sections = Object.entries(kinds)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([kind, rule]) => {
      const rows = ruleRows(rule);
      const table = rows.length === 0 ? [] : ['| Column | From |', '|---|---|', ...rows, ''];
      return [`### ${kind}`, '', `Category \`${rule.category}\`.`, '', ...table];
    });
  return [
    `# ${title} events: what is extracted`,
    '',
    'Generated from the tables in `src/modules/events/extract/`; do not edit. Rewrite it with',
    '`UPDATE_GOLDEN=1 npx vitest run src/modules/events/extract`.',
    '',
    'The payload is stored whole. Beside it, these values become typed columns; a value that is missing, of another',
    'type or beyond its bounds is null. A kind that is not listed has the common columns.',
    ...(introductions[name] ?? []),
    '',
    `## Columns of \`${name}_events\``,
    '',
    '| Column | Type | Meaning |',
    '|---|---|---|',
    ...columnRows,
    '',
    '## From every kind, unless the kind says otherwise',
    '',
    '| Column | From |',
    '|---|---|',
    ...ruleRows(common),
    '',
    `## The ${Object.keys(kinds).length} kinds`,
    '',
    ...sections,
  ].join('\n');
}
