/** What an organization's file holds: a manifest, and each table's rows in chunks. `docs/reference/organization-file.md`. */
import type pg from 'pg';
import type { ComparedTable } from './load.ts';
import type { ColumnShape, TableShape } from './shape.ts';

/** Who a row can name. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

/** A data key in the clear: the file is always sealed. */
export interface MovedDataKey {
  readonly id: string;
  /** 32 bytes, base64. */
  readonly key: string;
}

export interface MovedTable extends ComparedTable {
  readonly columns: readonly ColumnShape[];
  readonly months: readonly string[];
}

/** The first line of the content. */
export interface OrganizationManifest {
  readonly shape: { readonly identity: string; readonly migrations: readonly string[] };
  readonly organization: { readonly id: string; readonly name: string; readonly slug: string };
  readonly people: readonly Person[];
  readonly dataKeys: readonly MovedDataKey[];
  /** Counts and hashes are of the rows as they were in the source. */
  readonly tables: readonly MovedTable[];
}

/** What the module that owns organizations and people does for a move. Its client acts as the owner of the tables. */
export interface OrganizationRecords {
  /** The organization with this id or slug. */
  find(client: pg.ClientBase, named: string): Promise<OrganizationManifest['organization'] | undefined>;
  people(client: pg.ClientBase, ids: readonly string[]): Promise<Person[]>;
  /**
   * Finds each person by their e-mail address or makes an account without a password: theirs by the id in the file.
   * Accounts made get the id of the file where that is free.
   */
  place(client: pg.ClientBase, people: readonly Person[]): Promise<{ ids: Map<string, string>; made: number }>;
  /** Takes the slug, or answers false where another organization has it. */
  takeSlug(client: pg.ClientBase, organizationId: string, slug: string): Promise<boolean>;
  /** After the rows: what must not be valid here, of keys and links. Answers how many keys of people were revoked. */
  revoke(client: pg.ClientBase, organizationId: string): Promise<number>;
}

/** Its own: wrapped by the other master key, answers to requests of an hour. */
const left = new Set(['encryption_keys', 'idempotency_keys']);

/** The tables whose rows belong to one organization and travel with it, in the order of their making. */
export function organizationTables(tables: readonly TableShape[]): TableShape[] {
  return tables.filter(({ name, tenantColumn }) => tenantColumn !== null && !left.has(name));
}

/** The condition for one organization's rows. The id was checked to be one. */
export function ofOrganization(table: TableShape, organizationId: string): string {
  return `"${table.tenantColumn}" = '${organizationId}'::uuid`;
}

interface Reference {
  readonly table: string;
  readonly column: string;
}

/** Columns whose foreign key leads to a table of people (visibility `user`), and those registered as a row's person. */
export async function personColumns(client: pg.ClientBase): Promise<{ keys: Reference[]; all: Reference[] }> {
  const { rows: keys } = await client.query<Reference>(
    `select r.relname as table, a.attname as column
     from pg_catalog.pg_constraint c
     join pg_catalog.pg_class r on r.oid = c.conrelid
     join pg_catalog.pg_class p on p.oid = c.confrelid
     join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     join plinth.registered_tables t on t.table_name = p.relname and t.visibility = 'user'
     where c.contype = 'f' and c.conparentid = 0 and cardinality(c.conkey) = 1
       and r.relnamespace = 'plinth'::regnamespace`,
  );
  const { rows: own } = await client.query<Reference>(
    `select t.table_name as table, t.user_column as column from plinth.registered_tables t where t.user_column is not null`,
  );
  return { keys, all: [...keys, ...own] };
}
