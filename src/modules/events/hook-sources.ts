import { errors } from '../../platform/core/errors.ts';
import { parseToken } from '../../platform/core/tokens.ts';
import type { Platform } from '../../platform/platform.ts';
import { eventErrors } from './errors.ts';
import { eventLimits } from './limits.ts';
import { secretContext } from './source-secrets.ts';
import { type SchemeName, webhookScheme } from './verify/index.ts';
import type { WebhookScheme } from './verify/scheme.ts';

/** An active source as receiving needs it, its secrets opened. */
export interface HookSource {
  readonly id: string;
  readonly organizationId: string;
  readonly schemeName: SchemeName;
  readonly scheme: WebhookScheme;
  readonly secret: Buffer;
  readonly previous: { readonly secret: Buffer; readonly expiresAt: Date } | undefined;
}

/** A source, with what its scheme is told by its settings. */
export interface SignableSource extends HookSource {
  readonly configuration: unknown;
}

interface SourceRow {
  readonly id: string;
  readonly scheme: SchemeName;
  readonly configuration: unknown;
  readonly secret: string;
  readonly previous_secret: string | null;
  readonly previous_secret_expires_at: Date | null;
}

export interface HookSources {
  /**
   * The source of a hook token; undefined when there is none: the token was never one of ours, or the source is
   * switched off or deleted, or its organization is. A typing error is found without a query.
   * `mayAsk` is called before a query is made for a token that is not known here, and may throw.
   */
  find(token: string, mayAsk: () => void): Promise<HookSource | undefined>;
  /** A source of an organization by its id, to sign a test event for it. Throws `not_found`, `event_source_off`. */
  open(organizationId: string, id: string): Promise<SignableSource>;
  /** Forgets what is known of an organization's sources, after one was changed. */
  forget(organizationId: string): void;
}

interface Entry {
  readonly organizationId: string;
  readonly source: Promise<HookSource | undefined>;
  readonly expiresAt: number;
}

/** Sources by token, remembered for at most a second, also those that are not there. */
export function makeHookSources(platform: Platform): HookSources {
  const entries = new Map<string, Entry>();
  const now = (): number => platform.clock.now().getTime();

  async function load(organizationId: string, hash: Buffer): Promise<HookSource | undefined> {
    const [row] = await platform.door.readOne<SourceRow>(
      { as: 'app', organizationId, memberRole: 'service' },
      'select * from plinth.event_source_by_token($1, $2)',
      [organizationId, hash],
    );
    if (!row) return undefined;
    const { keyring } = platform;
    const context = secretContext(organizationId, row.id);
    const secret = await keyring.open(context, row.secret);
    const expiresAt = row.previous_secret_expires_at;
    const previous =
      row.previous_secret !== null && expiresAt !== null && expiresAt > platform.clock.now()
        ? { secret: await keyring.open(context, row.previous_secret), expiresAt }
        : undefined;
    const scheme = webhookScheme(row.scheme, row.configuration);
    return { id: row.id, organizationId, schemeName: row.scheme, scheme, secret, previous };
  }

  async function open(organizationId: string, id: string): Promise<SignableSource> {
    const [row] = await platform.door.readOne<
      Pick<SourceRow, 'scheme' | 'configuration' | 'secret'> & { is_active: boolean }
    >({ as: 'app', organizationId, memberRole: 'service' }, 'select * from plinth.event_source_by_id($1, $2)', [
      organizationId,
      id,
    ]);
    if (!row) throw errors.not_found({ detail: 'no such event source' });
    if (!row.is_active) throw eventErrors.event_source_off();
    const secret = await platform.keyring.open(secretContext(organizationId, id), row.secret);
    const scheme = webhookScheme(row.scheme, row.configuration);
    const { configuration } = row;
    return { id, organizationId, schemeName: row.scheme, scheme, secret, previous: undefined, configuration };
  }

  return {
    open,
    find(token, mayAsk) {
      const parsed = parseToken(token, 'hook');
      if (!parsed) return Promise.resolve(undefined);
      const name = parsed.hash.toString('base64');
      const known = entries.get(name);
      if (known && known.expiresAt > now()) return known.source;
      mayAsk();
      const entry: Entry = {
        organizationId: parsed.organizationId,
        source: load(parsed.organizationId, parsed.hash),
        expiresAt: now() + eventLimits.source_cache_ms,
      };
      entries.delete(name);
      if (entries.size >= eventLimits.source_cache_entries_max) entries.delete(entries.keys().next().value as string);
      entries.set(name, entry);
      entry.source.catch(() => {
        if (entries.get(name) === entry) entries.delete(name);
      });
      return entry.source;
    },
    forget(organizationId) {
      for (const [name, entry] of entries) if (entry.organizationId === organizationId) entries.delete(name);
    },
  };
}

/** One answer for every token that leads nowhere, whatever the reason. */
export const hookUnknown = () => eventErrors.hook_unknown();
