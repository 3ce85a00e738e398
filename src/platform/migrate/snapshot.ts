import { createHash } from 'node:crypto';
import type pg from 'pg';
import { readCatalogue } from './catalogue.ts';
import { roleNames, SCHEMA } from './names.ts';
import { withMigrationClient } from './session.ts';

/** Hex characters of a body's SHA-256 in the snapshot: enough to see a change. */
const hash_chars = 16;

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hash_chars);
}

/**
 * The server writes views and atomic bodies from their trees, and versions differ in line breaks and in whether a
 * column is qualified. What is left when these are taken out is compared.
 */
function withoutLayout(definition: string): string {
  return definition.replace(/\b[a-z_][a-z0-9_$]*\.(?=[a-z_"])/g, '').replace(/\s+/g, '');
}

function normaliseLine(line: string, prefix: string): string {
  const text = line.replaceAll(/⟦(.*?)⟧/g, (_, role: string) => {
    const ours = roleNames.find((name) => role === `${prefix}_${name}`);
    return ours ? `plinth_${ours}` : role;
  });
  if (text.startsWith('body as ')) return `body (atomic) ${hash(withoutLayout(text.slice('body as '.length)))}`;
  if (text.startsWith('body ')) return `body ${hash(text.slice('body '.length).replaceAll('\r\n', '\n'))}`;
  if (text.startsWith('as ')) return `definition ${hash(withoutLayout(text.slice('as '.length)))}`;
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
}

/**
 * The whole schema as text that is equal for equal schemas: on PostgreSQL 15 to 18 and PGlite, with any role prefix,
 * with any months' partitions. Names without a schema are of schema plinth or pg_catalog. One object a paragraph.
 */
export async function renderSnapshot(pool: pg.Pool, options: { readonly prefix?: string } = {}): Promise<string> {
  const lines = await withMigrationClient(pool, readCatalogue);
  const objects = new Map<string, string[]>();
  for (const { object, line } of lines) {
    const text = normaliseLine(line, options.prefix ?? 'plinth');
    objects.set(object, [...(objects.get(object) ?? []), text]);
  }
  const paragraphs = [...objects].map(([object, texts]) => [object, ...texts.map((text) => `  ${text}`)].join('\n'));
  return `${[`-- the catalogue of schema ${SCHEMA}, normalised`, ...paragraphs].join('\n\n')}\n`;
}

function parse(snapshot: string): Map<string, string[]> {
  const objects = new Map<string, string[]>();
  for (const paragraph of snapshot.split('\n\n')) {
    const [object, ...lines] = paragraph.trimEnd().split('\n');
    if (object && !object.startsWith('--'))
      objects.set(
        object,
        lines.map((line) => line.trim()),
      );
  }
  return objects;
}

/** A column's line without its number, so that a column in the middle is one difference and not many. */
function comparable(line: string): string {
  return line.replace(/^column [0-9]+ /, 'column ');
}

/** Each difference as one line: "table projects: only in actual: column x text". Empty when both are the same. */
export function diffSnapshots(
  expected: string,
  actual: string,
  names: { readonly expected: string; readonly actual: string } = { expected: 'expected', actual: 'actual' },
): string[] {
  const [a, b] = [parse(expected), parse(actual)];
  const differences: string[] = [];
  for (const object of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const [linesA, linesB] = [a.get(object), b.get(object)];
    if (linesA === undefined || linesB === undefined) {
      differences.push(`${object}: only in ${linesA === undefined ? names.actual : names.expected}`);
      continue;
    }
    const [setA, setB] = [new Set(linesA.map(comparable)), new Set(linesB.map(comparable))];
    const before = differences.length;
    for (const line of setA) if (!setB.has(line)) differences.push(`${object}: only in ${names.expected}: ${line}`);
    for (const line of setB) if (!setA.has(line)) differences.push(`${object}: only in ${names.actual}: ${line}`);
    if (differences.length === before && linesA.join('\n') !== linesB.join('\n')) {
      differences.push(`${object}: the columns stand in another order`);
    }
  }
  return differences;
}

/**
 * What somebody changed by hand: the live schema against the snapshot of the migrations that are applied. The caller
 * makes `expected` from the same migrations (the committed snapshot when none is pending, else a replay into an empty
 * embedded database), so that pending files are not drift.
 */
export async function detectDrift(
  pool: pg.Pool,
  expected: string,
  options: { readonly prefix?: string } = {},
): Promise<string[]> {
  const actual = await renderSnapshot(pool, options);
  return diffSnapshots(expected, actual, { expected: 'the migrations', actual: 'the database' });
}
