import { describe, expect, it } from 'vitest';
import { modules } from '../../src/modules.ts';
import { describeEngines } from '../support/engines.ts';
import { accessRules } from './catalogue/access-rules.ts';
import { clusterRules } from './catalogue/cluster-rules.ts';
import { functionRules } from './catalogue/function-rules.ts';
import { columnsWithoutComment, reviewedRules } from './catalogue/reviewed-rules.ts';
import { asOwner, findingsOf, type Rule } from './catalogue/rule.ts';
import { shapeRules } from './catalogue/shape-rules.ts';
import { reviewedLines, updatesGolden, writeGolden } from './golden-files.ts';

/** Modules that have migrations and do not say yet which tables they make. */
const stubs = modules.filter((module) => module.migrations && module.tables === undefined).map(({ name }) => name);
const rules: readonly Rule[] = [...accessRules, ...clusterRules, ...functionRules, ...shapeRules];

/** The same text makes other policies and grants there (docs/reference/citus.md), and it refuses the breaches' DDL. */
const notOnCitus = { except: ['citus'] } as const;

describeEngines(
  'the schema',
  (on) => {
    it.each(rules)('$name', async (rule) => {
      expect(await asOwner(on.pool, (client) => findingsOf(client, rule))).toEqual([]);
    });

    it.each([...rules, ...reviewedRules])('a breach is found: $name', async (rule) => {
      const found = await asOwner(on.pool, async (client) => {
        await client.query(rule.fault);
        return findingsOf(client, rule);
      });
      expect(found.filter((finding) => finding.startsWith(rule.expects))).not.toEqual([]);
    });

    it.each(reviewedRules)('reviewed: $name', async (rule) => {
      const found = await asOwner(on.pool, (client) => findingsOf(client, rule));
      const reasons = reviewedLines(rule.golden);
      if (updatesGolden) writeGolden(rule.golden, found.map((one) => `${one}: ${reasons.get(one) ?? ''}\n`).join(''));
      expect(found.filter((one) => !reasons.get(one))).toEqual([]);
      if (stubs.length === 0) expect([...reasons.keys()].filter((one) => !found.includes(one))).toEqual([]);
    });

    it('columns without a comment are the ones that need none', async () => {
      const found = await asOwner(on.pool, (client) => findingsOf(client, { findings: columnsWithoutComment }));
      if (updatesGolden) writeGolden('columns-without-comment.txt', found.map((line) => `${line}\n`).join(''));
      const reviewed = reviewedLines('columns-without-comment.txt');
      const columns = (list: Iterable<readonly [string, string]>) =>
        [...list].flatMap(([table, names]) => names.split(' ').map((name) => `${table}.${name}`));
      const seen = columns(found.map((line) => line.split(': ') as [string, string]));
      const known = columns(reviewed);
      expect(seen.filter((one) => !known.includes(one))).toEqual([]);
    });
  },
  notOnCitus,
);

interface RegisteredTable {
  readonly table_name: string;
  readonly visibility: string;
  readonly audit: string;
  readonly request_verbs: string[];
  readonly personal_columns: string[];
  readonly secret_columns: string[];
  readonly unaudited_columns: string[];
  readonly partition_by: string | null;
  readonly retention: string | null;
}

interface RegisteredFunction {
  readonly signature: string;
  readonly security: string;
  readonly callers: string[];
  readonly exposed: boolean;
}

const sorted = (values: readonly string[] = []) => [...values].sort();

describe('the declarations of the modules', () => {
  it('no two modules declare the same table or function', () => {
    const tables = modules.flatMap((module) => Object.keys(module.tables ?? {}));
    const functions = modules.flatMap((module) => Object.keys(module.functions ?? {}));
    expect(tables).toEqual([...new Set(tables)]);
    expect(functions).toEqual([...new Set(functions)]);
  });
});

describeEngines('the declarations against the schema', (on) => {
  it(`equal the tables of their module${stubs.length > 0 ? ` (not declared yet: ${stubs.join(', ')})` : ''}`, async () => {
    const rows = await asOwner(on.pool, async (client) => {
      const result = await client.query<RegisteredTable>(
        `select table_name, visibility, audit, request_verbs, personal_columns, secret_columns,
                unaudited_columns, partition_by, retention::text as retention
         from plinth.registered_tables order by table_name`,
      );
      return result.rows;
    });
    const seen = Object.fromEntries(rows.map(({ table_name, ...rest }) => [table_name, comparableRow(rest)]));
    const declared = Object.fromEntries(
      modules.flatMap((module) =>
        Object.entries(module.tables ?? {}).map(([name, table]) => [
          name,
          comparableRow({
            visibility: table.visibility,
            audit: table.audit,
            request_verbs: [...table.requestVerbs],
            personal_columns: [...(table.personal ?? [])],
            secret_columns: [...(table.secret ?? [])],
            unaudited_columns: [...(table.unaudited ?? [])],
            partition_by: table.partitionBy ?? null,
            retention: table.retention ?? null,
          }),
        ]),
      ),
    );
    const known = Object.fromEntries(Object.keys(declared).map((name) => [name, seen[name] ?? 'not registered']));
    const asWritten = await normaliseRetention(on.pool, declared);
    expect(known).toEqual(asWritten);
    if (stubs.length === 0) expect(Object.keys(seen).filter((name) => !(name in declared))).toEqual([]);
  });

  it('equal the functions of their module', async () => {
    const rows = await asOwner(on.pool, async (client) => {
      const result = await client.query<RegisteredFunction>(
        'select signature, security, callers, exposed from plinth.registered_functions order by signature',
      );
      return result.rows;
    });
    const seen = new Map(rows.map((row) => [row.signature, { ...row, callers: sorted(row.callers) }]));
    const declared = modules.flatMap((module) =>
      Object.entries(module.functions ?? {}).map(([signature, one]) => ({
        signature,
        security: one.security,
        callers: sorted(one.callers),
        exposed: one.exposed ?? false,
      })),
    );
    expect(declared.map(({ signature }) => seen.get(signature) ?? signature)).toEqual(declared);
    const stubbed = modules.some((module) => module.migrations && module.functions === undefined);
    const names = new Set(declared.map(({ signature }) => signature));
    if (!stubbed) expect([...seen.keys()].filter((signature) => !names.has(signature))).toEqual([]);
  });
});

type Comparable = Omit<RegisteredTable, 'table_name'>;

function comparableRow(row: Comparable): Comparable {
  return {
    ...row,
    request_verbs: sorted(row.request_verbs),
    personal_columns: sorted(row.personal_columns),
    secret_columns: sorted(row.secret_columns),
    unaudited_columns: sorted(row.unaudited_columns),
  };
}

/** "13 months" is stored as an interval, whose text is "1 year 1 mon". */
async function normaliseRetention(
  pool: Parameters<typeof asOwner>[0],
  tables: Record<string, Comparable>,
): Promise<Record<string, Comparable>> {
  return await asOwner(pool, async (client) => {
    const entries: [string, Comparable][] = [];
    for (const [name, table] of Object.entries(tables)) {
      const { rows } = await client.query<{ text: string | null }>('select $1::interval::text as text', [
        table.retention,
      ]);
      entries.push([name, { ...table, retention: rows[0]!.text }]);
    }
    return Object.fromEntries(entries);
  });
}
