import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { errors } from '../../platform/core/errors.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';

const IPV6_NETWORK_BITS = 64;

/** The two buckets of a try: the account, and the account from this address. Neither holds the e-mail itself. */
export interface AttemptBuckets {
  readonly account: string;
  readonly address: string;
}

export function attemptBuckets(email: string, ipAddress: string): AttemptBuckets {
  const account = `account:${createHash('sha256').update(email).digest('base64url')}`;
  return { account, address: `${account} ${networkOf(ipAddress)}` };
}

/** An IPv4 address, or the /64 of an IPv6 one: whoever has one address there has all of them. */
export function networkOf(ipAddress: string): string {
  if (!ipaddr.isValid(ipAddress)) return 'unknown';
  const address = ipaddr.process(ipAddress);
  if (address instanceof ipaddr.IPv6) {
    return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toNormalizedString()}/${IPV6_NETWORK_BITS}`)}/64`;
  }
  return address.toString();
}

/**
 * Claims one try at an account. Throws `rate_limited` with the seconds to wait, for accounts that exist and for those
 * that do not alike. The try counts as a failure until `clearAttempts`.
 */
export async function claimAttempt(
  tx: ScopedTx,
  buckets: AttemptBuckets,
  email: string,
  ipAddress: string,
  at: Date,
): Promise<void> {
  const [claim] = await tx.sql<{ wait_seconds: number }>(
    'select plinth.claim_sign_in_attempt($1, $2, $3, $4, $5) as wait_seconds',
    [buckets.account, buckets.address, email, ipAddress, at],
  );
  if (claim && claim.wait_seconds > 0) {
    throw errors.rate_limited({
      retryAfterSeconds: claim.wait_seconds,
      detail: 'too many failed attempts to sign in',
    });
  }
}

export async function clearAttempts(tx: ScopedTx, buckets: AttemptBuckets): Promise<void> {
  await tx.sql('select plinth.clear_sign_in_attempts($1, $2)', [buckets.account, buckets.address]);
}
