import { type PasswordHasher, passwordHasher } from '../../platform/core/passwords.ts';
import type { Platform } from '../../platform/platform.ts';
import { type SecurityEventRecorder, securityEventRecorder } from './security-events.ts';
import { defaultTenancySettings, type TenancySettings } from './settings.ts';

/** What the services of signing in share: made once per server. */
export interface Access {
  readonly platform: Platform;
  readonly settings: TenancySettings;
  readonly passwords: PasswordHasher;
  readonly securityEvents: SecurityEventRecorder;
}

/** Who is at the other end, as far as the connection tells. */
export interface Caller {
  readonly requestId: string;
  readonly ipAddress: string;
  /** What the browser calls itself; shown to the person in the list of sessions. */
  readonly device: string;
}

export function makeAccess(platform: Platform, settings: Partial<TenancySettings> = {}): Access {
  const all = { ...defaultTenancySettings, ...settings };
  return {
    platform,
    settings: all,
    passwords: passwordHasher({ algorithm: all.passwordAlgorithm }),
    securityEvents: securityEventRecorder(platform),
  };
}
