/** One organization's file into a database that has others: all of it in one transaction, or nothing. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { cryptoErrors, type MasterKeyRing, wrapDataKey } from '../core/crypto/index.ts';
import { PlinthError } from '../core/errors.ts';
import { isUuid } from '../core/ids.ts';
import type { Engine } from '../db/engine.ts';
import { data_key_purpose, master_key_setting } from '../keyring.ts';
import { quoteName, SCHEMA } from '../migrate/names.ts';
import type { ModuleDefinition, OwnerSql } from '../module.ts';
import { ArchiveReader } from './archive-content.ts';
import { archiveErrors } from './archive-errors.ts';
import type { ArchiveKey } from './archive-file.ts';
import { transferErrors } from './errors.ts';
import { differences } from './load.ts';
import { organizationErrors } from './organization-errors.ts';
import {
  type MovedTable,
  type OrganizationManifest,
  type OrganizationRecords,
  organizationTables,
  personColumns,
} from './organization-file.ts';
import { advanceSequences } from './organization-sequences.ts';
import { hashTable } from './rows.ts';
import { inTransaction, transferProblem } from './session.ts';
import { readSetting, readShape, type TableShape, transfer_setting } from './shape.ts';
import { connect, release } from './source.ts';

/** How many ids that changed are kept in the audit entry of the import. */
const changed_ids_kept_max = 1000;
const months_max = 1200;
const month_pattern = /^(19|20|21)\d\d-(0[1-9]|1[0-2])-01$/;

export interface ImportOptions {
  readonly path: string;
  readonly key: ArchiveKey;
  /** The data keys are wrapped under the one of these that wraps new ones here. */
  readonly ring: MasterKeyRing;
  readonly records: OrganizationRecords;
  readonly modules: readonly ModuleDefinition[];
  /** In place of the slug it had. */
  readonly slug?: string;
  /** Of the role names; default "plinth". */
  readonly prefix?: string;
  readonly onProgress?: (event: { readonly table: string; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

export interface Imported {
  readonly organization: OrganizationManifest['organization'];
  readonly rows: number;
  readonly tables: number;
  readonly dataKeys: number;
  /** People found by their address, and accounts made for others. */
  readonly people: { readonly found: number; readonly made: number };
  /** API keys of people: they would act as accounts of this installation. */
  readonly revokedKeys: number;
}

/**
 * Imports a file that `exportOrganization` made. Ids are kept; people are found by their e-mail address, and rows name
 * them by the id they have here, except in the audit log, whose seals would break. What other organizations have is
 * neither read nor written. Throws what `readArchive` throws, `transfer_schema_differs`, and the errors of
 * `organization-errors.ts`; then nothing was changed but for empty partitions.
 */
export async function importOrganization(engine: Engine, options: ImportOptions): Promise<Imported> {
  if (engine.capabilities.distributed) {
    throw transferErrors.transfer_unsupported({ detail: `${engine.description} has distributed tables` });
  }
  const reader = new ArchiveReader<OrganizationManifest>(options.path, options.key, 'plinth-organization');
  const client = await connect(engine);
  try {
    return await new Importer(client, reader, options).run();
  } catch (error) {
    throw rowProblem(error);
  } finally {
    await release(client);
    await reader.close();
  }
}

/** Values and keys that the database refuses are the file's fault. */
function rowProblem(error: unknown): PlinthError {
  const cause =
    error instanceof PlinthError ? (error.cause as { code?: string } | undefined) : (error as { code?: string });
  const { code, constraint, table } = (cause ?? {}) as { code?: string; constraint?: string; table?: string };
  if (typeof code === 'string' && /^(22|23)/.test(code)) {
    return organizationErrors.import_rows_refused({
      detail: [table, constraint].filter(Boolean).join(', ') || `a value is not of its column's type (${code})`,
      cause: error,
    });
  }
  return transferProblem(error);
}

class Importer {
  readonly client: pg.PoolClient;
  readonly reader: ArchiveReader<OrganizationManifest>;
  readonly options: ImportOptions;

  constructor(client: pg.PoolClient, reader: ArchiveReader<OrganizationManifest>, options: ImportOptions) {
    this.client = client;
    this.reader = reader;
    this.options = options;
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    return inTransaction(this.client, this.options.prefix ?? 'plinth', work);
  }

  async run(): Promise<Imported> {
    const manifest = await this.reader.manifest();
    checkManifest(manifest, this.options.path);
    const tables = await this.transaction(() => this.check(manifest));
    // short transactions of their own: making a partition locks its table
    for (const { name, months } of manifest.tables) {
      if (months.length > 0) await this.transaction(() => this.makePartitions(name, months));
    }
    return this.transaction(() => this.importAll(manifest, tables));
  }

  /** Whether this database can take the file at all. Names in SQL come from here, never from the file. */
  async check(manifest: OrganizationManifest): Promise<TableShape[]> {
    const { client } = this;
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('plinth.registered_tables') is not null as there`,
    );
    if (!rows[0]!.there) throw transferErrors.transfer_schema_differs({ detail: 'there is no schema here yet' });
    if ((await readSetting(client, transfer_setting)) !== undefined) throw transferErrors.transfer_unfinished();
    const shape = await readShape(client);
    const modules = new Set(manifest.shape.migrations.map(moduleOf));
    // modules that only this installation has do no harm
    const ours = shape.migrations.filter((entry) => modules.has(moduleOf(entry)));
    const missing = differences(manifest.shape.migrations, ours);
    if (missing.length > 0) throw transferErrors.transfer_schema_differs({ detail: missing.slice(0, 10).join(', ') });
    const tables = organizationTables(shape.tables);
    for (const moved of manifest.tables) {
      const table = tables.find(({ name }) => name === moved.name);
      if (!table || JSON.stringify(table.columns) !== JSON.stringify(moved.columns)) {
        throw transferErrors.transfer_schema_differs({ detail: `the table ${String(moved.name).slice(0, 63)}` });
      }
      if (moved.months.length > 0 && table.months.length === 0) {
        throw transferErrors.transfer_schema_differs({ detail: `${table.name} has no partitions here` });
      }
    }
    await this.refuseKnown(manifest);
    return tables.filter(({ name }) => manifest.tables.some((moved) => moved.name === name));
  }

  async refuseKnown({ organization }: OrganizationManifest): Promise<void> {
    const known = await this.options.records.find(this.client, organization.id);
    if (known) throw organizationErrors.import_organization_exists({ detail: known.slug });
    const slug = this.options.slug ?? organization.slug;
    const other = await this.options.records.find(this.client, slug);
    if (other) throw organizationErrors.import_slug_taken({ detail: slug });
  }

  async makePartitions(name: string, months: readonly string[]): Promise<void> {
    for (const month of months) {
      await this.client.query(`select ${SCHEMA}.ensure_partition($1, $2::date)`, [name, month]);
    }
  }

  async importAll(manifest: OrganizationManifest, tables: readonly TableShape[]): Promise<Imported> {
    const { client, options } = this;
    const { organization } = manifest;
    // of two imports of one organization the second waits here, and finds it
    await client.query(`select pg_advisory_xact_lock(hashtextextended('plinth.import ' || $1, 0))`, [organization.id]);
    await this.refuseKnown(manifest);
    await client.query(
      `select set_config('plinth.importing', $1, true), set_config('plinth.organization_id', $1, true)`,
      [organization.id],
    );
    const slug = options.slug ?? organization.slug;
    if (!(await options.records.takeSlug(client, organization.id, slug))) {
      throw organizationErrors.import_slug_taken({ detail: slug });
    }
    const { ids, made } = await options.records.place(client, manifest.people);
    await this.stagePeople(ids);
    const people = (await personColumns(client)).keys;
    let total = 0;
    for (const table of tables) {
      const moved = manifest.tables.find(({ name }) => name === table.name)!;
      await this.stage(table, moved, organization.id);
      await this.renamePeople(
        table,
        people.filter((one) => one.table === table.name).map(({ column }) => column),
      );
      const columns = table.columns.map(({ name }) => quoteName(name)).join(', ');
      await client.query(
        `insert into ${SCHEMA}.${quoteName(table.name)} (${columns}) overriding system value
         select ${columns} from pg_temp.import_rows`,
      );
      await client.query('drop table pg_temp.import_rows');
      total += moved.rows;
      options.onProgress?.({ table: table.name, total });
    }
    if (await this.reader.peek()) throw archiveErrors.archive_invalid({ detail: `${options.path}: rows of no table` });
    if (slug !== organization.slug) await this.rename(tables, organization.id, slug);
    if (!(await options.records.find(client, organization.id))) {
      throw organizationErrors.import_rows_refused({ detail: 'the organization itself is not among its rows' });
    }
    const dataKeys = await this.addDataKeys(manifest);
    const sql: OwnerSql = async <R>(text: string, values: readonly unknown[] = []) =>
      (await client.query(text, [...values])).rows as R[];
    for (const module of options.modules) await module.afterImport?.(sql, organization.id);
    const revokedKeys = await options.records.revoke(client, organization.id);
    const changed = [...ids].filter(([from, to]) => from !== to);
    await sql('select plinth.record_action($1, $2, $3, $1, $4)', [
      organization.id,
      'import',
      'organizations',
      JSON.stringify({
        from: manifest.shape.identity,
        rows: total,
        people: Object.fromEntries(changed.slice(0, changed_ids_kept_max)),
      }),
    ]);
    await advanceSequences(client, tables, organization.id);
    return {
      organization: { ...organization, slug },
      rows: total,
      tables: tables.length,
      dataKeys,
      people: { found: ids.size - made, made },
      revokedKeys,
    };
  }

  async stagePeople(ids: ReadonlyMap<string, string>): Promise<void> {
    await this.client.query(
      'create temporary table import_people (source uuid primary key, target uuid not null) on commit drop',
    );
    await this.client.query(
      'insert into pg_temp.import_people select s, t from unnest($1::uuid[], $2::uuid[]) as u (s, t)',
      [[...ids.keys()], [...ids.values()]],
    );
  }

  /** The rows of one table as they are in the file, and whether they are what its manifest says. */
  async stage(table: TableShape, moved: MovedTable, organizationId: string): Promise<void> {
    const { client, options } = this;
    const columns = table.columns.map(({ name }) => quoteName(name)).join(', ');
    await client.query(
      `create temporary table import_rows on commit drop as
       select ${columns} from ${SCHEMA}.${quoteName(table.name)} with no data`,
    );
    let rows = 0;
    for (let chunk = await this.reader.peek(); chunk?.table === table.name; chunk = await this.reader.peek()) {
      options.signal?.throwIfAborted();
      this.reader.take();
      const stream = client.query(copyFrom(`copy pg_temp.import_rows (${columns}) from stdin`));
      await pipeline(Readable.from([chunk.data], { objectMode: false }), stream);
      rows += chunk.rows;
    }
    const { rows: outside } = await client.query<{ there: boolean }>(
      `select exists (select from pg_temp.import_rows
                      where ${quoteName(String(table.tenantColumn))} is distinct from $1::uuid) as there`,
      [organizationId],
    );
    if (outside[0]!.there) throw organizationErrors.import_foreign_rows({ detail: `rows of ${table.name}` });
    const got = await hashTable(client, table, 'true', 'pg_temp.import_rows');
    if (got.rows !== moved.rows || got.hash !== moved.hash || rows !== moved.rows) {
      throw archiveErrors.archive_damaged({ detail: `${options.path}: the rows of ${table.name} are not all there` });
    }
  }

  /** Ids of people become those they have here; one that the file does not introduce is nobody it may name. */
  async renamePeople(table: TableShape, keys: readonly string[]): Promise<void> {
    const { client } = this;
    for (const column of keys) {
      const { rows } = await client.query<{ there: boolean }>(
        `select exists (select from pg_temp.import_rows r
                        where r.${quoteName(column)} is not null
                          and not exists (select from pg_temp.import_people p where p.source = r.${quoteName(column)})) as there`,
      );
      if (rows[0]!.there) {
        throw organizationErrors.import_foreign_rows({
          detail: `people in ${table.name}.${column} that it does not name`,
        });
      }
    }
    // sealed entries stay as they are: the entry of the import says who is who
    if (table.name === 'audit_logs') return;
    for (const { name, type } of table.columns) {
      const column = quoteName(name);
      if (type === 'uuid') {
        await client.query(
          `update pg_temp.import_rows r set ${column} = p.target
           from pg_temp.import_people p where p.source = r.${column} and p.target <> p.source`,
        );
      } else if (type === 'uuid[]') {
        await client.query(
          `update pg_temp.import_rows r
           set ${column} = array(select coalesce(p.target, e.id) from unnest(r.${column}) with ordinality as e (id, n)
                                 left join pg_temp.import_people p on p.source = e.id order by e.n)
           where r.${column} && array(select p.source from pg_temp.import_people p where p.target <> p.source)`,
        );
      }
    }
  }

  async rename(tables: readonly TableShape[], organizationId: string, slug: string): Promise<void> {
    const own = tables.find(({ tenantColumn }) => tenantColumn === 'id');
    if (own) {
      await this.client.query(`update ${SCHEMA}.${quoteName(own.name)} set slug = $2 where id = $1`, [
        organizationId,
        slug,
      ]);
    }
  }

  /** Wraps the data keys under the master key of this installation: what is sealed under them stays as it is. */
  async addDataKeys({ organization, dataKeys }: OrganizationManifest): Promise<number> {
    const { client, options } = this;
    const { rows } = await client.query<{ fingerprint: string }>(
      `select plinth.init_system_setting($1, to_jsonb($2::text)) #>> '{}' as fingerprint`,
      [master_key_setting, options.ring.current.fingerprint],
    );
    const master = [options.ring.current, ...options.ring.previous].find(
      ({ fingerprint }) => fingerprint === rows[0]!.fingerprint,
    );
    if (!master) {
      throw cryptoErrors.master_key_mismatch({ detail: `new data keys want key ${rows[0]!.fingerprint.slice(0, 8)}…` });
    }
    for (const { id, key } of dataKeys) {
      const scope = { id, organizationId: organization.id, purpose: data_key_purpose };
      const wrapped = wrapDataKey(master, scope, Buffer.from(String(key), 'base64'));
      const added = await client.query<{ added: boolean }>(
        'select plinth.add_encryption_key($1, $2, $3, $4) as added',
        [organization.id, wrapped.id, Buffer.from(wrapped.wrapped), wrapped.masterKey],
      );
      if (!added.rows[0]!.added) {
        throw cryptoErrors.master_key_mismatch({ detail: 'it was changed meanwhile: run the import again' });
      }
    }
    return dataKeys.length;
  }
}

function moduleOf(entry: string): string {
  return entry.split('/')[0] ?? '';
}

/** The manifest's form: whoever knows the passphrase may have written anything. */
function checkManifest(manifest: OrganizationManifest, path: string): void {
  const { organization, people, dataKeys, tables, shape } = manifest;
  const isText = (value: unknown): value is string => typeof value === 'string';
  const valid =
    isUuid(organization?.id) &&
    isText(organization.slug) &&
    isText(organization.name) &&
    Array.isArray(shape.migrations) &&
    shape.migrations.every(isText) &&
    Array.isArray(people) &&
    people.every((one) => isUuid(one?.id) && isText(one.email) && isText(one.name)) &&
    Array.isArray(dataKeys) &&
    dataKeys.every((one) => isUuid(one?.id) && isText(one.key)) &&
    Array.isArray(tables) &&
    new Set(tables.map((one) => one?.name)).size === tables.length &&
    tables.every(
      (one) =>
        isText(one?.name) &&
        Array.isArray(one.columns) &&
        Array.isArray(one.months) &&
        one.months.length <= months_max &&
        one.months.every((month: unknown) => isText(month) && month_pattern.test(month)),
    );
  if (!valid) throw archiveErrors.archive_invalid({ detail: path });
}
