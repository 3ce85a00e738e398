import { errors } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import { assertPassword } from '../../platform/core/password-policy.ts';
import { parseToken } from '../../platform/core/tokens.ts';
import type { Platform } from '../../platform/platform.ts';
import type { Access, Caller } from './access.ts';
import { createFirstApiKey, type NewApiKey } from './api-keys.ts';
import { tenancyErrors } from './errors.ts';
import { normalizeEmail } from './names.ts';
import { withFreeSlug } from './organizations.ts';
import { createSession } from './sessions.ts';
import { issueLink, type OneTimeLink, recordRefusedLink, type SignedIn } from './sign-in.ts';

export interface FirstRunInput {
  readonly token: string;
  readonly email: string;
  readonly password: string;
  readonly full_name: string;
  readonly organization_name: string;
}

export interface FirstRunResult extends SignedIn {
  readonly organization: { readonly id: string; readonly name: string; readonly slug: string };
  /** Shown once. */
  readonly apiKey: NewApiKey;
}

/** Whether somebody administers this installation: an active superuser. */
export async function hasAdministrator(platform: Platform): Promise<boolean> {
  const [row] = await platform.door.readOne<{ there: boolean }>(
    { as: 'app' },
    'select plinth.has_administrator() as there',
  );
  return row?.there === true;
}

/**
 * The link that makes the first administrator: printed at every start until there is one, then undefined. Works once
 * and for 15 minutes; of several links one is enough, the others then say that there is an administrator.
 */
export async function issueFirstRunLink(platform: Platform): Promise<OneTimeLink | undefined> {
  if (await hasAdministrator(platform)) return undefined;
  return issueLink(platform, 'first_run', '/welcome');
}

/**
 * Makes the first administrator, their organization and its first API key, and signs them in. All or nothing, but for
 * the key: it is the tenant's, and made in the next transaction. Throws `link_not_valid`, `administrator_exists`,
 * `password_refused`, `invalid_value`; the link stays good unless it was used up.
 */
export async function completeFirstRun(access: Access, input: FirstRunInput, caller: Caller): Promise<FirstRunResult> {
  const { platform, passwords, settings } = access;
  const parsed = parseToken(input.token, 'one_time_link');
  if (!parsed) throw tenancyErrors.link_not_valid();
  if (await hasAdministrator(platform)) throw tenancyErrors.administrator_exists();
  const email = normalizeEmail(input.email);
  assertPassword(input.password, {
    algorithm: settings.passwordAlgorithm,
    email,
    words: [email, input.organization_name, input.full_name],
  });
  const passwordHash = await passwords.hash(input.password);
  const at = platform.clock.now();
  const [userId, organizationId] = [uuidv7(at), uuidv7(at)];
  // the ids are ours to choose, so the transaction is in the new tenant from the start and its audit names the person
  const scope = {
    as: 'app' as const,
    organizationId,
    userId,
    memberRole: 'owner' as const,
    requestId: caller.requestId,
    ipAddress: caller.ipAddress,
  };
  try {
    const { slug, result: session } = await withFreeSlug(input.organization_name, undefined, (candidate) =>
      platform.door.write(scope, async (tx) => {
        const [row] = await tx.sql<{ outcome: string }>(
          'select plinth.complete_first_run($1, $2, $3, $4, $5, $6, $7, $8, $9) as outcome',
          [
            organizationId,
            userId,
            parsed.hash,
            email,
            input.full_name,
            passwordHash,
            input.organization_name,
            candidate,
            at,
          ],
        );
        assertFirstRun(row?.outcome);
        return createSession(access, tx, userId, caller);
      }),
    );
    const apiKey = await platform.door.write(scope, (tx) => createFirstApiKey(access.platform, tx, userId));
    return { ...session, userId, organization: { id: organizationId, name: input.organization_name, slug }, apiKey };
  } catch (error) {
    recordRefusedLink(access, caller, error);
    throw error;
  }
}

function assertFirstRun(outcome: string | undefined): void {
  switch (outcome) {
    case 'created':
      return;
    case 'token_invalid':
      throw tenancyErrors.link_not_valid();
    case 'administrator_exists':
      throw tenancyErrors.administrator_exists();
    case 'email_taken':
      throw errors.already_exists({ field: 'email', detail: 'there is an account with this e-mail' });
    case 'slug_taken':
      throw errors.already_exists({ field: 'slug', detail: 'this slug is taken' });
    default:
      throw new Error(`complete_first_run answered ${outcome}`);
  }
}
