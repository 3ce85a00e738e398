import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import { databaseErrors } from './errors.ts';

/** libpq's modes. `allow` is not there: it prefers no encryption, which nobody wants. */
const sslModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** Parameters we read; `options` goes to the server (Neon names its endpoint there). Others are refused, not ignored. */
const knownParameters = new Set([
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'channel_binding',
  'options',
  'application_name',
  'connect_timeout',
  'host',
]);
const schemes = ['postgres:', 'postgresql:'];
const defaultPort = 5432;

export interface ServerAddress {
  /** "localhost:5432/app": for people, without user or password. */
  readonly label: string;
  readonly sslMode: SslMode;
  readonly config: pg.ClientConfig;
}

/**
 * Reads a database URL with libpq's meaning of `sslmode` (`require` encrypts without checking the certificate; the
 * default is `prefer`). Throws `database_url_invalid` without repeating anything of the URL that may be a secret.
 */
export function parseServerUrl(text: string): ServerAddress {
  const url = asUrl(text);
  const get = (name: string) => url.searchParams.get(name) ?? undefined;
  for (const name of url.searchParams.keys()) {
    if (!knownParameters.has(name)) throw invalid(`the parameter "${name.slice(0, 40)}" is not known`);
  }
  const sslMode = (get('sslmode') ?? 'prefer') as SslMode;
  if (!sslModes.includes(sslMode)) throw invalid(`sslmode is one of ${sslModes.join(', ')}`);
  const host = get('host') ?? decode(url.hostname.replace(/^\[|\]$/g, ''));
  if (host === '') throw invalid('it names no host');
  const port = url.port === '' ? defaultPort : Number(url.port);
  const user = decode(url.username);
  const database = decode(url.pathname.slice(1)) || user;
  if (database === '') throw invalid('it names no database');
  const password = decode(url.password);
  const timeoutSeconds = Number(get('connect_timeout') ?? 0);
  if (!Number.isInteger(timeoutSeconds) || timeoutSeconds < 0) throw invalid('connect_timeout is a number of seconds');
  const options = get('options');
  const applicationName = get('application_name');
  return {
    label: `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`,
    sslMode,
    config: {
      host,
      port,
      database,
      ...(user !== '' && { user }),
      ...(password !== '' && { password }),
      ...(options !== undefined && { options }),
      ...(applicationName !== undefined && { application_name: applicationName }),
      ...(timeoutSeconds > 0 && { connectionTimeoutMillis: timeoutSeconds * 1000 }),
      ...(get('channel_binding') === 'require' && { enableChannelBinding: true }),
      // A socket folder has no TLS.
      ssl: host.startsWith('/') ? false : tlsOptions(sslMode, get('sslrootcert'), get('sslcert'), get('sslkey')),
    },
  };
}

function tlsOptions(mode: SslMode, rootFile?: string, certFile?: string, keyFile?: string): false | ConnectionOptions {
  if (mode === 'disable') return false;
  const ca = rootFile === undefined || rootFile === 'system' ? undefined : readPem('sslrootcert', rootFile);
  const options: ConnectionOptions = {
    // As libpq: a root certificate makes `require` check the chain too.
    rejectUnauthorized: mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && ca !== undefined),
    ...(ca !== undefined && { ca }),
    ...(certFile !== undefined && { cert: readPem('sslcert', certFile) }),
    ...(keyFile !== undefined && { key: readPem('sslkey', keyFile) }),
  };
  // The chain is checked, the name is not.
  if (mode !== 'verify-full') options.checkServerIdentity = () => undefined;
  return options;
}

function readPem(parameter: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw invalid(`the file of ${parameter} can not be read`);
  }
}

function asUrl(text: string): URL {
  // URL.parse, for the constructor's error carries the whole text.
  const url = URL.parse(text);
  if (url === null) throw invalid('it is not a URL');
  if (!schemes.includes(url.protocol)) throw invalid('it does not begin with postgres://');
  if (url.hash !== '') throw invalid('it has a "#": write it as %23 in a password');
  return url;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('a "%" in it is not part of an escape: write it as %25');
  }
}

function invalid(reason: string): Error {
  return databaseErrors.database_url_invalid({ detail: `The database URL can not be used: ${reason}.` });
}
