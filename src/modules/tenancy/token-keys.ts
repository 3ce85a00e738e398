import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey, errors as joseErrors } from 'jose';
import type { TokenIssuer } from '../../platform/core/token-issuers.ts';
import type { Platform } from '../../platform/platform.ts';
import { tenancyErrors } from './errors.ts';
import { tenancyLimits as limits } from './settings.ts';

/** What this needs of the platform. */
export type KeyPlatform = Pick<Platform, 'clock' | 'net' | 'log'>;

interface Held {
  readonly find: JWTVerifyGetKey;
  readonly fetchedAt: number;
}

/**
 * The keys of one issuer: from its own set and nowhere else, whatever a token's header points to. Fetched through the
 * guarded client, kept for ten minutes, and longer (an hour) while the issuer does not answer. A key id that is not in
 * the set has it fetched again, at most twice a minute whatever is sent. Throws `issuer_unavailable` when there are no
 * keys to check with, and jose's `JWKSNoMatchingKey`.
 */
export function issuerKeys(platform: KeyPlatform, issuer: TokenIssuer): JWTVerifyGetKey {
  if (issuer.jwks) return createLocalJWKSet(publicKeys(issuer.jwks));
  let held: Held | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;
  const now = () => platform.clock.now().getTime();

  async function fetchOnce(): Promise<void> {
    triedAt = now();
    const { status, body } = await platform.net.request({
      url: issuer.jwksUrl,
      headers: { accept: 'application/json' },
      timeoutMs: limits.jwks_timeout_ms,
      maxResponseBytes: limits.jwks_bytes_max,
    });
    if (status !== 200) throw new Error(`the issuer's keys: HTTP ${status}`);
    held = { find: createLocalJWKSet(publicKeys(JSON.parse(body.toString('utf8')))), fetchedAt: now() };
  }

  /** Fetches unless it was tried a moment ago; many requests at once share one fetch. Never throws. */
  async function refresh(interval: number): Promise<void> {
    if (!fetching && now() - triedAt < interval) return;
    fetching ??= fetchOnce()
      .catch((error: unknown) => platform.log.warn({ err: error, issuer: issuer.issuer }, 'keys of an issuer not read'))
      .finally(() => {
        fetching = undefined;
      });
    await fetching;
  }

  function usable(): Held {
    if (!held || now() - held.fetchedAt > limits.jwks_stale_ms) throw tenancyErrors.issuer_unavailable();
    return held;
  }

  return async (header, token) => {
    if (!held || now() - held.fetchedAt > limits.jwks_fresh_ms) await refresh(limits.jwks_retry_ms);
    const before = usable();
    try {
      return await before.find(header, token);
    } catch (error) {
      if (!(error instanceof joseErrors.JWKSNoMatchingKey)) throw error;
      await refresh(limits.jwks_unknown_kid_ms);
      const after = usable();
      if (after === before) throw error;
      return after.find(header, token);
    }
  };
}

/** The public keys of a set: a symmetric one among them would let whoever reads the set sign. */
function publicKeys(set: unknown): JSONWebKeySet {
  const keys = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined;
  if (!Array.isArray(keys) || keys.length > limits.jwks_keys_max) throw new Error('not a set of keys');
  return { keys: keys.filter((key) => ['RSA', 'EC', 'OKP'].includes(key?.kty) && key.use !== 'enc') };
}
