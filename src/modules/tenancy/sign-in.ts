import { assertPassword } from '../../platform/core/password-policy.ts';
import { mintToken, NO_ORGANIZATION_ID, parseToken } from '../../platform/core/tokens.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import type { Access, Caller } from './access.ts';
import { tenancyErrors } from './errors.ts';
import { normalizeEmail } from './names.ts';
import { createSession, type NewSession } from './sessions.ts';
import { tenancyLimits } from './settings.ts';
import { attemptBuckets, claimAttempt, clearAttempts } from './throttle.ts';

export interface SignedIn extends NewSession {
  readonly userId: string;
}

interface Credentials {
  readonly user_id: string;
  readonly password_hash: string | null;
  readonly is_active: boolean;
}

/** The scope of a request that nobody is signed in to. */
export function scopeOfCaller(caller: Caller): Scope {
  return { as: 'app', requestId: caller.requestId, ipAddress: caller.ipAddress };
}

/**
 * Signs in with e-mail and password. A wrong password, an unknown address and an account that is off answer the same,
 * after the same work: one transaction, one hash, one event. Throws `sign_in_failed`, `rate_limited`, `too_busy`.
 */
export async function signIn(
  access: Access,
  input: { email: string; password: string },
  caller: Caller,
): Promise<SignedIn> {
  const { platform, passwords } = access;
  const email = normalizeEmail(input.email);
  const buckets = attemptBuckets(email, caller.ipAddress);
  const credentials = await platform.door.write(scopeOfCaller(caller), async (tx) => {
    await claimAttempt(tx, buckets, email, caller.ipAddress, platform.clock.now());
    const [row] = await tx.sql<Credentials>('select * from plinth.credentials_by_email($1)', [email]);
    return row;
  });
  const hash = credentials?.password_hash;
  const verified = hash
    ? await passwords.verify(input.password, hash)
    : await passwords.verifyAgainstNothing(input.password);
  if (!verified.ok || !credentials?.is_active || !hash) {
    access.securityEvents.record({
      kind: 'sign_in_failed',
      ip_address: caller.ipAddress,
      request_id: caller.requestId,
      ...(credentials ? { user_id: credentials.user_id } : {}),
    });
    throw tenancyErrors.sign_in_failed();
  }
  const renewed = verified.needsRehash ? await passwords.hash(input.password) : undefined;
  const userId = credentials.user_id;
  const session = await platform.door.write({ ...scopeOfCaller(caller), userId }, async (tx) => {
    const created = await createSession(access, tx, userId, caller, hash);
    await clearAttempts(tx, buckets);
    if (renewed) await tx.sql('select plinth.renew_password_hash($1, $2, $3)', [userId, hash, renewed]);
    await tx.sql('select plinth.record_security_event($1)', [JSON.stringify({ kind: 'sign_in', user_id: userId })]);
    return created;
  });
  return { ...session, userId };
}

export interface OneTimeLink {
  readonly token: string;
  /** To be put behind the server's public URL; the token is in the fragment, which browsers do not send. */
  readonly path: string;
  readonly expiresAt: Date;
}

/** Makes a one-time link: 15 minutes, single use. Runs as the worker role: no request can make one. */
export async function issueLink(
  platform: Platform,
  kind: 'first_run' | 'sign_in',
  page: string,
  userId?: string,
): Promise<OneTimeLink> {
  const at = platform.clock.now();
  const expiresAt = new Date(at.getTime() + tenancyLimits.one_time_link_minutes * 60_000);
  const { token, hash } = mintToken('one_time_link', NO_ORGANIZATION_ID);
  await platform.door.write(
    { as: 'worker' },
    (tx) =>
      tx.sql('select plinth.issue_one_time_token($1, $2, $3, $4, $5)', [kind, hash, userId ?? null, expiresAt, at]),
    { pool: 'worker' },
  );
  return { token, path: `${page}#${token}`, expiresAt };
}

/**
 * A link with which a person sets a new password: for the operator to hand over, whose word stands in for a mail that
 * proves the address. Undefined when there is no active account with this e-mail. Never reachable by a request: an
 * administrator of one organization could otherwise take over a member's account in all the others.
 */
export async function issueSignInLink(platform: Platform, email: string): Promise<OneTimeLink | undefined> {
  const [row] = await platform.door.readOne<{ user_id: string | null }>(
    { as: 'worker' },
    'select plinth.active_user_by_email($1) as user_id',
    [normalizeEmail(email)],
    { pool: 'worker' },
  );
  return row?.user_id ? issueLink(platform, 'sign_in', '/', row.user_id) : undefined;
}

/**
 * Sets a password with a sign-in link and signs in; every older session ends. Throws `link_not_valid`, and
 * `password_refused`, after which the link is as good as before.
 */
export async function redeemSignInLink(
  access: Access,
  input: { token: string; password: string },
  caller: Caller,
): Promise<SignedIn> {
  const { platform, passwords, settings } = access;
  const parsed = parseToken(input.token, 'one_time_link');
  if (!parsed) throw tenancyErrors.link_not_valid();
  try {
    const [person] = await platform.door.readOne<{ email: string; username: string; full_name: string }>(
      scopeOfCaller(caller),
      'select * from plinth.person_of_sign_in_link($1, $2)',
      [parsed.hash, platform.clock.now()],
    );
    if (!person) throw tenancyErrors.link_not_valid();
    const { email, username, full_name: fullName } = person;
    assertPassword(input.password, {
      algorithm: settings.passwordAlgorithm,
      email,
      words: [email, username, fullName],
    });
    const passwordHash = await passwords.hash(input.password);
    return await platform.door.write(scopeOfCaller(caller), async (tx) => {
      const [row] = await tx.sql<{ user_id: string | null }>(
        'select plinth.redeem_sign_in_link($1, $2, $3) as user_id',
        [parsed.hash, passwordHash, platform.clock.now()],
      );
      if (!row?.user_id) throw tenancyErrors.link_not_valid();
      return { ...(await createSession(access, tx, row.user_id, caller)), userId: row.user_id };
    });
  } catch (error) {
    recordRefusedLink(access, caller, error);
    throw error;
  }
}

export function recordRefusedLink(access: Access, caller: Caller, error: unknown): void {
  if ((error as { code?: string }).code !== 'link_not_valid') return;
  access.securityEvents.record({
    kind: 'one_time_link_refused',
    severity: 'warning',
    ip_address: caller.ipAddress,
    request_id: caller.requestId,
  });
}
