import { asPlinthError } from '../../../platform/http/problem.ts';
import type { Platform } from '../../../platform/platform.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { Credentials } from './connection-secrets.ts';
import { type ConnectionRow, readConnection } from './connections.ts';
import { connectionLimits } from './limits.ts';
import { makeSettingsReader } from './settings.ts';

export const anthropicVersion = '2023-06-01';

/** The headers by which a provider knows whose call it is. */
export function providerHeaders(wire: 'openai' | 'anthropic', { key, headers }: Credentials): Record<string, string> {
  if (wire === 'openai') return { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) };
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  return {
    ...(names.includes('anthropic-version') ? {} : { 'anthropic-version': anthropicVersion }),
    ...headers,
    ...(key === undefined ? {} : { 'x-api-key': key }),
  };
}

/**
 * Asks a provider for its models, by a connection as it is stored, and writes down what came of it. The answer is not
 * kept, only its status: it may repeat the key. Throws `not_found`.
 */
export async function testConnection(platform: Platform, scope: Scope, id: string): Promise<ConnectionRow> {
  const organizationId = scope.organizationId ?? '';
  const row = await platform.door.read(scope, (tx) => readConnection(tx, id));
  const test_error = row.is_active ? await failureOf(platform, organizationId, row) : 'it is switched off';
  const tested_at = platform.clock.now();
  return platform.door.write(scope, async (tx) => {
    await note(tx, id, { tested_at, test_error });
    return readConnection(tx, id);
  });
}

async function note(tx: ScopedTx, id: string, change: { tested_at: Date; test_error: string | null }): Promise<void> {
  await tx.sql('select plinth.update_provider_connection($1, $2, $3::jsonb)', [
    tx.organizationId,
    id,
    JSON.stringify(change),
  ]);
}

/** Null: it answered. */
async function failureOf(platform: Platform, organizationId: string, row: ConnectionRow): Promise<string | null> {
  try {
    // with a reader of its own: what was saved a moment ago is what is tested
    const { connections } = await makeSettingsReader(platform).of(organizationId);
    const connection = connections.find(({ id }) => id === row.id);
    if (!connection) return 'it is no longer there';
    const { status } = await platform.net.request({
      url: `${row.base_url}${row.wire === 'openai' ? '/models' : '/v1/models?limit=1'}`,
      headers: providerHeaders(row.wire, await connection.credentials()),
      timeoutMs: connectionLimits.test_timeout_ms,
      maxResponseBytes: connectionLimits.test_answer_bytes_max,
      cutsAnswer: true,
    });
    if (status < 300) return null;
    if (status === 401 || status === 403) return `the key is refused (${status})`;
    return `it answered with status ${status}`;
  } catch (error) {
    const { code, detail, title } = asPlinthError(error);
    if (code === 'internal') throw error;
    return `${code}: ${detail ?? title}`.slice(0, 500);
  }
}
