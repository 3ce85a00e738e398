import type { Config } from '../../platform/core/config.ts';
import type { PasswordAlgorithm } from '../../platform/core/passwords.ts';
import type { TokenIssuer } from '../../platform/core/token-issuers.ts';

/** What an operator may change; the composition root passes the configuration's values. */
export interface TenancySettings {
  readonly passwordAlgorithm: PasswordAlgorithm;
  /** A session ends when it was not used for this long. */
  readonly sessionIdleHours: number;
  /** A session ends at this age even when it is used. */
  readonly sessionHoursMax: number;
  /** Identity providers whose tokens are accepted. */
  readonly tokenIssuers: readonly TokenIssuer[];
}

export const defaultTenancySettings: TenancySettings = {
  passwordAlgorithm: 'argon2id',
  sessionIdleHours: 24,
  sessionHoursMax: 720,
  tokenIssuers: [],
};

/** The configuration's values; test platforms may have none. */
export function settingsOf(config: Partial<Config> | undefined): Partial<TenancySettings> {
  if (!config?.passwordHash) return {};
  const { passwordHash: passwordAlgorithm, sessionIdleHours, sessionHoursMax, tokenIssuers } = config as Config;
  return { passwordAlgorithm, sessionIdleHours, sessionHoursMax, tokenIssuers };
}

/** Bounds of this module, units last. */
export const tenancyLimits = {
  name_chars: 200,
  slug_chars: 63,
  username_chars: 63,
  email_chars: 254,
  /** A person owns at most so many; administrators of the installation as many as they like. */
  organizations_owned_max: 20,
  api_keys_live_max: 1000,
  api_key_scopes_max: 100,
  /** Both keys work for this long after a rotation, unless the caller asks for less. */
  rotation_grace_seconds_default: 24 * 3600,
  rotation_grace_seconds_max: 30 * 24 * 3600,
  one_time_link_minutes: 15,
  invitation_days: 7,
  token_chars_max: 8192,
  token_skew_seconds: 30,
  jwks_bytes_max: 256 * 1024,
  jwks_keys_max: 100,
  jwks_timeout_ms: 5000,
  jwks_fresh_ms: 10 * 60_000,
  /** For so long after the last answer keys are used while their issuer does not answer. */
  jwks_stale_ms: 60 * 60_000,
  jwks_retry_ms: 5000,
  jwks_unknown_kid_ms: 30_000,
  invitations_pending_max: 500,
  recovery_days: 30,
  purge_rows_batch: 5000,
  cleanup_rows_batch: 10_000,
  cleanup_interval_hours: 6,
  /** How long a key that was good may be taken for good without asking again: revocation holds within this time. */
  api_key_cache_ms: 1000,
  api_key_cache_rows: 10_000,
  /** A last-used time is written at most this often for one key or session. */
  touch_interval_ms: 60_000,
  touch_delay_ms: 2000,
  touch_rows_max: 50_000,
  /** One kind of security event from one address is written at most this often; the rest are counted. */
  security_event_interval_ms: 10_000,
  security_event_sources_max: 10_000,
} as const;
