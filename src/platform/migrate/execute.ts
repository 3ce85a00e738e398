import type pg from 'pg';
import type { PlinthError } from '../core/errors.ts';
import type { Expectation } from './directives.ts';
import { migrationErrors } from './errors.ts';
import type { MigrationScript, MigrationStatement } from './files.ts';
import { quoteName } from './names.ts';
import { offsetOfErrorPosition, positionAt } from './split.ts';

/** Characters of a statement quoted in a message. */
const statement_excerpt_chars = 160;

/** Lock not available, deadlock: nothing is wrong with the statement, another time it may pass. */
export function isLockFailure(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code === '55P03' || code === '40P01';
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= statement_excerpt_chars ? line : `${line.slice(0, statement_excerpt_chars)}…`;
}

/** Says where: file:line:column, which statement, PostgreSQL's code and words. Never the values of parameters. */
function describeFailure(script: MigrationScript, index: number, error: pg.DatabaseError): string {
  const statement = script.statements[index]!;
  const position = Number.parseInt(error.position ?? '', 10);
  const offset = Number.isNaN(position) ? statement.start : offsetOfErrorPosition(statement, position);
  const { line, column } = positionAt(script.sql, offset);
  const parts = [
    `${script.path}:${line}:${column}: ${error.code ?? 'connection lost'} ${error.message}`,
    error.detail && `detail: ${error.detail}`,
    error.hint && `hint: ${error.hint}`,
    error.where && `where: ${excerpt(error.where)}`,
    `in statement ${index + 1} of ${script.statements.length}: ${excerpt(statement.text)}`,
  ];
  return parts.filter(Boolean).join('\n  ');
}

function failure(script: MigrationScript, index: number, error: unknown): PlinthError {
  const detail = describeFailure(script, index, error as pg.DatabaseError);
  return script.transactional
    ? migrationErrors.migration_failed({ detail, cause: error })
    : migrationErrors.migration_interrupted({ detail, cause: error });
}

/** The table a plain update or delete writes; undefined for other statements. */
export function writtenTable(statement: MigrationStatement): { table: string; verb: 'w' | 'd' } | undefined {
  const tokens = statement.tokens;
  const isWord = (i: number, word: string) => tokens[i]?.kind === 'word' && tokens[i]?.text === word;
  let at = isWord(0, 'update') ? 1 : isWord(0, 'delete') && isWord(1, 'from') ? 2 : 0;
  if (at === 0) return undefined;
  const verb = at === 1 ? 'w' : 'd';
  if (isWord(at, 'only')) at++;
  const qualified = tokens[at + 1]?.text === '.';
  const name = tokens.slice(at, qualified ? at + 3 : at + 1);
  if (name.length === 0) return undefined;
  const parts = name.filter((token) => token.text !== '.').map((token) => quoteName(token.text));
  return { table: parts.join('.'), verb };
}

/**
 * Row security binds the owner too when it is forced, and hides rows without an error: an update says "UPDATE 0" and
 * all looks well. So before a table is written or counted, the catalogue must say that the current role has a policy
 * `using (true)` for reading it and for the verb, and that nothing restricts it.
 * Returns true when all rows are seen, false when not, undefined when there is no such table.
 */
async function seesEveryRow(client: pg.ClientBase, table: string, verb: 'r' | 'w' | 'd'): Promise<boolean | undefined> {
  const { rows } = await client.query<{ sees: boolean }>(
    `with target as (
       select oid from pg_class where oid = to_regclass($1) and relkind in ('r', 'p')
     ),
     policies as (
       select p.polcmd, p.polpermissive, coalesce(pg_get_expr(p.polqual, p.polrelid), 'true') = 'true' as open
       from pg_policy as p
       join target on target.oid = p.polrelid
       where exists (
         select from unnest(p.polroles) as r (role_id)
         where case when role_id = 0 then true else pg_has_role(current_user, role_id, 'usage') end
       )
     )
     select not row_security_active(target.oid) or (
       (select bool_and(exists (
          select from policies where polpermissive and open and polcmd in ('*', n.needed::"char")
        )) from unnest(array['r', $2]) as n (needed))
       and not exists (
         select from policies where not polpermissive and not open and polcmd in ('*', 'r', $2::"char")
       )
     ) as sees
     from target`,
    [table, verb],
  );
  return rows[0]?.sees;
}

async function requireEveryRow(client: pg.ClientBase, place: string, table: string, verb: 'r' | 'w' | 'd') {
  if ((await seesEveryRow(client, table, verb)) === false) {
    throw migrationErrors.migration_rows_unexpected({
      detail: `${place}: row security hides rows of ${table} from the migration's role: it has no policy "using (true)" there`,
      hint: 'Call plinth.register_table for the table first: it gives plinth_owner its policy.',
    });
  }
}

async function countRows(client: pg.ClientBase, place: string, table: string): Promise<number> {
  const known = await client.query<{ name: string | null }>('select to_regclass($1)::text as name', [table]);
  if (!known.rows[0]?.name) throw migrationErrors.migration_invalid({ detail: `${place}: there is no table ${table}` });
  await requireEveryRow(client, place, table, 'r');
  const name = table.split('.').map(quoteName).join('.');
  const { rows } = await client.query<{ count: string }>(`select count(*) from ${name}`);
  return Number(rows[0]?.count ?? 0);
}

function unmetExpectation(expectation: Expectation, touched: number, held: number): string | undefined {
  switch (expectation.kind) {
    case 'some':
      return touched > 0 ? undefined : 'at least one';
    case 'exactly':
      return touched === expectation.rows ? undefined : `${expectation.rows}`;
    case 'some of':
      return touched > 0 || held === 0 ? undefined : `at least one of the ${held} in ${expectation.table}`;
    case 'all of':
      return touched === held ? undefined : `all ${held} of ${expectation.table}`;
  }
}

async function runStatement(client: pg.ClientBase, script: MigrationScript, index: number): Promise<void> {
  const statement = script.statements[index]!;
  const place = `${script.path}:${statement.line}`;
  const { expectation } = statement;
  const written = writtenTable(statement);
  if (written) await requireEveryRow(client, place, written.table, written.verb);
  const table = expectation && 'table' in expectation ? expectation.table : undefined;
  const held = table === undefined ? 0 : await countRows(client, place, table);
  let touched: number | null;
  try {
    touched = (await client.query(statement.text)).rowCount;
  } catch (error) {
    if (isLockFailure(error)) throw error;
    throw failure(script, index, error);
  }
  const unmet = expectation && unmetExpectation(expectation, touched ?? 0, held);
  if (unmet !== undefined) {
    throw migrationErrors.migration_rows_unexpected({
      detail: `${place}: touched ${touched ?? 0} rows, expected ${unmet}: ${excerpt(statement.text)}`,
    });
  }
}

/**
 * Runs a script's statements one by one, so that an error has its line and each statement's row count can be checked.
 * Lock failures come through as they are, for the caller to try again.
 */
export async function runScript(
  client: pg.ClientBase,
  script: MigrationScript,
  before: (statement: MigrationStatement, index: number) => Promise<void> | void,
): Promise<void> {
  for (const [index, statement] of script.statements.entries()) {
    await before(statement, index);
    await runStatement(client, script, index);
  }
}
