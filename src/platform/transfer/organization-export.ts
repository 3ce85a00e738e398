/** One organization's rows into a file. */
import { access } from 'node:fs/promises';
import type pg from 'pg';
import { type MasterKeyRing, unwrapDataKey } from '../core/crypto/index.ts';
import type { Engine } from '../db/engine.ts';
import { data_key_purpose } from '../keyring.ts';
import { quoteName, SCHEMA } from '../migrate/names.ts';
import { type ChunkHead, jsonLine } from './archive-content.ts';
import { archiveErrors } from './archive-errors.ts';
import { type ArchiveKey, writeArchive } from './archive-file.ts';
import { transferErrors } from './errors.ts';
import {
  type MovedDataKey,
  type MovedTable,
  type OrganizationManifest,
  type OrganizationRecords,
  ofOrganization,
  organizationTables,
  personColumns,
} from './organization-file.ts';
import { hashTable, readChunks } from './rows.ts';
import { begin, transferProblem } from './session.ts';
import { readSetting, readShape, type TableShape, transfer_setting } from './shape.ts';
import { connect, release } from './source.ts';

export interface ExportOptions {
  /** Id or slug. */
  readonly organization: string;
  readonly path: string;
  /** Its data keys are in the file, so the file is sealed. */
  readonly key: Exclude<ArchiveKey, { kind: 'none' }>;
  /** What opens the organization's data keys. */
  readonly ring: MasterKeyRing;
  readonly records: OrganizationRecords;
  readonly now: Date;
  readonly programVersion: string;
  /** Of the role names; default "plinth". */
  readonly prefix?: string;
  readonly onProgress?: (event: { readonly table: string; readonly total: number }) => void;
}

export interface Exported {
  readonly organization: OrganizationManifest['organization'];
  readonly rows: number;
  readonly tables: number;
  readonly people: number;
  readonly dataKeys: number;
  readonly bytes: number;
}

/**
 * Writes everything that belongs to one organization to a sealed file, as of one moment. Nothing is changed. Undefined:
 * there is no such organization. Throws `archive_write_failed` (nothing is left then), `transfer_unfinished`, and what
 * unwrapping a data key throws.
 */
export async function exportOrganization(engine: Engine, options: ExportOptions): Promise<Exported | undefined> {
  if (engine.capabilities.distributed) {
    throw transferErrors.transfer_unsupported({ detail: `${engine.description} has distributed tables` });
  }
  if (await isThere(options.path))
    throw archiveErrors.archive_write_failed({ detail: `${options.path} is there already` });
  const client = await connect(engine);
  try {
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('plinth.registered_tables') is not null as there`,
    );
    if (!rows[0]!.there) {
      throw transferErrors.transfer_source_missing({ detail: `${engine.description} has no schema plinth` });
    }
    await begin(client, options.prefix ?? 'plinth', 'snapshot');
    if ((await readSetting(client, transfer_setting)) !== undefined) {
      throw transferErrors.transfer_unfinished({ detail: engine.description });
    }
    const organization = await options.records.find(client, options.organization);
    if (!organization) return undefined;
    const { manifest, tables } = await readManifest(client, organization, options);
    const { bytes } = await writeArchive(
      options.path,
      { createdAt: options.now, program: options.programVersion, key: options.key, format: 'plinth-organization' },
      content(client, manifest, tables, options),
    );
    return {
      organization,
      rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
      tables: manifest.tables.length,
      people: manifest.people.length,
      dataKeys: manifest.dataKeys.length,
      bytes,
    };
  } catch (error) {
    throw transferProblem(error);
  } finally {
    await release(client);
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readManifest(
  client: pg.ClientBase,
  organization: OrganizationManifest['organization'],
  { records, ring }: ExportOptions,
): Promise<{ manifest: OrganizationManifest; tables: TableShape[] }> {
  const { identity, migrations, tables: all } = await readShape(client);
  const tables = organizationTables(all);
  const moved: MovedTable[] = [];
  for (const table of tables) {
    const { name, columns, months } = table;
    moved.push({ name, columns, months, ...(await hashTable(client, table, ofOrganization(table, organization.id))) });
  }
  const people = await records.people(client, await peopleOf(client, tables, organization.id));
  const dataKeys = await readDataKeys(client, organization.id, ring);
  return { manifest: { shape: { identity, migrations }, organization, people, dataKeys, tables: moved }, tables };
}

async function peopleOf(
  client: pg.ClientBase,
  tables: readonly TableShape[],
  organizationId: string,
): Promise<string[]> {
  const ids = new Set<string>();
  for (const { table: name, column } of (await personColumns(client)).all) {
    const table = tables.find((one) => one.name === name);
    if (!table) continue;
    const { rows } = await client.query<{ id: string }>(
      `select distinct ${quoteName(column)} as id from ${SCHEMA}.${quoteName(name)}
       where ${ofOrganization(table, organizationId)} and ${quoteName(column)} is not null`,
    );
    for (const { id } of rows) ids.add(id);
  }
  return [...ids];
}

async function readDataKeys(
  client: pg.ClientBase,
  organizationId: string,
  ring: MasterKeyRing,
): Promise<MovedDataKey[]> {
  const { rows } = await client.query<{ id: string; wrapped_key: Uint8Array; master_key_fingerprint: string }>(
    `select id, wrapped_key, master_key_fingerprint from ${SCHEMA}.encryption_keys where organization_id = $1 order by id`,
    [organizationId],
  );
  return rows.map(({ id, wrapped_key: wrapped, master_key_fingerprint: masterKey }) => {
    const key = unwrapDataKey(ring, { id, organizationId, purpose: data_key_purpose, masterKey, wrapped });
    const text = key.withBytes((bytes) => Buffer.from(bytes).toString('base64'));
    key.destroy();
    return { id, key: text };
  });
}

async function* content(
  client: pg.ClientBase,
  manifest: OrganizationManifest,
  tables: readonly TableShape[],
  options: ExportOptions,
): AsyncGenerator<Buffer> {
  yield jsonLine(manifest);
  let total = 0;
  for (const table of tables) {
    const only = ofOrganization(table, manifest.organization.id);
    for await (const { data, rows, last } of readChunks(client, table, { only })) {
      yield jsonLine({ table: table.name, rows, last, bytes: data.length } satisfies ChunkHead);
      yield data;
      total += rows;
      options.onProgress?.({ table: table.name, total });
    }
  }
}
