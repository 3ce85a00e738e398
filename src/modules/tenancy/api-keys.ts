import { errors } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import { mintToken } from '../../platform/core/tokens.ts';
import type { Actor, Policy } from '../../platform/http/actor.ts';
import { decodeCursor, type Page, toPage } from '../../platform/http/paging.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { recordActivity } from '../audit/index.ts';
import { tenancyErrors } from './errors.ts';
import { assertMayGrant, assertScopes, mayGrant } from './roles.ts';
import { tenancyLimits } from './settings.ts';

export interface ApiKey {
  readonly id: string;
  /** Whose it is; null: a service of the organization. */
  readonly user_id: string | null;
  readonly name: string;
  readonly prefix: string;
  readonly last4: string;
  readonly role: OrganizationRole;
  readonly scopes: readonly string[];
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
  readonly created_by: string | null;
  readonly created_at: Date;
}

export interface NewApiKey extends ApiKey {
  /** The key itself: shown once, stored as a hash. */
  readonly key: string;
}

export interface ApiKeyInput {
  readonly name: string;
  /** A service key belongs to nobody and has the role `service`. */
  readonly service?: boolean | undefined;
  readonly role?: 'owner' | 'admin' | 'member' | 'viewer' | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expires_at?: Date | undefined;
}

const columns =
  'id, user_id, name, prefix, last4, role, scopes, expires_at, last_used_at, revoked_at, created_by, created_at';

/** Administrators see all keys of the organization, others their own. */
export async function listApiKeys(
  tx: ScopedTx,
  actor: Actor,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Page<ApiKey>> {
  const rows = await tx.sql<ApiKey>(
    `select ${columns}
     from plinth.api_keys
     where organization_id = $1
       and ($2::uuid is null or id < $2)
       and ($3 or user_id = $4)
     order by id desc
     limit $5`,
    [tx.organizationId, decodeCursor(cursor) ?? null, administers(actor), actor.userId ?? null, limit + 1],
  );
  return toPage(rows, limit);
}

/**
 * Makes a key. It never has more than its maker: not a higher role, not wider scopes, not a longer life than the key
 * it was made with. Throws `forbidden`, `invalid_value`, `too_many_api_keys`.
 */
export async function createApiKey(
  platform: Platform,
  policy: Policy,
  tx: ScopedTx,
  actor: Actor,
  input: ApiKeyInput,
): Promise<NewApiKey> {
  const at = platform.clock.now();
  const role = input.service ? 'service' : (input.role ?? actor.memberRole ?? 'viewer');
  const scopes = input.scopes ?? actor.scopes;
  if (input.service && input.role !== undefined) {
    throw errors.invalid_value({ field: 'role', detail: 'a service key has the role service; leave role out' });
  }
  if (!input.service && !actor.userId) {
    throw errors.invalid_value({ field: 'service', detail: 'a service can make service keys only' });
  }
  assertMayGrant(actor, role);
  assertScopes(policy, actor, scopes);
  if (input.expires_at && input.expires_at <= at) {
    throw errors.invalid_value({ field: 'expires_at', detail: 'expires_at is in the past' });
  }
  const makerExpiry = actor.apiKeyId ? (await findApiKey(tx, actor.apiKeyId)).expires_at : null;
  const expiresAt = earlier(input.expires_at ?? null, makerExpiry);
  const key = await insertApiKey(tx, {
    name: input.name,
    userId: input.service ? null : (actor.userId ?? null),
    role,
    scopes,
    expiresAt,
    at,
  });
  await recordActivity(tx, {
    action: 'api_key_created',
    resourceType: 'api_keys',
    resourceId: key.id,
    summary: `API key ${input.name} was created`,
  });
  return key;
}

/** The key that the first-run page shows: its owner's, with all rights. */
export function createFirstApiKey(platform: Platform, tx: ScopedTx, userId: string): Promise<NewApiKey> {
  const at = platform.clock.now();
  return insertApiKey(tx, { name: 'First key', userId, role: 'owner', scopes: ['*'], expiresAt: null, at });
}

async function insertApiKey(
  tx: ScopedTx,
  key: {
    name: string;
    userId: string | null;
    role: OrganizationRole;
    scopes: readonly string[];
    expiresAt: Date | null;
    at: Date;
  },
): Promise<NewApiKey> {
  const id = uuidv7(key.at);
  const { token, prefix, last4, hash } = mintToken('api_key', tx.organizationId);
  const [row] = await tx.sql<{ outcome: string }>(
    'select plinth.create_api_key($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) as outcome',
    [
      tx.organizationId,
      id,
      hash,
      prefix,
      last4,
      key.userId,
      key.name,
      key.role,
      key.scopes,
      key.expiresAt,
      tx.scope.userId ?? null,
      tenancyLimits.api_keys_live_max,
      key.at,
    ],
  );
  if (row?.outcome === 'too_many') throw tenancyErrors.too_many_api_keys();
  if (row?.outcome !== 'created') throw errors.forbidden({ detail: 'a personal key is for a member' });
  return { ...(await findApiKey(tx, id)), key: token };
}

/** Stops a key for good, within a second everywhere. One's own, or any for administrators; else `not_found`. */
export async function revokeApiKey(tx: ScopedTx, actor: Actor, id: string, at: Date): Promise<void> {
  const key = await findVisibleApiKey(tx, actor, id);
  const [row] = await tx.sql<{ revoked: boolean }>('select plinth.revoke_api_key($1, $2, $3) as revoked', [
    tx.organizationId,
    id,
    at,
  ]);
  if (!row?.revoked) throw errors.invalid_transition({ detail: 'the key is revoked already' });
  await recordActivity(tx, {
    action: 'api_key_revoked',
    resourceType: 'api_keys',
    resourceId: id,
    summary: `API key ${key.name} was revoked`,
  });
}

/**
 * A new key with the rights of an old one, which works on for `graceSeconds`. Only for keys the actor could have made:
 * their own, or a service's; whoever rotates holds the new key. Throws `not_found`, `forbidden`, `invalid_transition`
 * (not live any more), and `too_many_api_keys` unless the old key ends at once.
 */
export async function rotateApiKey(
  policy: Policy,
  tx: ScopedTx,
  actor: Actor,
  id: string,
  { graceSeconds, at }: { graceSeconds: number; at: Date },
): Promise<NewApiKey> {
  const old = await findVisibleApiKey(tx, actor, id);
  const isTheirs =
    old.user_id === null
      ? mayGrant(actor.memberRole, 'service') || actor.apiKeyId === id
      : old.user_id === actor.userId;
  if (!isTheirs)
    throw errors.forbidden({ detail: 'only its owner can rotate a personal key', hint: 'Revoke it instead.' });
  if (actor.apiKeyId !== id) {
    assertMayGrant(actor, old.role);
    assertScopes(policy, actor, old.scopes);
  }
  const newId = uuidv7(at);
  const { token, prefix, last4, hash } = mintToken('api_key', tx.organizationId);
  const [row] = await tx.sql<{ outcome: string }>(
    'select plinth.rotate_api_key($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as outcome',
    [
      tx.organizationId,
      id,
      newId,
      hash,
      prefix,
      last4,
      tx.scope.userId ?? null,
      new Date(at.getTime() + graceSeconds * 1000),
      tenancyLimits.api_keys_live_max,
      at,
    ],
  );
  if (row?.outcome === 'too_many') {
    throw tenancyErrors.too_many_api_keys({
      detail: 'the old key would work on beside the new one',
      hint: 'Revoke keys that are no longer used, or rotate with grace_seconds 0: then the old key ends at once.',
    });
  }
  if (row?.outcome !== 'rotated') throw errors.invalid_transition({ detail: 'the key is revoked or has expired' });
  await recordActivity(tx, {
    action: 'api_key_rotated',
    resourceType: 'api_keys',
    resourceId: newId,
    summary: `API key ${old.name} was rotated`,
    details: { old_id: id },
  });
  return { ...(await findApiKey(tx, newId)), key: token };
}

async function findApiKey(tx: ScopedTx, id: string): Promise<ApiKey> {
  const [row] = await tx.sql<ApiKey>(`select ${columns} from plinth.api_keys where organization_id = $1 and id = $2`, [
    tx.organizationId,
    id,
  ]);
  if (!row) throw errors.not_found({ detail: 'no such API key' });
  return row;
}

async function findVisibleApiKey(tx: ScopedTx, actor: Actor, id: string): Promise<ApiKey> {
  const key = await findApiKey(tx, id);
  const isOwn = key.id === actor.apiKeyId || (key.user_id !== null && key.user_id === actor.userId);
  if (!isOwn && !administers(actor)) throw errors.not_found({ detail: 'no such API key' });
  return key;
}

function administers(actor: Actor): boolean {
  return actor.memberRole === 'owner' || actor.memberRole === 'admin';
}

function earlier(a: Date | null, b: Date | null): Date | null {
  if (!a || !b) return a ?? b;
  return a < b ? a : b;
}
