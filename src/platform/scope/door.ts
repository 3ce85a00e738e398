import { AsyncLocalStorage } from 'node:async_hooks';
import type { Compilable } from 'kysely';
import type pg from 'pg';
import { errors, PlinthError } from '../core/errors.ts';
import type { Engine } from '../db/engine.ts';
import { type PipelinedStatement, pipelined } from '../db/pipelined-query.ts';
import { isConnectionLost, makeReadQueue, together_max } from '../db/read-queue.ts';
import { fromDatabaseError } from '../db/sql-errors.ts';
import { type Hooks, noHooks } from '../hooks.ts';
import { enterStatement, type Scope } from './scope.ts';

declare const scoped: unique symbol;

/**
 * A transaction inside one scope. Only the door makes one, and services take nothing else: whoever has it has passed
 * authentication, and every statement runs as the request role with the tenant set.
 */
export interface ScopedTx {
  readonly [scoped]: true;
  readonly scope: Scope;
  /** What other modules run around a service. */
  readonly hooks: Hooks;
  /** The organization of the scope; throws `organization_required` when there is none. */
  readonly organizationId: string;
  /** Every row of a query built with `queryBuilder()`. */
  all<R>(query: Compilable<R>): Promise<R[]>;
  /** The only row, or `not_found`. */
  one<R>(query: Compilable<R>, what?: string): Promise<R>;
  /** The first row, or undefined. */
  first<R>(query: Compilable<R>): Promise<R | undefined>;
  /** Number of rows a write touched. */
  count(query: Compilable<unknown>): Promise<number>;
  /** Plain SQL with parameters, for what a builder makes harder to read. */
  sql<R = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /** Runs after a successful commit, for hints and wake-ups; never for effects that must not be lost. */
  afterCommit(hint: () => void): void;
}

export interface ScopeOptions {
  /** Milliseconds one statement may take; the default is `limits.statement_timeout_ms`. */
  readonly statementTimeoutMs?: number;
  /**
   * Which of the engine's pools; `worker` is for the task engine, `replica` for a read that may be a little behind. A
   * replica that can not be reached, or gives the read up for what it has to replay, is passed over.
   */
  readonly pool?: 'request' | 'worker' | 'replica';
  /** For a read whose statements need what lasts as long as a transaction: `set local`, a cursor, `now()`. */
  readonly oneTransaction?: boolean;
}

/** The one way to a transaction. Made once per engine. */
export interface Door {
  /** Runs `work` in a transaction that may write; commits when it resolves, rolls back when it throws. */
  write<T>(scope: Scope, work: (tx: ScopedTx) => Promise<T>, options?: ScopeOptions): Promise<T>;
  /**
   * The same, read only. Each statement sees what was committed before it; where the engine can, each is a transaction
   * of its own, so no cursor, lock or `set local` lasts from one to the next unless `oneTransaction` asks for it.
   */
  read<T>(scope: Scope, work: (tx: ScopedTx) => Promise<T>, options?: ScopeOptions): Promise<T>;
  /**
   * One reading statement: a single round trip where the engine can, and one transaction with reads of the same scope and
   * text that come at the same time (ADR 10). It must not set anything that lasts as long as its transaction.
   */
  readOne<R = Record<string, unknown>>(
    scope: Scope,
    text: string,
    values?: readonly unknown[],
    options?: ScopeOptions,
  ): Promise<R[]>;
  /**
   * Statements that are known beforehand, in one transaction that may write: the rows of each, in order. A single
   * round trip where the engine can, instead of one for each and one each for begin and commit.
   */
  writeAll(
    scope: Scope,
    statements: readonly Statement[],
    options?: ScopeOptions,
  ): Promise<Record<string, unknown>[][]>;
}

/** A statement and its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

interface OpenScope {
  active: boolean;
}

const current = new AsyncLocalStorage<OpenScope>();

/** Throws `reentrant_scope` inside a transaction of the door: what begins or waits for another one there is refused. */
export function refuseReentry(): void {
  // On the embedded engine an inner transaction would wait for the outer one's connection for ever; on a server it
  // does so as soon as the pool is exhausted. So it fails at once everywhere.
  if (current.getStore()?.active) throw errors.reentrant_scope();
}

/** Makes the door of an engine. What `afterCommit` collected runs in order, after a successful commit. */
export function makeDoor(engine: Engine, hooks: Hooks = noHooks): Door {
  const { namedStatements: named, pipelinedScope, sessionSettings, distributed } = engine.capabilities;
  const poolOf = (options?: ScopeOptions) => (options?.pool === 'worker' ? engine.workerPool : engine.pool);
  // The embedded engine stops a statement by starting anew, and with it whatever shares its round trip.
  const together = engine.kind === 'pglite' ? 1 : together_max;
  const queueOf = (pool: pg.Pool) => makeReadQueue(pool, undefined, together);
  const runRead = queueOf(engine.pool);
  const runWorkerRead = engine.workerPool === engine.pool ? runRead : queueOf(engine.workerPool);
  const runReplicaRead = engine.readPool === engine.pool ? undefined : queueOf(engine.readPool);

  function entering(scope: Scope, readOnly: boolean, options: ScopeOptions): PipelinedStatement {
    const limit = options.statementTimeoutMs ?? engine.statementTimeoutMs;
    const statementTimeoutMs = sessionSettings && limit === engine.statementTimeoutMs ? null : limit;
    const { text, values } = enterStatement(scope, { readOnly, statementTimeoutMs, distributed });
    return { text, values, named, rowsUnread: true };
  }

  /** One statement with its context, in a transaction of its own: the results of both. */
  function readStatement(
    enter: PipelinedStatement,
    text: string,
    values: readonly unknown[],
    options: ScopeOptions,
  ): Promise<pg.QueryResult[]> {
    const statements = [enter, { text, values, named }];
    const run = options.pool === 'worker' ? runWorkerRead : runRead;
    if (options.pool !== 'replica' || !runReplicaRead) return run(statements);
    return runReplicaRead(statements).catch((error: unknown) => {
      if (!isOfTheReplica(error)) throw error;
      return run(statements);
    });
  }

  /**
   * For reads: every statement enters anew and is a transaction of its own, so that no connection is held and nothing
   * has to be ended. At READ COMMITTED, PostgreSQL's default, each statement of one transaction sees what others have
   * committed before it too: what is read is the same.
   */
  async function reading<T>(scope: Scope, work: (tx: ScopedTx) => Promise<T>, options: ScopeOptions = {}): Promise<T> {
    if (!pipelinedScope || options.oneTransaction) return transaction(scope, true, work, options);
    refuseReentry();
    const open: OpenScope = { active: true };
    const hints: (() => void)[] = [];
    const enter = entering(scope, true, options);
    const run: RunInScope = async (text, values) => (await readStatement(enter, text, values, options))[1]!;
    try {
      const result = await current.run(open, () => work(makeTx(run, { scope, hooks, open, hints })));
      open.active = false;
      for (const hint of hints) hint();
      return result;
    } catch (error) {
      throw error instanceof PlinthError ? error : fromDatabaseError(error);
    } finally {
      open.active = false;
    }
  }

  async function transaction<T>(
    scope: Scope,
    readOnly: boolean,
    work: (tx: ScopedTx) => Promise<T>,
    options: ScopeOptions = {},
  ): Promise<T> {
    refuseReentry();
    const client = await connect(poolOf(options));
    const open: OpenScope = { active: true };
    const hints: (() => void)[] = [];
    const enter = entering(scope, readOnly, options);
    const session = makeSession(client, enter, { named, pipelinedScope });
    try {
      const result = await current.run(open, () => work(makeTx(session.run, { scope, hooks, open, hints })));
      open.active = false;
      if (session.begun()) await commit(client);
      client.release();
      for (const hint of hints) hint();
      return result;
    } catch (error) {
      open.active = false;
      const unusable = distributed && mayHaveFailedInPlanning(error) ? (error as Error) : undefined;
      await releaseAfterRollBack(client, unusable);
      throw error instanceof PlinthError ? error : fromDatabaseError(error);
    }
  }

  return {
    write: (scope, work, options) => transaction(scope, false, work, options),
    read: reading,
    async readOne<R>(scope: Scope, text: string, values: readonly unknown[] = [], options: ScopeOptions = {}) {
      if (!pipelinedScope) return transaction(scope, true, (tx) => tx.sql<R>(text, values), options);
      refuseReentry();
      try {
        return (await readStatement(entering(scope, true, options), text, values, options))[1]!.rows as R[];
      } catch (error) {
        throw fromDatabaseError(error);
      }
    },
    async writeAll(scope, statements, options = {}) {
      if (!pipelinedScope) return transaction(scope, false, (tx) => inOrder(tx, statements), options);
      refuseReentry();
      const client = await connect(poolOf(options));
      let broken: Error | undefined;
      try {
        const all = [entering(scope, false, options), ...statements.map((one) => ({ ...one, named }))];
        const [, ...results] = await pipelined(client, all);
        return results.map(({ rows }) => rows as Record<string, unknown>[]);
      } catch (error) {
        if (isConnectionLost(error)) broken = error as Error;
        throw fromDatabaseError(error, { committing: true });
      } finally {
        client.release(broken);
      }
    },
  };
}

/** Not the statement's fault: the replica is away, or ended the read because of what it had to replay (40001). */
function isOfTheReplica(error: unknown): boolean {
  const { code } = fromDatabaseError(error);
  return code === 'database_unavailable' || code === 'serialization_conflict' || code === 'too_busy';
}

type RunInScope = (text: string, values: readonly unknown[]) => Promise<pg.QueryResult>;

/** Statements of one transaction on one connection. */
interface Session {
  /** Whether there is a transaction to be ended. */
  begun(): boolean;
  readonly run: RunInScope;
}

/** Begin and the context travel with the first statement: a round trip less for each transaction. */
function makeSession(
  client: pg.PoolClient,
  enter: PipelinedStatement,
  { named, pipelinedScope }: { named: boolean; pipelinedScope: boolean },
): Session {
  let begun = false;
  return {
    begun: () => begun,
    async run(text, values) {
      const statement = { text, values, named };
      if (begun) return (await pipelined(client, [statement]))[0]!;
      begun = true;
      if (pipelinedScope) {
        return (await pipelined(client, [{ text: 'begin', named, rowsUnread: true }, enter, statement]))[2]!;
      }
      await client.query('begin');
      await pipelined(client, [{ ...enter, named: false }]);
      return (await pipelined(client, [statement]))[0]!;
    },
  };
}

interface TxParts {
  readonly scope: Scope;
  readonly hooks: Hooks;
  readonly open: OpenScope;
  readonly hints: (() => void)[];
}

function makeTx(runInScope: RunInScope, { scope, hooks, open, hints }: TxParts): ScopedTx {
  /** Throws at once where the transaction is over: all its callers are asynchronous. */
  function run<R>(text: string, values: readonly unknown[]): Promise<pg.QueryResult<R & pg.QueryResultRow>> {
    if (!open.active) throw errors.internal({ cause: new Error('a transaction was used after it had ended') });
    return runInScope(text, values) as Promise<pg.QueryResult<R & pg.QueryResultRow>>;
  }
  const compiled = <R>(query: Compilable<R>) => {
    const { sql, parameters } = query.compile();
    return run<R>(sql, parameters);
  };
  const tx: Omit<ScopedTx, typeof scoped> = {
    scope,
    hooks,
    get organizationId() {
      if (!scope.organizationId) throw errors.organization_required();
      return scope.organizationId;
    },
    all: async (query) => (await compiled(query)).rows,
    first: async (query) => (await compiled(query)).rows[0],
    count: async (query) => (await compiled(query)).rowCount ?? 0,
    async one(query, what = 'row') {
      const row = (await compiled(query)).rows[0];
      if (row === undefined) throw errors.not_found({ detail: `no such ${what}` });
      return row;
    },
    sql: async <R>(text: string, values: readonly unknown[] = []) => (await run<R>(text, values)).rows,
    afterCommit: (hint) => void hints.push(hint),
  };
  return tx as ScopedTx;
}

async function inOrder(tx: ScopedTx, statements: readonly Statement[]): Promise<Record<string, unknown>[][]> {
  const results: Record<string, unknown>[][] = [];
  for (const { text, values } of statements) results.push(await tx.sql(text, values));
  return results;
}

async function commit(client: pg.PoolClient): Promise<void> {
  let answer: pg.QueryResult;
  try {
    answer = await client.query('commit');
  } catch (error) {
    throw fromDatabaseError(error, { committing: true });
  }
  // an aborted transaction answers ROLLBACK and no error
  if (answer.command !== 'COMMIT') throw errors.internal({ cause: new Error(`commit answered ${answer.command}`) });
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw fromDatabaseError(error);
  }
}

/** Ends a transaction that failed; when that fails too, the connection is of no more use. */
function releaseAfterRollBack(client: pg.PoolClient, unusable?: Error): Promise<void> {
  return client.query('rollback').then(
    () => client.release(unusable),
    (error: Error) => client.release(error),
  );
}

/**
 * Citus (13.2) does not leave its recursive planning when that fails: on such a connection it runs no function on the
 * tenant's node any more, and the next write after one is refused. The connection is given up then. Errors that only
 * execution raises keep it.
 */
function mayHaveFailedInPlanning(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: string; cause?: { code?: string } };
  const state = error instanceof PlinthError ? cause?.code : code;
  return state !== undefined && state !== '42501' && /^(0A|22|42|XX)/.test(state);
}
