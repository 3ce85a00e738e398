import type { SealContext } from '../../../platform/core/crypto/index.ts';
import type { Platform } from '../../../platform/platform.ts';
import { connectionLimits } from './limits.ts';

export function keyContext(organizationId: string, connectionId: string): SealContext {
  return { organizationId, table: 'provider_connections', column: 'key', rowId: connectionId };
}

function headersContext(organizationId: string, connectionId: string): SealContext {
  return { organizationId, table: 'provider_connections', column: 'headers', rowId: connectionId };
}

/** What is sent to a provider to be let in. */
export interface Credentials {
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The columns of a key, null taking it away. Outside a transaction. */
export async function sealKey(
  platform: Platform,
  organizationId: string,
  id: string,
  key: string | null | undefined,
): Promise<Record<string, unknown>> {
  if (key === undefined) return {};
  if (key === null) return { key: null, key_last4: null };
  return {
    key: await platform.keyring.seal(keyContext(organizationId, id), key),
    key_last4: key.length < connectionLimits.last4_key_chars_min ? null : key.slice(-4),
  };
}

export async function sealHeaders(
  platform: Platform,
  organizationId: string,
  id: string,
  headers: Readonly<Record<string, string>> | null | undefined,
): Promise<Record<string, unknown>> {
  if (headers === undefined) return {};
  if (headers === null || Object.keys(headers).length === 0) return { headers: null, header_names: [] };
  return {
    headers: await platform.keyring.seal(headersContext(organizationId, id), JSON.stringify(headers)),
    header_names: Object.keys(headers).map((name) => name.toLowerCase()),
  };
}

/** Opens what was sealed for a connection. Outside a transaction. Throws `decryption_failed`. */
export async function openCredentials(
  platform: Platform,
  organizationId: string,
  { id, key, headers }: { readonly id: string; readonly key: string | null; readonly headers: string | null },
): Promise<Credentials> {
  const [openedKey, openedHeaders] = await Promise.all([
    key === null ? undefined : platform.keyring.open(keyContext(organizationId, id), key),
    headers === null ? undefined : platform.keyring.open(headersContext(organizationId, id), headers),
  ]);
  return {
    key: openedKey?.toString('utf8'),
    headers: openedHeaders ? (JSON.parse(openedHeaders.toString('utf8')) as Record<string, string>) : {},
  };
}
