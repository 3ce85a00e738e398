import { errors } from '../../platform/core/errors.ts';
import { assertPassword } from '../../platform/core/password-policy.ts';
import type { Actor } from '../../platform/http/actor.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import type { Access } from './access.ts';
import { tenancyErrors } from './errors.ts';
import { assertUsername, normalizeEmail } from './names.ts';
import { attemptBuckets, claimAttempt, clearAttempts } from './throttle.ts';

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly full_name: string;
  readonly role: 'user' | 'admin' | 'superuser';
  readonly is_verified: boolean;
  readonly preferred_language: string;
  readonly timezone: string;
  readonly created_at: Date;
}

/** A signed-in person, as opposed to a program with a key: accounts are changed by people only. */
export interface Person extends Actor {
  readonly userId: string;
  readonly sessionId: string;
}

export function requirePerson(actor: Actor | undefined): Person {
  if (!actor) throw errors.unauthenticated();
  if (actor.kind !== 'user' || !actor.userId || !actor.sessionId) throw tenancyErrors.session_required();
  return { ...actor, userId: actor.userId, sessionId: actor.sessionId };
}

/** The account of the scope's user: the policy of `users` shows no other. */
export async function getAccount(tx: ScopedTx, userId: string): Promise<Account> {
  const [row] = await tx.sql<Account>(
    `select id, email, username, full_name, role, is_verified, preferred_language, timezone, created_at
     from plinth.users
     where id = $1`,
    [userId],
  );
  if (!row) throw errors.not_found({ detail: 'no such user' });
  return row;
}

export interface AccountChanges {
  readonly full_name?: string | undefined;
  readonly username?: string | undefined;
  readonly preferred_language?: string | undefined;
  readonly timezone?: string | undefined;
}

/**
 * Changes one's own account; the name follows into every organization. Throws `already_exists` (username) before anything
 * is written. Two transactions: functions write users as another role than the request, and on a cluster the second of
 * the two would wait for the first for ever.
 */
export async function updateAccount(
  platform: Platform,
  scope: Scope,
  userId: string,
  changes: AccountChanges,
): Promise<Account> {
  const { full_name: fullName, username, preferred_language: language, timezone } = changes;
  const at = platform.clock.now();
  if (timezone !== undefined && !isTimezone(timezone)) {
    throw errors.invalid_value({ field: 'timezone', detail: 'timezone is not a name such as Europe/Berlin' });
  }
  if (username !== undefined) assertUsername(username);
  if (username !== undefined || fullName !== undefined) {
    await platform.door.write(scope, async (tx) => {
      if (username !== undefined) await changeUsername(tx, userId, username, at);
      // last: it writes tenants' rows, and global rows come first
      if (fullName !== undefined) await tx.sql('select plinth.change_full_name($1, $2, $3)', [userId, fullName, at]);
    });
  }
  return platform.door.write(scope, async (tx) => {
    if (language !== undefined || timezone !== undefined) {
      await tx.sql(
        `update plinth.users
         set preferred_language = coalesce($2, preferred_language), timezone = coalesce($3, timezone), updated_at = $4
         where id = $1`,
        [userId, language ?? null, timezone ?? null, at],
      );
    }
    return getAccount(tx, userId);
  });
}

async function changeUsername(tx: ScopedTx, userId: string, username: string, at: Date): Promise<void> {
  const [row] = await tx.sql<{ outcome: string }>('select plinth.change_username($1, $2, $3) as outcome', [
    userId,
    username,
    at,
  ]);
  if (row?.outcome !== 'changed') {
    throw errors.already_exists({ field: 'username', detail: 'this username is taken' });
  }
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Asks for the password again before something that matters, under the same throttle as signing in. Throws
 * `sign_in_failed` and `rate_limited`.
 */
export async function confirmPassword(
  access: Access,
  scope: Scope,
  person: Person,
  password: string,
): Promise<Account> {
  const { platform, passwords } = access;
  const ipAddress = scope.ipAddress ?? 'unknown';
  const { account, hash, buckets } = await platform.door.write(withoutTenant(scope), async (tx) => {
    const own = await getAccount(tx, person.userId);
    const tries = attemptBuckets(own.email, ipAddress);
    await claimAttempt(tx, tries, own.email, ipAddress, platform.clock.now());
    const [row] = await tx.sql<{ hash: string | null }>('select plinth.credentials_of_user($1) as hash', [own.id]);
    return { account: own, hash: row?.hash, buckets: tries };
  });
  const { ok } = hash ? await passwords.verify(password, hash) : await passwords.verifyAgainstNothing(password);
  if (!ok) {
    access.securityEvents.record({
      kind: 'password_confirmation_failed',
      severity: 'warning',
      user_id: person.userId,
      ip_address: ipAddress,
    });
    throw tenancyErrors.sign_in_failed({ detail: 'the current password is wrong' });
  }
  await platform.door.write(withoutTenant(scope), (tx) => clearAttempts(tx, buckets));
  return account;
}

/** Changes one's password; every other session ends. Throws `password_refused`, `sign_in_failed`. */
export async function changePassword(
  access: Access,
  scope: Scope,
  person: Person,
  input: { current_password: string; new_password: string },
): Promise<void> {
  const { platform, passwords, settings } = access;
  const account = await confirmPassword(access, scope, person, input.current_password);
  assertPassword(input.new_password, {
    algorithm: settings.passwordAlgorithm,
    email: account.email,
    words: [account.email, account.username, account.full_name],
  });
  const hash = await passwords.hash(input.new_password);
  await platform.door.write(withoutTenant(scope), (tx) =>
    tx.sql('select plinth.set_password($1, $2, $3, $4)', [person.userId, hash, person.sessionId, platform.clock.now()]),
  );
}

/** Changes one's e-mail everywhere; every other session ends. Throws `already_exists`, `sign_in_failed`. */
export async function changeEmail(
  access: Access,
  scope: Scope,
  person: Person,
  input: { email: string; password: string },
): Promise<Account> {
  const { platform } = access;
  const email = normalizeEmail(input.email);
  await confirmPassword(access, scope, person, input.password);
  await platform.door.write(withoutTenant(scope), async (tx) => {
    const [row] = await tx.sql<{ outcome: string }>('select plinth.change_email($1, $2, $3, $4) as outcome', [
      person.userId,
      email,
      person.sessionId,
      platform.clock.now(),
    ]);
    if (row?.outcome === 'taken') {
      throw errors.already_exists({ field: 'email', detail: 'there is an account with this e-mail' });
    }
  });
  return platform.door.read(withoutTenant(scope), (tx) => getAccount(tx, person.userId));
}

/**
 * Switches an account off or on, by an administrator of the installation. Off: its sessions and keys end at once and
 * stay ended. Throws `forbidden`, `not_found`, `last_superuser`.
 */
export async function setUserActive(
  access: Access,
  scope: Scope,
  person: Person,
  userId: string,
  active: boolean,
): Promise<void> {
  await access.platform.door.write(withoutTenant(scope), async (tx) => {
    const [row] = await tx.sql<{ outcome: string }>('select plinth.set_user_active($1, $2, $3, $4) as outcome', [
      person.userId,
      userId,
      active,
      access.platform.clock.now(),
    ]);
    if (row?.outcome === 'forbidden') {
      throw errors.forbidden({
        detail: 'only an administrator of the installation may, and only a superuser another administrator',
        hint: 'Ask whoever runs this installation.',
      });
    }
    if (row?.outcome === 'last_superuser') throw tenancyErrors.last_superuser();
    if (row?.outcome !== 'changed') throw errors.not_found({ detail: 'no such user' });
  });
}

/** Accounts are nobody's tenant: such a transaction sees no organization. */
export function withoutTenant(scope: Scope): Scope {
  const { organizationId: _organization, memberRole: _role, ...rest } = scope;
  return rest;
}
