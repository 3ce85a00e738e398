import {
  accessToken,
  cidr,
  databaseUrl,
  hostName,
  identifierPrefix,
  integer,
  listOf,
  masterKey,
  nodeEnvironment,
  oneOf,
  onOff,
  origin,
  path,
  publicUrl,
  type Setting,
} from './config-types.ts';
import { limits } from './limits.ts';
import { logLevels } from './log.ts';
import { passwordAlgorithms } from './passwords.ts';

const setting = <T>(row: Setting<T>): Setting<T> => row;

/** Every setting there is, in the order of the reference. */
export const settings = {
  databaseUrl: setting({
    env: 'DATABASE_URL',
    type: databaseUrl,
    fallback: undefined,
    fallbackText: 'the embedded engine in `PLINTH_DATA`',
    description: 'The database, with the login for requests.',
    secret: true,
  }),
  migrateUrl: setting({
    env: 'PLINTH_MIGRATE_URL',
    type: databaseUrl,
    fallback: undefined,
    fallbackText: '`DATABASE_URL`',
    description: 'The same database with the login for migrations, directly, not through a pooler.',
    secret: true,
  }),
  workerUrl: setting({
    env: 'PLINTH_WORKER_URL',
    type: databaseUrl,
    fallback: undefined,
    fallbackText: '`DATABASE_URL`',
    description: 'The same database with the login for the task engine.',
    secret: true,
  }),
  readUrl: setting({
    env: 'PLINTH_READ_URL',
    type: databaseUrl,
    fallback: undefined,
    fallbackText: '`DATABASE_URL`',
    description:
      'A replica, for reads that say they may be a little behind (`Cache-Control: max-stale`, or `pool: replica`).',
    secret: true,
  }),
  directUrl: setting({
    env: 'PLINTH_DIRECT_URL',
    type: databaseUrl,
    fallback: undefined,
    fallbackText: '`DATABASE_URL`',
    description: 'The same database without a pooler in between, for LISTEN. Without it behind a pooler, polling does.',
    secret: true,
  }),
  rolePrefix: setting({
    env: 'PLINTH_ROLE_PREFIX',
    type: identifierPrefix,
    fallback: 'plinth',
    description: 'Begins the names of the database roles, which all databases of a cluster share.',
  }),
  poolSize: setting({
    env: 'PLINTH_POOL_SIZE',
    type: integer({ min: 1, max: 500, what: 'a number of connections' }),
    fallback: 10,
    description: 'Database connections for requests, per process. The embedded engine has one whatever this says.',
  }),
  statementTimeoutMs: setting({
    env: 'PLINTH_STATEMENT_TIMEOUT_MS',
    type: integer({ min: 100, max: 600_000, what: 'a number of milliseconds' }),
    fallback: limits.statement_timeout_ms,
    description: 'How long one SQL statement of a request may run.',
  }),
  dataFolder: setting({
    env: 'PLINTH_DATA',
    type: path,
    fallback: path.parse('.plinth'),
    fallbackText: '`.plinth` in the current folder',
    description: 'The folder of the embedded engine.',
  }),
  fsync: setting({
    env: 'PLINTH_FSYNC',
    type: onOff,
    fallback: true,
    description: 'Whether the embedded engine waits for the disk. Off, a power cut may lose or damage the data.',
  }),
  host: setting({
    env: 'PLINTH_HOST',
    type: hostName,
    fallback: '127.0.0.1',
    description: 'The address to listen on. `0.0.0.0` is reachable from the network: put TLS in front.',
  }),
  port: setting({
    env: 'PLINTH_PORT',
    type: integer({ min: 0, max: 65_535, what: 'a port number' }),
    fallback: 4600,
    description: 'The port to listen on; 0 takes a free one.',
  }),
  publicUrl: setting({
    env: 'PLINTH_PUBLIC_URL',
    type: publicUrl,
    fallback: undefined,
    fallbackText: 'the address listened on',
    description: 'How people reach this server: the only source of links, and the host name that is served.',
  }),
  trustedOrigins: setting({
    env: 'PLINTH_TRUSTED_ORIGINS',
    type: listOf(origin),
    fallback: [],
    description: 'Other origins whose pages may call with the session cookie.',
  }),
  trustedProxies: setting({
    env: 'PLINTH_TRUSTED_PROXIES',
    type: listOf(cidr),
    fallback: [],
    description: 'Proxies whose `X-Forwarded-For` is believed. All others could write any address there.',
  }),
  requestTimeoutMs: setting({
    env: 'PLINTH_REQUEST_TIMEOUT_MS',
    type: integer({ min: 1000, max: 3_600_000, what: 'a number of milliseconds' }),
    fallback: limits.request_timeout_ms,
    description: 'How long one request may take as a whole.',
  }),
  drainNoticeMs: setting({
    env: 'PLINTH_DRAIN_NOTICE_MS',
    type: integer({ min: 0, max: 60_000, what: 'a number of milliseconds' }),
    fallback: 0,
    description: 'After SIGTERM, how long `/readyz` says 503 while all else is served, for a load balancer to notice.',
  }),
  masterKey: setting({
    env: 'PLINTH_MASTER_KEY',
    type: masterKey,
    fallback: undefined,
    fallbackText: 'embedded: a file that is made at the first start; else required',
    description:
      'The key that stored secrets are encrypted under. Lost, they are lost; keep a copy apart from the data.',
    secret: true,
  }),
  previousMasterKey: setting({
    env: 'PLINTH_PREVIOUS_MASTER_KEY',
    type: masterKey,
    fallback: undefined,
    fallbackText: 'none',
    description: 'The key before, while `plinth keys rotate` has not yet moved everything to the new one.',
    secret: true,
  }),
  passwordHash: setting({
    env: 'PLINTH_PASSWORD_HASH',
    type: oneOf(...passwordAlgorithms),
    fallback: 'argon2id' as const,
    description: 'How new passwords are hashed; others verify and are replaced when their user signs in.',
  }),
  sessionIdleHours: setting({
    env: 'PLINTH_SESSION_IDLE_HOURS',
    type: integer({ min: 1, max: 8760, what: 'a number of hours' }),
    fallback: 24,
    description: 'A session ends when it was not used for this long.',
  }),
  sessionHoursMax: setting({
    env: 'PLINTH_SESSION_HOURS_MAX',
    type: integer({ min: 1, max: 8760, what: 'a number of hours' }),
    fallback: 720,
    description: 'A session ends at this age even when it is used.',
  }),
  outboundAllow: setting({
    env: 'PLINTH_OUTBOUND_ALLOW',
    type: listOf(cidr),
    fallback: [],
    fallbackText: 'none',
    description: 'Private addresses that webhooks and model calls may reach all the same.',
  }),
  workerConcurrency: setting({
    env: 'PLINTH_WORKER_CONCURRENCY',
    type: integer({ min: 1, max: 1000, what: 'a number of tasks' }),
    fallback: 8,
    description: 'Tasks that one worker runs at once.',
  }),
  workerLeaseSeconds: setting({
    env: 'PLINTH_WORKER_LEASE_SECONDS',
    type: integer({ min: 2, max: 3600, what: 'a number of seconds' }),
    fallback: 10,
    description: 'How long a silent worker keeps its tasks before others take them.',
  }),
  logLevel: setting({
    env: 'PLINTH_LOG_LEVEL',
    type: oneOf(...logLevels),
    fallback: 'info' as const,
    description: 'The least important lines that are written.',
  }),
  metricsToken: setting({
    env: 'PLINTH_METRICS_TOKEN',
    type: accessToken,
    fallback: undefined,
    fallbackText: 'none: `/metrics` is closed',
    description: 'What Prometheus sends as a bearer token to read `/metrics`.',
    secret: true,
  }),
  environment: setting({
    env: 'NODE_ENV',
    type: nodeEnvironment,
    fallback: 'development' as const,
    description: 'In production, loopback is not called and unsafe settings are complained about.',
  }),
};

export type SettingName = keyof typeof settings;
