/** Several statements in one round trip: all are sent before one Sync, which makes them one implicit transaction. */
import { createHash } from 'node:crypto';
import pg from 'pg';

/** Named statements kept on a connection; a server keeps the plan of each. Beyond it the longest unused one goes. */
const namedStatementsMax = 256;

export interface PipelinedStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Prepared once per connection under a name of its own. Only where the engine's `namedStatements` says so. */
  readonly named?: boolean;
}

/** The name a statement is prepared under: always the same for the same text. */
export function statementName(text: string): string {
  return `p_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
}

/**
 * Runs the statements in order and returns their results. When one fails, those after it are not run, nothing of them
 * is kept (outside an explicit transaction), the promise rejects with that error, and the connection stays usable.
 */
export function pipelined(client: pg.ClientBase, statements: readonly PipelinedStatement[]): Promise<pg.QueryResult[]> {
  return new Promise((resolve, reject) => {
    let prepared: PreparedStatement[];
    try {
      prepared = statements.map(prepareValues);
    } catch (error) {
      reject(error);
      return;
    }
    if (prepared.length === 0) resolve([]);
    else client.query(new PipelinedQuery(prepared, resolve, reject));
  });
}

/**
 * Enters a scope and reads in it, in one round trip and one transaction: `plinth.enter` with the context as JSON, read
 * only, then the statement, whose rows are returned. `named` prepares both once per connection.
 */
export async function pipelinedRead<R>(
  client: pg.ClientBase,
  contextJson: string,
  text: string,
  values: readonly unknown[],
  { named = false }: { readonly named?: boolean } = {},
): Promise<R[]> {
  const [, read] = await pipelined(client, [
    { text: 'select plinth.enter($1, true)', values: [contextJson], named },
    { text, values, named },
  ]);
  return (read?.rows ?? []) as R[];
}

interface PreparedStatement {
  readonly text: string;
  readonly name: string;
  readonly values: readonly (string | Buffer | null)[];
}

/** Values become text before anything is sent: one that can not would leave the pipeline half written. */
function prepareValues({ text, values = [], named = false }: PipelinedStatement): PreparedStatement {
  return { text, name: named ? statementName(text) : '', values: values.map((value) => pgUtils.prepareValue(value)) };
}

/** The parts of `pg` that its types leave out. */
interface WireConnection {
  readonly stream: { cork?(): void; uncork?(): void };
  parse(message: { text: string; name: string }): void;
  bind(message: { portal: string; statement: string; values: readonly (string | Buffer | null)[] }): void;
  describe(message: { type: 'P'; name: string }): void;
  execute(message: { portal: string; rows: number }): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
  sendCopyFail(reason: string): void;
}
interface WireResult extends pg.QueryResult {
  addFields(fields: unknown): void;
  parseRow(fields: unknown): pg.QueryResultRow;
  addRow(row: pg.QueryResultRow): void;
  addCommandComplete(message: unknown): void;
}
const { Result, utils: pgUtils } = pg as unknown as {
  Result: new (rowMode: undefined, types: unknown) => WireResult;
  utils: { prepareValue(value: unknown): string | Buffer | null };
};

/** What is prepared on each connection, longest unused first; `false` while the server has not said so. */
const preparedOn = new WeakMap<WireConnection, Map<string, boolean>>();

/** A query as `pg.Client` drives it: it calls `submit` once, then a handler for each message of the answer. */
class PipelinedQuery {
  /** Read by `pg` when it gives a query the client's own type parsers. */
  readonly _result: { _types: unknown } = { _types: undefined };
  readonly #statements: readonly PreparedStatement[];
  readonly #results: WireResult[] = [];
  readonly #resolve: (results: pg.QueryResult[]) => void;
  readonly #reject: (error: unknown) => void;
  #named: Map<string, boolean> = new Map();
  #current: WireResult | undefined;
  #failure: unknown;
  #settled = false;

  constructor(
    statements: readonly PreparedStatement[],
    resolve: (results: pg.QueryResult[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.#statements = statements;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** `pg` wants to see one, to replace it where a time limit of its own applies. */
  callback = (error: unknown): void => {
    if (error) this.#fail(error);
  };

  submit(connection: pg.Connection): void {
    const wire = connection as unknown as WireConnection;
    this.#named = preparedOn.get(wire) ?? new Map();
    preparedOn.set(wire, this.#named);
    wire.stream.cork?.();
    try {
      for (const statement of this.#statements) {
        this.#parse(wire, statement);
        wire.bind({ portal: '', statement: statement.name, values: statement.values });
        wire.describe({ type: 'P', name: '' });
        wire.execute({ portal: '', rows: 0 });
      }
      wire.sync();
    } finally {
      wire.stream.uncork?.();
    }
  }

  #parse(wire: WireConnection, { text, name }: PreparedStatement): void {
    if (name === '') {
      wire.parse({ text, name });
      return;
    }
    const known = this.#named.get(name);
    this.#named.delete(name);
    this.#named.set(name, known ?? false);
    if (known) return;
    // An attempt that failed may have prepared it or not; closing what is not there is no error.
    if (known === false) wire.close({ type: 'S', name });
    wire.parse({ text, name });
    if (this.#named.size <= namedStatementsMax) return;
    const [longestUnused] = this.#named.keys();
    this.#named.delete(longestUnused!);
    wire.close({ type: 'S', name: longestUnused! });
  }

  handleRowDescription(message: { fields: unknown }): void {
    this.#result().addFields(message.fields);
  }

  handleDataRow(message: { fields: unknown }): void {
    if (this.#failure !== undefined) return;
    const result = this.#result();
    try {
      result.addRow(result.parseRow(message.fields));
    } catch (error) {
      this.#failure = error;
    }
  }

  handleCommandComplete(message: unknown): void {
    this.#result().addCommandComplete(message);
    this.#next();
  }

  handleEmptyQuery(): void {
    this.#result();
    this.#next();
  }

  handleReadyForQuery(): void {
    if (this.#failure !== undefined) {
      this.#fail(this.#failure);
      return;
    }
    for (const { name } of this.#statements) if (this.#named.has(name)) this.#named.set(name, true);
    this.#settled = true;
    this.callback(undefined);
    this.#resolve(this.#results);
  }

  handleError(error: unknown): void {
    this.#fail(this.#failure ?? error);
  }

  handleCopyInResponse(connection: WireConnection): void {
    connection.sendCopyFail('COPY is not possible in a pipeline');
    // While it copies, a server passes over the Sync that was sent before.
    connection.sync();
  }

  handleCopyData(): void {}

  handlePortalSuspended(): void {}

  #fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#reject(error);
  }

  #result(): WireResult {
    this.#current ??= new Result(undefined, this._result._types);
    return this.#current;
  }

  #next(): void {
    if (this.#current) this.#results.push(this.#current);
    this.#current = undefined;
  }
}
