import { errors } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { checkSecret, generateSecret, headersContext, secretContext } from './endpoint-secrets.ts';
import { deliveryErrors } from './errors.ts';
import { deliveryLimits } from './limits.ts';

/** Whose endpoints a caller may see: a customer's, or with no customer all of the organization. */
export interface Owner {
  readonly customer?: string;
}

/** What a caller may set; null takes a value away. */
export interface EndpointInput {
  readonly url?: string;
  readonly description?: string | null;
  readonly names?: readonly string[];
  /** Sent along with every request; kept sealed, only the names are shown. */
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly timeout_ms?: number;
  readonly rate_per_second?: number | null;
  readonly concurrency_max?: number;
  readonly order_by?: string | null;
  readonly retry_schedule_seconds?: readonly number[] | null;
  readonly jitter_percent?: number;
}

/** How an endpoint fares. */
export interface EndpointHealth {
  readonly circuit: 'closed' | 'open' | 'half_open';
  readonly open_until: Date | null;
  readonly paused_until: Date | null;
  /** Failed attempts since the last that did not fail. */
  readonly failure_count: number;
  readonly failing_since: Date | null;
  readonly last_success_at: Date | null;
  readonly last_failure_at: Date | null;
  readonly last_error: string | null;
}

/** An endpoint as people may see it. */
export interface EndpointRow {
  readonly id: string;
  readonly url: string;
  readonly description: string | null;
  readonly customer: string | null;
  readonly names: readonly string[];
  readonly header_names: readonly string[];
  readonly previous_secret_expires_at: Date | null;
  readonly timeout_ms: number;
  readonly rate_per_second: number | null;
  readonly concurrency_max: number;
  readonly order_by: string | null;
  readonly retry_schedule_seconds: readonly number[] | null;
  readonly jitter_percent: number;
  readonly is_active: boolean;
  readonly disabled_reason: 'user' | 'gone' | 'failing' | null;
  readonly disabled_at: Date | null;
  readonly health: EndpointHealth;
  readonly created_by: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const fromEndpoints = `select e.id, e.url, e.description, e.customer, e.names, e.header_names, e.previous_secret_expires_at,
    e.timeout_ms, e.rate_per_second, e.concurrency_max, e.order_by, e.retry_schedule_seconds, e.jitter_percent, e.is_active,
    e.disabled_reason, e.disabled_at, e.created_by, e.created_at, e.updated_at,
    s.circuit, s.open_until, s.paused_until, s.failure_count, s.failing_since, s.last_success_at, s.last_failure_at, s.last_error
  from plinth.event_endpoints e
  join plinth.endpoint_states s on s.organization_id = e.organization_id and s.id = e.id
  where e.organization_id = $1
    and e.deleted_at is null
    and ($2::text is null or e.customer = $2)`;

type FlatRow = Omit<EndpointRow, 'health'> & EndpointHealth;

function withHealth(row: FlatRow): EndpointRow {
  const {
    circuit,
    open_until,
    paused_until,
    failure_count,
    failing_since,
    last_success_at,
    last_failure_at,
    last_error,
  } = row;
  const { created_by, created_at, updated_at } = row;
  const health = {
    circuit,
    open_until,
    paused_until,
    failure_count,
    failing_since,
    last_success_at,
    last_failure_at,
    last_error,
  };
  return { ...row, health, created_by, created_at, updated_at };
}

/** Endpoints, newest first, below the id `before`. */
export async function listEndpoints(
  tx: ScopedTx,
  { customer }: Owner,
  before: string | undefined,
  rowsMax: number,
): Promise<EndpointRow[]> {
  const rows = await tx.sql<FlatRow>(
    `${fromEndpoints}
      and ($3::uuid is null or e.id < $3)
    order by e.id desc
    limit $4`,
    [tx.organizationId, customer, before, rowsMax],
  );
  return rows.map(withHealth);
}

/** Throws `not_found`. */
export async function readEndpoint(tx: ScopedTx, { customer }: Owner, id: string): Promise<EndpointRow> {
  const [row] = await tx.sql<FlatRow>(`${fromEndpoints} and e.id = $3`, [tx.organizationId, customer, id]);
  if (!row) throw errors.not_found({ detail: 'no such event endpoint' });
  return withHealth(row);
}

/** Throws `invalid_value` or `outbound_refused` for an address or headers that can not be used. */
function checkInput(platform: Platform, { url, headers }: EndpointInput): void {
  if (url !== undefined || headers) platform.net.check({ url: url ?? 'https://example.org/', headers: headers ?? {} });
  const names = Object.keys(headers ?? {});
  if (names.length > deliveryLimits.headers_max) {
    throw errors.invalid_value({ field: 'headers', detail: `at most ${deliveryLimits.headers_max} headers` });
  }
  const ours = names.find((name) => /^(webhook-.*|content-type|user-agent)$/i.test(name));
  if (ours !== undefined) {
    throw errors.invalid_value({ field: 'headers', detail: `the header ${ours.toLowerCase()} is set by the sender` });
  }
}

async function sealHeaders(platform: Platform, organizationId: string, id: string, headers: EndpointInput['headers']) {
  if (headers === undefined) return {};
  if (headers === null || Object.keys(headers).length === 0) return { headers: null, header_names: [] };
  return {
    headers: await platform.keyring.seal(headersContext(organizationId, id), JSON.stringify(headers)),
    header_names: Object.keys(headers).map((name) => name.toLowerCase()),
  };
}

export interface PreparedEndpoint {
  readonly id: string;
  readonly row: Record<string, unknown>;
  /** Shown once. */
  readonly secret: string;
}

/**
 * Checks a new endpoint and seals its secret: outside a transaction, for sealing may read the organization's key. Throws
 * `invalid_value`, `outbound_refused`.
 */
export async function prepareEndpoint(
  platform: Platform,
  organizationId: string,
  { secret: given, headers, ...input }: EndpointInput & Owner & { readonly url: string; readonly secret?: string },
): Promise<PreparedEndpoint> {
  checkInput(platform, { ...input, ...(headers ? { headers } : {}) });
  const secret = given ?? generateSecret();
  checkSecret(secret);
  const id = uuidv7(platform.clock.now());
  const sealed = await platform.keyring.seal(secretContext(organizationId, id), secret);
  const sealedHeaders = await sealHeaders(platform, organizationId, id, headers);
  return { id, row: { ...input, id, secret: sealed, ...sealedHeaders }, secret };
}

/** Throws `endpoints_full`. */
export async function createEndpoint(tx: ScopedTx, { id, row }: PreparedEndpoint): Promise<EndpointRow> {
  const customer = row['customer'];
  const [live] = await tx.sql<{ all: number; theirs: number }>(
    `select count(*)::int as all, (count(*) filter (where customer = $2))::int as theirs
     from plinth.event_endpoints
     where organization_id = $1 and deleted_at is null`,
    [tx.organizationId, customer],
  );
  const { endpoints_max, customer_endpoints_max } = deliveryLimits;
  if ((live?.all ?? 0) >= endpoints_max)
    throw deliveryErrors.endpoints_full({ detail: `The limit is ${endpoints_max}.` });
  if ((live?.theirs ?? 0) >= customer_endpoints_max) {
    throw deliveryErrors.endpoints_full({ detail: `A customer has at most ${customer_endpoints_max}.` });
  }
  await tx.sql('select plinth.create_event_endpoint($1, $2::jsonb)', [tx.organizationId, JSON.stringify(row)]);
  return readEndpoint(tx, {}, id);
}

/** What a change writes, its headers sealed: outside a transaction. Throws as `prepareEndpoint`. */
export async function prepareChange(
  platform: Platform,
  organizationId: string,
  id: string,
  input: EndpointInput,
): Promise<Record<string, unknown>> {
  checkInput(platform, input);
  const { headers, ...plain } = input;
  return { ...plain, ...(await sealHeaders(platform, organizationId, id, headers)) };
}

/** Throws `not_found`. */
export async function updateEndpoint(
  tx: ScopedTx,
  owner: Owner,
  id: string,
  change: Record<string, unknown>,
): Promise<EndpointRow> {
  await readEndpoint(tx, owner, id);
  await tx.sql('select plinth.update_event_endpoint($1, $2, $3::jsonb)', [
    tx.organizationId,
    id,
    JSON.stringify(change),
  ]);
  return readEndpoint(tx, owner, id);
}

/** Seals a new secret, outside a transaction. Throws `invalid_value`. */
export async function prepareSecret(
  platform: Platform,
  organizationId: string,
  id: string,
  given: string | undefined,
): Promise<{ secret: string; sealed: string }> {
  const secret = given ?? generateSecret();
  checkSecret(secret);
  return { secret, sealed: await platform.keyring.seal(secretContext(organizationId, id), secret) };
}

/** Signs with the new secret from now on, and with the old one too until `overlapUntil`. Throws `not_found`. */
export async function rotateSecret(
  tx: ScopedTx,
  owner: Owner,
  id: string,
  sealed: string,
  overlapUntil: Date | null,
): Promise<EndpointRow> {
  await readEndpoint(tx, owner, id);
  await tx.sql('select plinth.rotate_event_endpoint_secret($1, $2, $3, $4)', [
    tx.organizationId,
    id,
    sealed,
    overlapUntil,
  ]);
  return readEndpoint(tx, owner, id);
}

/** Switches an endpoint on, its circuit closed, or off; what waits for one that is off is dead. Throws `not_found`. */
export async function switchEndpoint(
  tx: ScopedTx,
  owner: Owner,
  id: string,
  isOn: boolean,
  at: Date,
): Promise<EndpointRow> {
  const { is_active } = await readEndpoint(tx, owner, id);
  if (is_active !== isOn) await switchTo(tx, id, isOn ? null : 'user', false, at);
  return readEndpoint(tx, owner, id);
}

function switchTo(tx: ScopedTx, id: string, reason: 'user' | null, isDeleted: boolean, at: Date) {
  return tx.sql('select plinth.switch_event_endpoint($1, $2, $3, $4, $5)', [
    tx.organizationId,
    id,
    reason,
    isDeleted,
    at,
  ]);
}

/** Deletes an endpoint, and the subscriptions to it alone; what was sent stays in the log. Throws `not_found`. */
export async function deleteEndpoint(tx: ScopedTx, owner: Owner, id: string, at: Date): Promise<void> {
  await readEndpoint(tx, owner, id);
  await switchTo(tx, id, null, true, at);
  await tx.sql(
    `update plinth.event_subscriptions
     set deleted_at = $3
     where organization_id = $1 and action = 'webhook' and target ->> 'endpoint_id' = $2::text and deleted_at is null`,
    [tx.organizationId, id, at],
  );
}
