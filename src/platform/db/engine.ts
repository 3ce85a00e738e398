import type pg from 'pg';

/** What code may ask of an engine. Ask "can it listen?", never "is it PGlite?". */
export interface Capabilities {
  /** Several connections at once: false for the embedded engine, which has one backend. */
  readonly concurrentConnections: boolean;
  /** LISTEN/NOTIFY reaches other processes. */
  readonly listen: boolean;
  /** A running statement can be cancelled without losing the session. */
  readonly cancelStatements: boolean;
  /** COPY … FROM STDIN works (the embedded engine hangs on it and refuses it). */
  readonly copyFromStdin: boolean;
  /** Autovacuum runs by itself; where it does not, our maintenance loop does its work. */
  readonly autovacuum: boolean;
  /** Context and parameters may travel before one Sync: a scoped read in one round trip. */
  readonly pipelinedScope: boolean;
  /** Tables are spread over nodes: claims are made per tenant, settings are forwarded by SET LOCAL. */
  readonly distributed: boolean;
  /** pgvector is there to be created. */
  readonly vector: boolean;
}

/** One opened database: a plain `pg.Pool` on every engine. */
export interface Engine {
  readonly kind: 'pglite' | 'postgres' | 'citus';
  /** For people: "PGlite (PostgreSQL 18.6) in .plinth/", "PostgreSQL 15.18 at localhost:5432/app". Never a password. */
  readonly description: string;
  /** PostgreSQL's server_version_num, such as 150018. */
  readonly serverVersionNum: number;
  readonly capabilities: Capabilities;
  /** Requests. On the embedded engine all three pools are one pool with one connection. */
  readonly pool: pg.Pool;
  /** The task engine's own connections, whose planner settings differ. */
  readonly workerPool: pg.Pool;
  /** Migrations, DDL, LISTEN: a direct connection where the others go through a pooler. */
  readonly directPool: pg.Pool;
  close(): Promise<void>;
}
