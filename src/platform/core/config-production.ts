import type { Config } from './config.ts';
import { settings } from './config-settings.ts';
import type { Secret } from './secrets.ts';

/** One thing that production wants and this configuration does not have. */
export interface ProductionNeed {
  /** `needed`: it does not start or is not safe without. `advised`: it works, less well. */
  readonly level: 'needed' | 'advised';
  readonly variable: string;
  readonly message: string;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What a configuration that is valid still lacks for production. Looks at nothing but the values. */
export function productionNeeds(config: Config): ProductionNeed[] {
  return [...databaseNeeds(config), ...networkNeeds(config), ...processNeeds(config)];
}

type Rule = [isMissing: boolean, level: ProductionNeed['level'], name: keyof typeof settings, message: string];

const needs = (rules: readonly Rule[]): ProductionNeed[] =>
  rules
    .filter(([isMissing]) => isMissing)
    .map(([, level, name, message]) => ({ level, variable: settings[name].env, message }));

function databaseNeeds(config: Config): ProductionNeed[] {
  const { databaseUrl, migrateUrl, workerUrl, directUrl } = config;
  if (!databaseUrl) {
    return needs([
      [true, 'advised', 'databaseUrl', 'the embedded engine is one process on one machine; replicas need a server'],
      [!config.fsync, 'needed', 'fsync', 'it is off: a power cut loses what was acknowledged'],
    ]);
  }
  const app = parts(databaseUrl);
  return needs([
    [
      app.user !== undefined && app.user === parts(migrateUrl).user,
      'needed',
      'migrateUrl',
      'requests run with the login of migrations: give DATABASE_URL a login of its own (plinth migrate bootstrap)',
    ],
    [
      !app.isLocal && !isVerified(app.sslMode),
      'needed',
      'databaseUrl',
      `it does not check whom it talks to (${tlsAdvice})`,
    ],
    [
      !app.isLocal && !isVerified(parts(workerUrl).sslMode),
      'needed',
      'workerUrl',
      `it does not check whom it talks to (${tlsAdvice})`,
    ],
    [
      app.seemsPooled && directUrl?.reveal() === databaseUrl.reveal(),
      'advised',
      'directUrl',
      'DATABASE_URL looks like a pooler: without a direct URL other processes are only heard of by polling',
    ],
  ]);
}

const tlsAdvice = 'sslmode=verify-full, and sslrootcert= where its authority is not a public one';
const isVerified = (mode: string | null): boolean => mode === 'verify-full' || mode === 'verify-ca';

interface UrlParts {
  readonly user: string | undefined;
  readonly isLocal: boolean;
  readonly sslMode: string | null;
  readonly seemsPooled: boolean;
}

function parts(secret: Secret | undefined): UrlParts {
  const url = secret && URL.parse(secret.reveal());
  const host = url?.searchParams.get('host') ?? url?.hostname ?? '';
  return {
    user: url?.username,
    isLocal: LOOPBACK.test(host) || host.startsWith('/'),
    sslMode: url?.searchParams.get('sslmode') ?? null,
    seemsPooled: url?.port === '6432' || url?.port === '6543' || host.includes('pooler'),
  };
}

function networkNeeds({ publicUrl, trustedProxies, host }: Config): ProductionNeed[] {
  const isHttps = publicUrl?.startsWith('https://') === true;
  return needs([
    [
      publicUrl === undefined,
      'needed',
      'publicUrl',
      'links lead to the address listened on, and other names are refused',
    ],
    [
      publicUrl !== undefined && !isHttps && !LOOPBACK.test(new URL(publicUrl).hostname),
      'needed',
      'publicUrl',
      'it is not https: nobody can sign in with a password',
    ],
    [
      isHttps && trustedProxies.length === 0,
      'advised',
      'trustedProxies',
      'what ends the TLS is not trusted: all callers seem to have its address, and are throttled as one',
    ],
    [
      publicUrl === undefined && host !== '127.0.0.1' && host !== 'localhost',
      'needed',
      'host',
      'it listens to the network without TLS',
    ],
  ]);
}

function processNeeds(config: Config): ProductionNeed[] {
  return needs([
    [config.environment !== 'production', 'needed', 'environment', 'it is not production'],
    [config.masterKey === undefined, 'needed', 'masterKey', 'production does not start without it'],
    [config.previousMasterKey !== undefined, 'advised', 'previousMasterKey', 'remove it when the rotation is done'],
    [config.metricsToken === undefined, 'advised', 'metricsToken', '/metrics is closed: nothing watches this process'],
    [
      config.logLevel === 'debug' || config.logLevel === 'trace',
      'advised',
      'logLevel',
      'a line for each request costs more than answering it',
    ],
  ]);
}
