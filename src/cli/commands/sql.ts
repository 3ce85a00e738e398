import { type Command, exitCodes, printResult, table, UsageError } from '../command.ts';
import { findOrganization } from '../organization.ts';

const statement_timeout_ms = 60_000;
const cell_chars_max = 60;

export const sql: Command = {
  name: 'sql',
  summary: 'Run one reading statement inside one organization, as the reporting role',
  usage: ['sql "SELECT …" [--organization SLUG] [--user ID]'],
  options: { organization: { type: 'string' }, user: { type: 'string' } },
  database: 'shared',
  async run(context, { values, positionals }) {
    const [text] = positionals;
    if (!text) throw new UsageError('sql wants a statement');
    const plinth = await context.plinth();
    const organization = await findOrganization(plinth, values['organization']);
    const userId = values['user'];
    const rows = await plinth.platform.door.read(
      { as: 'readonly', organizationId: organization.id, ...(typeof userId === 'string' ? { userId } : {}) },
      async (tx) => {
        await tx.sql('set local search_path = plinth, pg_catalog');
        return tx.sql(text);
      },
      { statementTimeoutMs: statement_timeout_ms },
    );
    printResult(context, rows, () => {
      const headings = Object.keys(rows[0] ?? {});
      return [
        ...(headings.length > 0
          ? table(
              headings,
              rows.map((row) => headings.map((heading) => cell(row[heading]))),
            )
          : []),
        `(${rows.length} rows)`,
      ];
    });
    return exitCodes.fine;
  },
};

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text =
    value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const line = text.replace(/\s+/g, ' ');
  return line.length > cell_chars_max ? `${line.slice(0, cell_chars_max - 1)}…` : line;
}
