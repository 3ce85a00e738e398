import { errors } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import { mintToken } from '../../platform/core/tokens.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { checkSecret, generateSecret, secretContext } from './source-secrets.ts';
import { type SchemeName, webhookScheme } from './verify/index.ts';

export interface NewSource {
  readonly name: string;
  readonly scheme: SchemeName;
  readonly configuration?: Record<string, unknown>;
  readonly project_id?: string;
  /** Made when absent. */
  readonly secret?: string;
}

/** What is shown once. */
export interface ShownOnce {
  /** Below the server's address. */
  readonly hook_path: string;
  readonly secret: string;
}

export interface PreparedSource {
  readonly id: string;
  readonly tokenHash: Buffer;
  readonly row: Record<string, unknown>;
  readonly shown: ShownOnce;
}

/**
 * Checks a new source, mints its token and seals its secret: outside a transaction, for sealing may read the
 * organization's key. Throws `invalid_value` for settings or a secret its scheme cannot use.
 */
export async function prepareSource(
  platform: Platform,
  organizationId: string,
  source: NewSource,
): Promise<PreparedSource> {
  if (source.scheme !== 'hmac' && Object.keys(source.configuration ?? {}).length > 0) {
    throw errors.invalid_value({ field: 'configuration', detail: 'Only the scheme hmac has settings.' });
  }
  const scheme = webhookScheme(source.scheme, source.configuration);
  const secret = source.secret ?? generateSecret(source.scheme);
  checkSecret(scheme, secret);
  const id = uuidv7(platform.clock.now());
  const { token, last4, hash } = mintToken('hook', organizationId);
  const { name, configuration, project_id } = source;
  const sealed = await platform.keyring.seal(secretContext(organizationId, id), secret);
  return {
    id,
    tokenHash: hash,
    row: { id, name, scheme: source.scheme, configuration, project_id, token_last4: last4, secret: sealed },
    shown: { hook_path: `/hooks/${token}`, secret },
  };
}

/** Stores a prepared source. Throws `already_exists` for its name, `reference_not_found` for its project. */
export async function createSource(tx: ScopedTx, source: PreparedSource): Promise<SourceRow> {
  const project = source.row['project_id'];
  if (project !== undefined) {
    const found = await tx.sql('select 1 from plinth.projects where organization_id = $1 and id = $2', [
      tx.organizationId,
      project,
    ]);
    if (found.length === 0) throw errors.reference_not_found({ field: 'project_id' });
  }
  const [made] = await tx.sql<{ id: string | null }>('select plinth.create_event_source($1, $2::jsonb, $3) as id', [
    tx.organizationId,
    JSON.stringify(source.row),
    source.tokenHash,
  ]);
  if (made?.id == null) throw errors.already_exists({ field: 'name', detail: 'there is a source of this name' });
  return readSource(tx, source.id);
}

/** A source as people may see it. */
export interface SourceRow {
  readonly id: string;
  readonly name: string;
  readonly scheme: SchemeName;
  readonly configuration: unknown;
  readonly project_id: string | null;
  readonly token_last4: string;
  readonly previous_secret_expires_at: Date | null;
  readonly is_active: boolean;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const columns = `id, name, scheme, configuration, project_id, token_last4, previous_secret_expires_at, is_active, created_by,
  created_at, updated_at`;

/** Sources, newest first, below the id `before`. */
export function listSources(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<SourceRow[]> {
  return tx.sql<SourceRow>(
    `select ${columns}
     from plinth.event_sources
     where organization_id = $1
       and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** When a source last received something. */
export interface SourceReceived {
  readonly has_received: boolean;
  /** Null while nothing came, or where it was longer ago than the newest events of the organization reach. */
  readonly last_received_at: Date | null;
}

/** By the sources' ids; from keys of deduplication, so of what was stored, however it fared since. */
export async function sourcesReceived(
  tx: ScopedTx,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SourceReceived>> {
  const rows = await tx.sql<{ source_id: string; received_at: Date | null; has_received: boolean }>(
    'select * from plinth.event_sources_received($1, $2)',
    [tx.organizationId, ids],
  );
  return new Map(
    rows.map(({ source_id, received_at, has_received }) => [
      source_id,
      { has_received, last_received_at: received_at },
    ]),
  );
}

/** Webhooks of a source that were refused since a time and recorded, which a source may cause one a minute of. */
export async function sourceRefusals(
  tx: ScopedTx,
  id: string,
  since: Date,
  rowsMax: number,
): Promise<{ occurred_at: Date; code: string }[]> {
  return tx.sql('select * from plinth.event_source_refusals($1, $2, $3, $4)', [tx.organizationId, id, since, rowsMax]);
}

/** Throws `not_found`. */
export async function readSource(tx: ScopedTx, id: string): Promise<SourceRow> {
  const [row] = await tx.sql<SourceRow>(
    `select ${columns} from plinth.event_sources where organization_id = $1 and id = $2`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such event source' });
  return row;
}

/** Renames, switches on or off. Throws `not_found`, `already_exists`. */
export async function updateSource(
  tx: ScopedTx,
  id: string,
  { name, is_active }: { name?: string; is_active?: boolean },
): Promise<SourceRow> {
  if (name !== undefined) {
    const others = await tx.sql(
      'select 1 from plinth.event_sources where organization_id = $1 and name = $2 and id <> $3',
      [tx.organizationId, name, id],
    );
    if (others.length > 0) throw errors.already_exists({ field: 'name', detail: 'there is a source of this name' });
  }
  await tx.sql('select plinth.update_event_source($1, $2, $3, $4)', [tx.organizationId, id, name, is_active]);
  return readSource(tx, id);
}

/**
 * Seals a new secret for a source, outside a transaction. Throws `not_found`, `invalid_value`.
 */
export async function prepareSecret(
  platform: Platform,
  source: SourceRow,
  organizationId: string,
  given: string | undefined,
): Promise<{ secret: string; sealed: string }> {
  const secret = given ?? generateSecret(source.scheme);
  checkSecret(webhookScheme(source.scheme, source.configuration), secret);
  return { secret, sealed: await platform.keyring.seal(secretContext(organizationId, source.id), secret) };
}

/** Puts a sealed secret in use; the one before is accepted for `overlapHours` more. Throws `not_found`. */
export async function rotateSecret(tx: ScopedTx, id: string, sealed: string, overlapHours: number): Promise<SourceRow> {
  await tx.sql('select plinth.rotate_event_source_secret($1, $2, $3, $4)', [
    tx.organizationId,
    id,
    sealed,
    overlapHours,
  ]);
  return readSource(tx, id);
}

/** Deletes a source; its events stay. Throws `not_found`. */
export async function deleteSource(tx: ScopedTx, id: string): Promise<void> {
  const [row] = await tx.sql<{ deleted: boolean }>('select plinth.delete_event_source($1, $2) as deleted', [
    tx.organizationId,
    id,
  ]);
  if (!row?.deleted) throw errors.not_found({ detail: 'no such event source' });
}
