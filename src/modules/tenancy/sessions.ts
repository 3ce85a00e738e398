import { errors } from '../../platform/core/errors.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import { mintToken, NO_ORGANIZATION_ID } from '../../platform/core/tokens.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import type { Access, Caller } from './access.ts';
import { tenancyErrors } from './errors.ts';
import type { TenancySettings } from './settings.ts';

const HOUR_MS = 3_600_000;
const DEVICE_CHARS_MAX = 200;

export interface NewSession {
  readonly sessionId: string;
  /** For the cookie; stored as a hash. */
  readonly token: string;
  readonly expiresAt: Date;
}

export interface Session {
  readonly id: string;
  readonly device: string;
  readonly ip_address: string | null;
  readonly created_at: Date;
  readonly last_seen_at: Date;
  readonly expires_at: Date;
}

export function idleSince(settings: TenancySettings, at: Date): Date {
  return new Date(at.getTime() - settings.sessionIdleHours * HOUR_MS);
}

/**
 * Opens a session: a new token at every sign-in, so that one planted before is worth nothing. `verifiedHash` is the
 * password hash that was checked; when it is no longer the stored one, or the user is off, throws `sign_in_failed`.
 */
export async function createSession(
  access: Access,
  tx: ScopedTx,
  userId: string,
  caller: Caller,
  verifiedHash?: string,
): Promise<NewSession> {
  const at = access.platform.clock.now();
  const { token, hash } = mintToken('session', NO_ORGANIZATION_ID);
  const sessionId = uuidv7(at);
  const expiresAt = new Date(at.getTime() + access.settings.sessionHoursMax * HOUR_MS);
  const [row] = await tx.sql<{ created: boolean }>(
    'select plinth.create_session($1, $2, $3, $4, $5, $6, $7, $8) as created',
    [sessionId, userId, hash, verifiedHash ?? null, deviceName(caller.device), caller.ipAddress, expiresAt, at],
  );
  if (!row?.created) throw tenancyErrors.sign_in_failed();
  return { sessionId, token, expiresAt };
}

/** The person's live sessions, newest first. */
export async function listSessions(access: Access, tx: ScopedTx, userId: string): Promise<Session[]> {
  const at = access.platform.clock.now();
  return tx.sql<Session>('select * from plinth.sessions_of_user($1, $2, $3)', [
    userId,
    idleSince(access.settings, at),
    at,
  ]);
}

/** Ends one of the person's sessions. Throws `not_found` when it is not theirs, or has ended. */
export async function revokeSession(tx: ScopedTx, userId: string, sessionId: string, at: Date): Promise<void> {
  const [row] = await tx.sql<{ revoked: number }>('select plinth.revoke_sessions($1, $2, $3) as revoked', [
    userId,
    sessionId,
    at,
  ]);
  if (!row?.revoked) throw errors.not_found({ detail: 'no such session' });
}

/** Signs the person out everywhere; returns how many sessions ended. */
export async function revokeAllSessions(tx: ScopedTx, userId: string, at: Date): Promise<number> {
  const [row] = await tx.sql<{ revoked: number }>('select plinth.revoke_sessions($1, null, $2) as revoked', [
    userId,
    at,
  ]);
  return row?.revoked ?? 0;
}

function deviceName(text: string): string {
  const printable = text.toWellFormed().replace(/\p{Cc}/gu, ' ');
  return [...printable].slice(0, DEVICE_CHARS_MAX).join('');
}
