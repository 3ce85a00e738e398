import { defineErrors, PlinthError } from '../../platform/core/errors.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import type { Plinth } from '../../plinth.ts';
import { type CommandBody, exitCodes, printResult, table, UsageError } from '../command.ts';
import { findOrganization } from '../organization.ts';

const statement_timeout_ms = 60_000;
const cell_chars_max = 60;

const sqlErrors = defineErrors({
  statement_refused: {
    status: 422,
    title: 'The database refuses the statement',
    hint: 'Correct what "detail" names. The tables: select table_name from information_schema.tables',
  },
});
/** The connection, the server or its time, not the statement: these keep their own words. */
const statesOfTheServer = /^(?:08|28|3D|40|53|57|58|XX)/;

export const sql: CommandBody = {
  usage: ['sql "SELECT …" [--organization SLUG] [--user ID]'],
  options: { organization: { type: 'string' }, user: { type: 'string' } },
  database: 'shared',
  async run(context, { values, positionals }) {
    const [text] = positionals;
    if (!text) throw new UsageError('sql wants a statement');
    const plinth = await context.plinth();
    const organization = await findOrganization(plinth, values['organization']);
    const userId = values['user'];
    const scope: Scope = {
      as: 'readonly',
      organizationId: organization.id,
      ...(typeof userId === 'string' ? { userId } : {}),
    };
    const rows = await readAndRollBack(plinth, scope, text);
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

/**
 * Rolled back, never committed: a "set role …" or set_config(…, false) would stay on the connection, which beside a
 * running server is the one that serves its requests.
 */
async function readAndRollBack(plinth: Plinth, scope: Scope, text: string): Promise<Record<string, unknown>[]> {
  let rows: Record<string, unknown>[] | undefined;
  try {
    await plinth.platform.door.read(
      scope,
      async (tx) => {
        await tx.sql('set local search_path = plinth, pg_catalog');
        rows = await tx.sql(text);
        throw new Error('read, and rolled back');
      },
      { statementTimeoutMs: statement_timeout_ms, oneTransaction: true },
    );
  } catch (error) {
    if (rows === undefined) throw inItsOwnWords(error);
  }
  return rows ?? [];
}

/** Callers of the API are never told what the database said, but here they wrote the statement themselves. */
function inItsOwnWords(error: unknown): unknown {
  const cause = error instanceof PlinthError ? (error.cause as { code?: unknown; message?: string }) : undefined;
  const state = cause?.code;
  if (typeof state !== 'string' || !/^[0-9A-Z]{5}$/.test(state) || statesOfTheServer.test(state)) return error;
  return sqlErrors.statement_refused({ detail: `${cause?.message}. SQLSTATE ${state}`, cause });
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text =
    value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const line = text.replace(/\s+/g, ' ');
  return line.length > cell_chars_max ? `${line.slice(0, cell_chars_max - 1)}…` : line;
}
