import type { MigrationStatement } from '../files.ts';
import type { Token } from '../tokens.ts';
import {
  addedColumn,
  closing,
  findWords,
  isTableConstraint,
  isWord,
  type LintFile,
  nameAt,
  type Problem,
  parseAlterTable,
  parseColumn,
  parseCreateIndex,
  parseCreateTable,
  type Rule,
  splitCommas,
} from './model.ts';

/** Elements of `create table` and `alter table … add`, with the table they belong to. */
function* elements(
  file: LintFile,
): Iterable<{ statement: MigrationStatement; table: string; element: readonly Token[] }> {
  for (const statement of file.script.statements) {
    const created = parseCreateTable(statement);
    for (const element of created?.elements ?? []) yield { statement, table: created!.name, element };
    const altered = parseAlterTable(statement);
    for (const action of altered?.actions ?? []) {
      const element = addedColumn(action) ?? (isWord(action[0], 'add') ? action.slice(1) : undefined);
      if (element) yield { statement, table: altered!.table, element };
    }
  }
}

const quotedText = (token: Token | undefined) =>
  token?.kind === 'string' ? token.text.replace(/^'|'$/g, '') : undefined;

const registerTable: Rule = {
  name: 'register-table',
  files: 'up',
  safeWay: "end the file with: select plinth.register_table('<table>', visibility => …, audit => …);",
  *check({ script }) {
    const registered = new Set<string | undefined>();
    for (const { tokens } of script.statements) {
      const call = findWords(tokens, 'register_table (');
      if (call >= 0) registered.add(quotedText(tokens.slice(call).find(({ kind }) => kind === 'string')));
    }
    for (const statement of script.statements) {
      const table = parseCreateTable(statement)?.name;
      if (table !== undefined && !registered.has(table)) {
        yield {
          statement,
          message: `table ${table} is created and not registered: it would have no policies, grants or audit`,
        };
      }
    }
  },
};

/** Words that open a constraint which gets a name of the server's choice unless `constraint x` stands before them. */
const constraintWords = ['primary', 'unique', 'check', 'references', 'foreign', 'exclude'];

const namedConstraints: Rule = {
  name: 'named-constraints',
  files: 'up',
  safeWay: 'write: constraint <table>_<columns>_<kind> … (kind: pkey, key, fkey, check, excl)',
  *check(file) {
    for (const { statement, table, element } of elements(file)) {
      for (const i of outermost(element)) {
        if (!isWord(element[i], ...constraintWords)) continue;
        // "foreign key (…) references …" is one constraint; its name stands before "foreign"
        const inForeignKey = isWord(element[i], 'references') && findWords(element, 'foreign key') >= 0;
        const named = isWord(element[i - 2], 'constraint') || inForeignKey;
        if (!named) {
          yield {
            statement,
            offset: element[i]!.start,
            message: `a constraint (${element[i]!.text}) of ${table} has no name, and the server's choice may differ between versions`,
          };
        }
      }
    }
  },
};

/** Indexes of tokens outside all parentheses. */
function outermost(tokens: readonly Token[]): number[] {
  const indexes: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.text === '(' && tokens[i]!.kind === 'punctuation') i = closing(tokens, i);
    else indexes.push(i);
  }
  return indexes;
}

const noSequences: Rule = {
  name: 'no-sequences',
  files: 'up',
  safeWay: 'use a uuid column and plinth.uuidv7(at)',
  *check(file) {
    for (const { statement, table, element } of elements(file)) {
      const column = isTableConstraint(element) ? undefined : parseColumn(element);
      const serial = column && /^(small|big)?serial[248]?$/.test(column.type);
      if (serial || findWords(element, 'as identity') > 0 || findWords(element, 'nextval (') > 0) {
        yield {
          statement,
          offset: element[0]!.start,
          message: `${table}.${column?.name} draws from a sequence, which each node of Citus has for itself`,
        };
      }
    }
    for (const statement of file.script.statements) {
      if (isWord(statement.tokens[0], 'create') && isWord(statement.tokens[1], 'sequence')) {
        yield { statement, message: 'a sequence is per node on Citus' };
      }
    }
  },
};

/** Column names in the first parentheses after index `from`. */
function columnsAfter(tokens: readonly Token[], from: number): string[] {
  const open = tokens.findIndex((token, i) => i >= from && token.text === '(');
  if (open < 0) return [];
  return splitCommas(tokens.slice(open + 1, closing(tokens, open))).map((part) => part[0]!.text);
}

const tenantKeys: Rule = {
  name: 'tenant-keys',
  files: 'up',
  safeWay: 'foreign key (organization_id, <x>_id) references plinth.<table> (organization_id, id)',
  *check(file) {
    const hasTenant = (table: string) =>
      file.tables.shapes.get(table)?.columns.some(({ name }) => name === 'organization_id');
    for (const { statement, table, element } of elements(file)) {
      const references = findWords(element, 'references');
      if (references < 0) continue;
      const target = nameAt(element, references + 1).name;
      if (!hasTenant(table) || !hasTenant(target)) continue;
      const foreign = findWords(element, 'foreign key');
      const columns = foreign < 0 ? [element[0]!.text] : columnsAfter(element, foreign);
      if (columns[0] !== 'organization_id') {
        yield {
          statement,
          offset: element[0]!.start,
          message: `the key of ${table} to ${target} does not begin with organization_id: it could point at another tenant's row, since key checks ignore row security`,
        };
      }
    }
  },
};

/** Types whose btree comparisons are all leakproof on PostgreSQL 15 to 18 (a test compares this list with pg_amop). */
export const leakproofTypes: ReadonlySet<string> = new Set([
  'uuid',
  'text',
  'varchar',
  'character varying',
  'char',
  'character',
  'bpchar',
  'name',
  'smallint',
  'int2',
  'integer',
  'int',
  'int4',
  'bigint',
  'int8',
  'oid',
  'xid8',
  'real',
  'float4',
  'double precision',
  'float8',
  'boolean',
  'bool',
  'bytea',
  'date',
  'timestamptz',
  'timestamp with time zone',
  'timestamp',
  'timestamp without time zone',
  'time',
  'timetz',
  'interval',
  'inet',
  'pg_lsn',
]);

const leakproofIndexes: Rule = {
  name: 'leakproof-indexes',
  files: 'up',
  safeWay:
    'make states text with a named check, and search through a definer function that takes the organization; when only such a function uses the index, say so: -- plinth: allow leakproof-indexes because …',
  *check(file) {
    for (const statement of file.script.statements) {
      const index = parseCreateIndex(statement);
      if (!index) continue;
      const columns = file.tables.shapes.get(index.table)?.columns;
      for (const key of index.keys) {
        const column = columns?.find(({ name }) => name === key[0]?.text);
        const bad = index.method !== 'btree' ? index.method !== 'hash' : column && !leakproofTypes.has(column.type);
        if (bad) {
          const what = index.method === 'btree' ? `${column!.name} is ${column!.type}` : `a ${index.method} index`;
          yield {
            statement,
            offset: key[0]!.start,
            message: `${what}, whose operators are not leakproof: under row security the index stops at the tenant (8.8 ms against 0.06)`,
          };
        }
      }
    }
  },
};

const noExpressionIndexes: Rule = {
  name: 'no-expression-indexes',
  files: 'up',
  safeWay: 'add a stored column: x_lower text generated always as (lower(x)) stored, and index that',
  *check(file) {
    for (const statement of file.script.statements) {
      for (const key of parseCreateIndex(statement)?.keys ?? []) {
        if (key[0]?.text === '(' || key[1]?.text === '(') {
          yield {
            statement,
            offset: key[0]!.start,
            message:
              'an index on an expression: a function over a column is not leakproof, so row security keeps it from being used',
          };
        }
      }
    }
  },
};

function simple(rule: Omit<Rule, 'check'> & { words: readonly string[]; message: string }): Rule {
  return {
    name: rule.name,
    files: rule.files,
    safeWay: rule.safeWay,
    *check({ script }): Iterable<Problem> {
      for (const statement of script.statements) {
        for (const words of rule.words) {
          const at = findWords(statement.tokens, words);
          if (at >= 0) yield { statement, offset: statement.tokens[at]!.start, message: rule.message };
        }
      }
    },
  };
}

const noUpdateCascade = simple({
  name: 'no-update-cascade',
  files: 'up',
  words: ['on update cascade', 'on update set'],
  message: 'keys do not change here, and Citus refuses it',
  safeWay: 'leave "on update" out',
});

const noDeleteSetNull = simple({
  name: 'no-delete-set-null',
  files: 'up',
  words: ['on delete set null', 'on delete set default'],
  message: 'it would null organization_id too, and Citus refuses the form with columns',
  safeWay: 'no action, and a "before delete" trigger on the parent that nulls the children',
});

const oneConstraintPerAlter: Rule = {
  name: 'one-constraint-per-alter',
  files: 'up',
  safeWay: 'one "alter table … add constraint …" for each; to rename, drop and add',
  *check({ script }) {
    for (const statement of script.statements) {
      const actions = parseAlterTable(statement)?.actions ?? [];
      if (actions.length > 1 && actions.some((action) => findWords(action, 'add constraint') === 0)) {
        yield { statement, message: 'Citus refuses "add constraint" together with other subcommands' };
      }
      if (actions.some((action) => findWords(action, 'rename constraint') === 0)) {
        yield { statement, message: 'Citus refuses "rename constraint"' };
      }
    }
  },
};

export const tableRules: readonly Rule[] = [
  registerTable,
  namedConstraints,
  noSequences,
  tenantKeys,
  leakproofIndexes,
  noExpressionIndexes,
  noUpdateCascade,
  noDeleteSetNull,
  oneConstraintPerAlter,
];
