import type pg from 'pg';

/** What code may ask of an engine. Ask "can it listen?", never "is it PGlite?". */
export interface Capabilities {
  /** Several connections at once: false for the embedded engine, which has one backend. */
  readonly concurrentConnections: boolean;
  /** LISTEN/NOTIFY reaches other processes, on `directPool`. */
  readonly listen: boolean;
  /** A running statement can be cancelled without losing the session. */
  readonly cancelStatements: boolean;
  /** COPY … FROM STDIN works through `pg-copy-streams`. */
  readonly copyFromStdin: boolean;
  /** Autovacuum runs by itself; where it does not, our maintenance loop does its work. */
  readonly autovacuum: boolean;
  /** Context and parameters may travel before one Sync: a scoped read in one round trip. */
  readonly pipelinedScope: boolean;
  /** Named prepared statements live as long as the connection: false behind a pooler in transaction mode. */
  readonly namedStatements: boolean;
  /**
   * What is set on a connection stays set, so the engine has set its statement timeout there. Where it does not (a
   * pooler in transaction mode), whoever opens a transaction says `set local statement_timeout` itself.
   */
  readonly sessionSettings: boolean;
  /** Tables are spread over nodes: claims are made per tenant, settings are forwarded by SET LOCAL. */
  readonly distributed: boolean;
  /** pgvector is there to be created. */
  readonly vector: boolean;
}

/** Where an engine says what happened to it; pino's signature. */
export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** One opened database: a plain `pg.Pool` on every engine. */
export interface Engine {
  readonly kind: 'pglite' | 'postgres' | 'citus';
  /** For people: "PGlite (PostgreSQL 18.6) in .plinth/", "PostgreSQL 15.18 at localhost:5432/app". Never a password. */
  readonly description: string;
  /** PostgreSQL's server_version_num, such as 150018. */
  readonly serverVersionNum: number;
  readonly capabilities: Capabilities;
  /** Milliseconds a statement may run unless its transaction says otherwise; 0 is no limit. */
  readonly statementTimeoutMs: number;
  /** Requests. On the embedded engine all four pools are one pool with one connection. */
  readonly pool: pg.Pool;
  /** Reads that may lag: a replica where one is configured, else `pool`. */
  readonly readPool: pg.Pool;
  /** The task engine's own connections, whose planner settings differ. */
  readonly workerPool: pg.Pool;
  /** Migrations, DDL, LISTEN: a direct connection where the others go through a pooler. */
  readonly directPool: pg.Pool;
  /**
   * Asks the backend with this pid (`pg_backend_pid()`) to stop its statement, which then fails with 57014. False when
   * there was nothing to stop. For requests whose deadline ends before their statement's.
   */
  cancel(backendPid: number): Promise<boolean>;
  close(): Promise<void>;
}
