import { asPlinthError } from '../../../platform/http/problem.ts';
import type { Platform } from '../../../platform/platform.ts';
import { type Credentials, openCredentials } from './connection-secrets.ts';
import type { ConnectionWire } from './connections.ts';
import { connectionLimits } from './limits.ts';
import { defaultPolicy, type EffectivePolicy, effectivePolicy, type PolicyFields } from './policies.ts';

/** A connection as calls need it. */
export interface Connection {
  readonly id: string;
  readonly name: string;
  readonly provider: string;
  readonly wire: ConnectionWire;
  readonly base_url: string;
  readonly models: readonly string[] | null;
  /** Opened once for as long as these settings are remembered. Throws `decryption_failed`. */
  credentials(): Promise<Credentials>;
}

/** Where an alias may lead. */
export interface AliasTarget {
  readonly connection: Connection;
  readonly model: string;
  readonly priority: number;
  readonly weight: number;
}

/** All that an organization's calls go by. */
export interface GatewaySettings {
  readonly connections: readonly Connection[];
  /** Targets in the order of their priority; those whose connection is switched off are left out. */
  readonly aliases: ReadonlyMap<string, readonly AliasTarget[]>;
  policyOf(projectId: string | undefined): EffectivePolicy;
}

interface StoredConnection extends Omit<Connection, 'credentials'> {
  readonly key: string | null;
  readonly headers: string | null;
}

interface Stored {
  readonly connections: readonly StoredConnection[];
  readonly targets: readonly {
    readonly alias: string;
    readonly connection_id: string;
    readonly model: string;
    readonly priority: number;
    readonly weight: number;
  }[];
  readonly policies: readonly (PolicyFields & { readonly project_id: string | null })[];
}

interface Remembered {
  readonly settings: Promise<GatewaySettings>;
  readonly readAt: number;
}

export interface SettingsReader {
  /** At most a second old. */
  of(organizationId: string): Promise<GatewaySettings>;
  /** What was read last, however that went since: for policies that let calls through without the database. */
  lastOf(organizationId: string): GatewaySettings | undefined;
}

/** Reads what calls go by, at most once a second for each organization; calls at one time share the question. */
export function makeSettingsReader(platform: Platform): SettingsReader {
  const remembered = new Map<string, Remembered>();
  const lastGood = new Map<string, { settings: GatewaySettings; readAt: number }>();

  const keep = <V>(map: Map<string, V>, key: string, value: V) => {
    map.delete(key);
    if (map.size >= connectionLimits.settings_rows_max) map.delete(map.keys().next().value as string);
    map.set(key, value);
  };

  return {
    of(organizationId) {
      const now = platform.clock.now().getTime();
      const known = remembered.get(organizationId);
      if (known && now - known.readAt < connectionLimits.settings_ms) return known.settings;
      const before = lastGood.get(organizationId)?.settings;
      const settings = readSettings(platform, organizationId, before);
      const entry: Remembered = { settings, readAt: now };
      keep(remembered, organizationId, entry);
      settings.then(
        (read) => keep(lastGood, organizationId, { settings: read, readAt: now }),
        (error: unknown) => {
          if (remembered.get(organizationId) === entry) remembered.delete(organizationId);
          platform.log.debug({ code: asPlinthError(error).code }, 'gateway settings not read');
        },
      );
      return settings;
    },
    lastOf(organizationId) {
      const last = lastGood.get(organizationId);
      const now = platform.clock.now().getTime();
      return last && now - last.readAt < connectionLimits.settings_stale_ms_max ? last.settings : undefined;
    },
  };
}

async function readSettings(
  platform: Platform,
  organizationId: string,
  before: GatewaySettings | undefined,
): Promise<GatewaySettings> {
  const [row] = await platform.door.readOne<{ settings: Stored }>(
    { as: 'app', organizationId },
    'select plinth.gateway_settings($1) as settings',
    [organizationId],
  );
  const stored = row?.settings ?? { connections: [], targets: [], policies: [] };
  const opened = new Map(before?.connections.map((one) => [one.id, one as OpenedConnection]));
  const connections = stored.connections.map((one) => connectionOf(platform, organizationId, one, opened.get(one.id)));
  const byId = new Map(connections.map((one) => [one.id, one]));
  const aliases = new Map<string, AliasTarget[]>();
  for (const { alias, connection_id, ...target } of stored.targets) {
    const targets = aliases.get(alias) ?? [];
    aliases.set(alias, targets);
    const connection = byId.get(connection_id);
    if (connection) targets.push({ connection, ...target });
  }
  const policies = new Map(stored.policies.map(({ project_id, ...fields }) => [project_id, fields]));
  return {
    connections,
    aliases,
    policyOf: (projectId) =>
      policies.size === 0
        ? defaultPolicy
        : effectivePolicy(policies.get(null), projectId === undefined ? undefined : policies.get(projectId)),
  };
}

/** Keeps what it was sealed from, so that the next reading opens only what has changed. */
interface OpenedConnection extends Connection {
  readonly sealed: readonly (string | null)[];
  readonly opened: { credentials: Promise<Credentials> | undefined };
}

function connectionOf(
  platform: Platform,
  organizationId: string,
  { key, headers, ...plain }: StoredConnection,
  before: OpenedConnection | undefined,
): OpenedConnection {
  const isSame = before !== undefined && before.sealed[0] === key && before.sealed[1] === headers;
  const opened: OpenedConnection['opened'] = isSame ? before.opened : { credentials: undefined };
  return {
    ...plain,
    sealed: [key, headers],
    opened,
    credentials() {
      opened.credentials ??= openCredentials(platform, organizationId, { id: plain.id, key, headers }).catch(
        (error) => {
          opened.credentials = undefined;
          throw error;
        },
      );
      return opened.credentials;
    },
  };
}
