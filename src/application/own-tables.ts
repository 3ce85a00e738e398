import type { FieldError } from '../platform/core/errors.ts';
import type { TableDeclaration } from '../platform/module.ts';
import type { Platform } from '../platform/platform.ts';
import { applicationErrors } from './errors.ts';

interface Found {
  readonly name: string;
  /** Forced row level security is what `register_table` leaves. */
  readonly registered: boolean;
  readonly verbs: readonly string[];
}

/**
 * Compares the tables that own modules declare with the database: a declaration that says more than the migrations do
 * would look right and do nothing. Throws `module_tables` with every difference.
 */
export async function checkOwnTables(platform: Platform, own: readonly string[]): Promise<void> {
  const declared = platform.modules
    .filter(({ name }) => own.includes(name))
    .flatMap(({ name, tables = {} }) =>
      Object.entries(tables).map(([table, rules]) => ({ module: name, table, rules })),
    );
  if (declared.length === 0) return;
  const rows = await platform.door.readOne<Found>(
    { as: 'app' },
    `select c.relname as name, c.relforcerowsecurity as registered, array_remove(array[
         case when has_any_column_privilege(c.oid, 'select') then 'select' end,
         case when has_any_column_privilege(c.oid, 'insert') then 'insert' end,
         case when has_any_column_privilege(c.oid, 'update') then 'update' end,
         case when has_table_privilege(c.oid, 'delete') then 'delete' end], null) as verbs
       from pg_class c
       join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'plinth' and c.relkind in ('r', 'p') and c.relname = any ($1)`,
    [declared.map(({ table }) => table)],
  );
  const found = new Map(rows.map((row) => [row.name, row]));
  const problems = declared.flatMap(({ module, table, rules }): FieldError[] => {
    const message = differenceOf(rules, found.get(table));
    return message === undefined ? [] : [{ path: `/modules/${module}/tables/${table}`, message }];
  });
  if (problems.length === 0) return;
  throw applicationErrors.module_tables({
    detail: problems.map(({ path, message }) => `${path} ${message}`).join('; '),
    errors: problems,
  });
}

function differenceOf(rules: TableDeclaration, found: Found | undefined): string | undefined {
  if (!found) return 'no migration makes this table in the schema plinth';
  if (!found.registered) return 'the table is not registered: end its migration with select plinth.register_table(…)';
  const declared = [...rules.requestVerbs].sort().join(', ');
  const granted = [...found.verbs].sort().join(', ');
  if (declared === granted) return undefined;
  return `requestVerbs says ${declared || 'nothing'}, register_table granted ${granted || 'nothing'}`;
}
