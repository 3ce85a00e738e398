import { errors } from '../../../platform/core/errors.ts';
import { uuidv7 } from '../../../platform/core/ids.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { sealHeaders, sealKey } from './connection-secrets.ts';
import { connectionErrors } from './errors.ts';
import { connectionLimits } from './limits.ts';

/** The formats that a connection may speak. */
export const wires = ['openai', 'anthropic'] as const;
export type ConnectionWire = (typeof wires)[number];

/** Where the providers that are known by name are reached. */
const knownAddresses: Readonly<Record<string, string>> = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com',
};

/** What a caller may set; null takes a value away. */
export interface ConnectionInput {
  readonly name?: string;
  readonly base_url?: string;
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly models?: readonly string[] | null;
  readonly is_active?: boolean;
}

export interface NewConnection extends ConnectionInput {
  readonly name: string;
  readonly provider: string;
  readonly wire?: ConnectionWire;
}

/** A connection as people may see it: never its key. */
export interface ConnectionRow {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly wire: ConnectionWire;
  readonly base_url: string;
  /** Null: there is no key, or a short one. */
  readonly key_last4: string | null;
  readonly header_names: readonly string[];
  readonly models: readonly string[] | null;
  readonly is_active: boolean;
  readonly tested_at: Date | null;
  readonly test_error: string | null;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const columns = `id, name, provider, wire, base_url, key_last4, header_names, models, is_active, tested_at, test_error,
  created_by, created_at, updated_at`;

/** Connections, newest first, below the id `before`. */
export function listConnections(tx: ScopedTx, before: string | undefined, rowsMax: number): Promise<ConnectionRow[]> {
  return tx.sql<ConnectionRow>(
    `select ${columns}
     from plinth.provider_connections
     where organization_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3`,
    [tx.organizationId, before, rowsMax],
  );
}

/** Throws `not_found`. */
export async function readConnection(tx: ScopedTx, id: string): Promise<ConnectionRow> {
  const [row] = await tx.sql<ConnectionRow>(
    `select ${columns} from plinth.provider_connections where organization_id = $1 and id = $2`,
    [tx.organizationId, id],
  );
  if (!row) throw errors.not_found({ detail: 'no such provider connection' });
  return row;
}

/** Names that the gateway sets itself. */
const ownHeaders = /^(authorization|x-api-key|content-type|accept|user-agent|host|traceparent)$/i;

/** Throws `invalid_value` or `outbound_refused` for an address, a key or headers that can not be used. */
function checkInput(platform: Platform, { base_url, key, headers }: ConnectionInput): void {
  if (base_url !== undefined || headers) {
    platform.net.check({ url: base_url ?? 'https://example.org/', headers: headers ?? {} });
  }
  if (base_url !== undefined && /[?#]/.test(base_url)) {
    throw errors.invalid_value({ field: 'base_url', detail: 'the address has no query: paths are put behind it' });
  }
  // it travels in a header
  if (key && !/^[\x21-\x7e]+$/.test(key)) {
    throw errors.invalid_value({ field: 'key', detail: 'the key has a character that no key has' });
  }
  const names = Object.keys(headers ?? {});
  if (names.length > connectionLimits.headers_max) {
    throw errors.invalid_value({ field: 'headers', detail: `at most ${connectionLimits.headers_max} headers` });
  }
  const ours = names.find((name) => ownHeaders.test(name));
  if (ours !== undefined) {
    throw errors.invalid_value({ field: 'headers', detail: `the header ${ours.toLowerCase()} is set by the gateway` });
  }
}

const withoutSlash = (url: string) => url.replace(/\/+$/, '');

export interface PreparedConnection {
  readonly id: string;
  readonly row: Record<string, unknown>;
}

/**
 * Checks a new connection and seals its key: outside a transaction, for sealing may read the organization's key. Throws
 * `invalid_value`, `required_value`, `outbound_refused`.
 */
export async function prepareConnection(
  platform: Platform,
  organizationId: string,
  { key, headers, ...input }: NewConnection,
): Promise<PreparedConnection> {
  const base_url = input.base_url ?? knownAddresses[input.provider];
  if (base_url === undefined) {
    throw errors.required_value({ field: 'base_url', detail: `where ${input.provider} is reached is to be said` });
  }
  checkInput(platform, {
    base_url,
    ...(key === undefined ? {} : { key }),
    ...(headers === undefined ? {} : { headers }),
  });
  const id = uuidv7(platform.clock.now());
  const wire = input.wire ?? (input.provider === 'anthropic' ? 'anthropic' : 'openai');
  const sealed = {
    ...(await sealKey(platform, organizationId, id, key)),
    ...(await sealHeaders(platform, organizationId, id, headers)),
  };
  return { id, row: { ...input, id, wire, base_url: withoutSlash(base_url), ...sealed } };
}

/** Throws `connections_full`, `already_exists`. */
export async function createConnection(tx: ScopedTx, { id, row }: PreparedConnection): Promise<ConnectionRow> {
  const [{ count } = { count: 0 }] = await tx.sql<{ count: number }>(
    'select count(*)::int as count from plinth.provider_connections where organization_id = $1',
    [tx.organizationId],
  );
  const { connections_max } = connectionLimits;
  if (count >= connections_max) throw connectionErrors.connections_full({ detail: `The limit is ${connections_max}.` });
  await tx.sql('select plinth.create_provider_connection($1, $2::jsonb)', [tx.organizationId, JSON.stringify(row)]);
  return readConnection(tx, id);
}

/** What a change writes, key and headers sealed: outside a transaction. Throws as `prepareConnection`. */
export async function prepareChange(
  platform: Platform,
  organizationId: string,
  id: string,
  { key, headers, ...plain }: ConnectionInput,
): Promise<Record<string, unknown>> {
  checkInput(platform, {
    ...plain,
    ...(key === undefined ? {} : { key }),
    ...(headers === undefined ? {} : { headers }),
  });
  return {
    ...plain,
    ...(plain.base_url === undefined ? {} : { base_url: withoutSlash(plain.base_url) }),
    ...(await sealKey(platform, organizationId, id, key)),
    ...(await sealHeaders(platform, organizationId, id, headers)),
  };
}

/** Throws `not_found`, `already_exists`. */
export async function updateConnection(
  tx: ScopedTx,
  id: string,
  change: Record<string, unknown>,
): Promise<ConnectionRow> {
  await tx.sql('select plinth.update_provider_connection($1, $2, $3::jsonb)', [
    tx.organizationId,
    id,
    JSON.stringify(change),
  ]);
  return readConnection(tx, id);
}

/** Throws `not_found`; `still_referenced` while an alias names it. */
export async function deleteConnection(tx: ScopedTx, id: string): Promise<void> {
  const rows = await tx.sql(
    'delete from plinth.provider_connections where organization_id = $1 and id = $2 returning id',
    [tx.organizationId, id],
  );
  if (rows.length === 0) throw errors.not_found({ detail: 'no such provider connection' });
}
