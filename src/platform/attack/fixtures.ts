import type pg from 'pg';
import { quoteName, quoteText } from '../migrate/names.ts';
import type { ForeignKey, Relation } from './catalogue.ts';
import type { Random } from './random.ts';
import { completeRow, type RowSql } from './rows.ts';

/** One of two people in one of two organizations. */
export interface Subject {
  readonly name: 'a1' | 'a2' | 'b1' | 'b2';
  readonly organizationId: string;
  readonly userId: string;
  /** In every text of this person's rows, and nowhere else in the database. */
  readonly marker: string;
}

export interface FixtureRow {
  readonly subject: Subject;
  /** Users the row is shared with beyond its own. */
  readonly sharedWith: readonly string[];
  /** SQL it was inserted with, by column. */
  readonly sql: RowSql;
  /** What is in the database, each value as text. */
  readonly values: Readonly<Record<string, string | null>>;
}

export interface World {
  readonly at: Date;
  readonly random: Random;
  readonly subjects: Readonly<Record<Subject['name'], Subject>>;
  readonly rows: ReadonlyMap<string, readonly FixtureRow[]>;
  /** Tables no row could be made for, and why. */
  readonly failures: ReadonlyMap<string, string>;
}

const subjectNames = ['a1', 'a2', 'b1', 'b2'] as const;

/** Two organizations of two people each: words and ids from the seed, nothing in the database yet. */
export function makeSubjects(random: Random, at: Date): World['subjects'] {
  const words = { a: random.word(8), b: random.word(8) };
  const organizations = { a: random.uuid(at), b: random.uuid(at) };
  const entries = subjectNames.map((name): [Subject['name'], Subject] => {
    const tenant = name[0] as 'a' | 'b';
    const subject = {
      name,
      organizationId: organizations[tenant],
      userId: random.uuid(at),
      marker: words[tenant] + name,
    };
    return [name, subject];
  });
  return Object.fromEntries(entries) as World['subjects'];
}

/**
 * Makes a row of every given table for each person, as whoever the session is (the owner), in the transaction that is
 * open. Tables come with their parents before them.
 */
export async function makeWorld(
  client: pg.ClientBase,
  tables: readonly Relation[],
  random: Random,
  at: Date,
): Promise<World> {
  const rows = new Map<string, FixtureRow[]>();
  const failures = new Map<string, string>();
  const world: World = { at, random, subjects: makeSubjects(random, at), rows, failures };
  for (const table of tables) {
    rows.set(table.name, []);
    for (const subject of Object.values(world.subjects)) {
      for (const sharedWith of sharings(table, subject, world)) {
        await client.query('savepoint fixture');
        try {
          const sql = await freshRow(client, world, table, subject, { sharedWith });
          rows.get(table.name)!.push({ subject, sharedWith, sql, values: await insertRow(client, table, sql) });
        } catch (error) {
          await client.query('rollback to savepoint fixture');
          const { code, message } = error as { code?: string; message: string };
          // A table with one row for each organization holds no second person's.
          const isSecond =
            code === '23505' && rows.get(table.name)!.some((row) => row.subject.name[0] === subject.name[0]);
          if (!isSecond) failures.set(table.name, message);
        }
        await client.query('release savepoint fixture');
      }
    }
  }
  return world;
}

/** Rows that can be shared come in three: with nobody, with the colleague, and with somebody of the other tenant. */
function sharings(table: Relation, subject: Subject, { subjects }: World): string[][] {
  if (!table.registration?.hasSharedWith) return [[]];
  const tenant = subject.name[0];
  const others = Object.values(subjects).filter((one) => one !== subject);
  const colleague = others.find((one) => one.name[0] === tenant)!;
  const stranger = others.find((one) => one.name[0] !== tenant)!;
  return [[], [colleague.userId], [stranger.userId]];
}

export interface FreshRowOptions {
  readonly sharedWith?: readonly string[];
  /** Values that are settled, as SQL. */
  readonly given?: RowSql;
  /** Points every second key at the colleague's row: a pair of keys that no fixture has. */
  readonly mixed?: boolean;
}

/** The SQL of a row that is not there yet, as this person would own it; its keys point at rows of the same person. */
export async function freshRow(
  client: pg.ClientBase,
  world: World,
  table: Relation,
  subject: Subject,
  options: FreshRowOptions = {},
): Promise<Map<string, string>> {
  const { random, at } = world;
  const registration = table.registration;
  const given = new Map(options.given);
  const typeOf = (name: string) => table.columns.find((column) => column.name === name)?.type ?? 'text';
  const settle = (name: string | null | undefined, value: string) => {
    if (name && !given.has(name)) given.set(name, `${quoteText(value)}::${typeOf(name)}`);
  };
  settle(registration?.tenantColumn ?? undefined, subject.organizationId);
  // A row of nobody in particular may still carry the column; whose row it is, is the point of the others.
  settle(registration?.userColumn ?? undefined, subject.userId);
  if (registration?.hasSharedWith) settle('shared_with', `{${(options.sharedWith ?? []).join(',')}}`);
  settle(registration?.partitionBy ?? undefined, at.toISOString());
  const colleague = Object.values(world.subjects).find(
    (one) => one !== subject && one.organizationId === subject.organizationId,
  )!;
  const settled = new Set(given.keys());
  const pointing = table.foreignKeys.filter((key) => key.columns.some((name) => !given.has(name)));
  for (const [index, key] of pointing.entries()) {
    settleKey(world, table, key, options.mixed && index % 2 === 1 ? colleague : subject, given);
  }
  const marker = registration?.visibility === 'catalogue' ? random.word(12) : `${subject.marker}${random.word(4)}`;
  // of optional keys that exclude each other one is left
  const optional = table.columns.filter(({ name, notNull }) => !notNull && given.has(name) && !settled.has(name));
  return await completeRow(client, table, given, { marker, at, random }, new Set(optional.map(({ name }) => name)));
}

/** Points a foreign key at a row of the same person, or else of the same organization, that agrees with what is settled. */
function settleKey(world: World, table: Relation, key: ForeignKey, subject: Subject, given: Map<string, string>): void {
  const column = (name: string) => table.columns.find((one) => one.name === name)!;
  const open = key.columns.filter((name) => !given.has(name));
  if (open.length === 0) return;
  const parents = key.parent === table.name ? [] : (world.rows.get(key.parent) ?? []);
  const agrees = (row: FixtureRow) =>
    key.columns.every((name, index) => {
      const value = row.values[key.parentColumns[index]!];
      return !given.has(name) || (value != null && given.get(name) === `${quoteText(value)}::${column(name).type}`);
    });
  const fitting = parents.filter(agrees);
  const parent =
    fitting.find((row) => row.subject === subject) ??
    fitting.find((row) => row.subject.organizationId === subject.organizationId) ??
    fitting[0];
  for (const name of open) {
    const value = parent?.values[key.parentColumns[key.columns.indexOf(name)]!];
    if (value != null) given.set(name, `${quoteText(value)}::${column(name).type}`);
    else if (!column(name).notNull) given.set(name, `null::${column(name).type}`);
  }
}

/** INSERT of the given columns; `only` keeps those a role may write. */
export function insertSql(table: Relation, row: RowSql, only: (column: string) => boolean = () => true): string {
  const names = [...row.keys()].filter(only);
  return `insert into plinth.${quoteName(table.name)} (${names.map(quoteName).join(', ')})
    values (${names.map((name) => row.get(name)).join(', ')})`;
}

async function insertRow(client: pg.ClientBase, table: Relation, row: RowSql): Promise<FixtureRow['values']> {
  // the columns as they are and their text from the protocol: Citus takes no row, subquery or stable function here
  const { rows } = await client.query<FixtureRow['values']>({
    text: `${insertSql(table, row)} returning ${table.columns.map(({ name }) => quoteName(name)).join(', ')}`,
    types: { getTypeParser: () => (value: string) => value },
  });
  return rows[0]!;
}

/** The condition that picks a fixture row by its primary key, or by its tenant where it has none. */
export function keyCondition(table: Relation, row: FixtureRow): string {
  const names = table.primaryKey.length > 0 ? table.primaryKey : table.columns.map((column) => column.name).slice(0, 1);
  return names.map((name) => equals(table, name, row.values[name] ?? null)).join(' and ');
}

function equals(table: Relation, name: string, value: string | null): string {
  if (value === null) return `${quoteName(name)} is null`;
  return `${quoteName(name)} = ${quoteText(value)}::${table.columns.find((one) => one.name === name)?.type ?? 'text'}`;
}

/** Removes what `makeWorld` committed, children first; the audit of it too. */
export async function removeWorld(client: pg.ClientBase, tables: readonly Relation[], world: World): Promise<void> {
  const organizations = [...new Set(Object.values(world.subjects).map((one) => one.organizationId))];
  const isTenant = (table: Relation) => table.registration?.tenantColumn != null;
  const audit = tables.filter((table) => isTenant(table) && table.name.startsWith('audit_'));
  for (const table of [...tables.filter((one) => !audit.includes(one)).reverse(), ...audit]) {
    const tenantColumn = table.registration?.tenantColumn;
    if (tenantColumn) {
      for (const id of organizations) {
        await client.query(`select set_config('plinth.purging', $1, true)`, [id]);
        await client.query(`delete from plinth.${quoteName(table.name)} where ${quoteName(tenantColumn)} = $1`, [id]);
      }
    } else {
      for (const row of world.rows.get(table.name) ?? []) {
        await client.query(`delete from plinth.${quoteName(table.name)} where ${keyCondition(table, row)}`);
      }
    }
  }
}
