/**
 * Several statements in one round trip: all are sent before one Sync, which makes them one implicit transaction.
 * Several such transactions can be sent at once, each with a Sync of its own: they share the wait, and nothing else.
 */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { serialize } from 'pg-protocol';

/** Named statements kept on a connection; a server keeps the plan of each. Beyond it the longest unused one goes. */
const namedStatementsMax = 256;

export interface PipelinedStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Prepared once per connection under a name of its own. Only where the engine's `namedStatements` says so. */
  readonly named?: boolean;
  /** Nobody reads its rows: they are not described, not parsed, and its result has none. */
  readonly rowsUnread?: boolean;
}

/** Names by text: hashing takes longer than writing the message. Emptied when it is full. */
const names = new Map<string, string>();
const namesMax = 2048;
const rememberedTextChars = 4096;

/** The name a statement is prepared under: always the same for the same text. */
export function statementName(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `p_${createHash('sha256').update(text).digest('base64url').slice(0, 22)}`;
  if (text.length <= rememberedTextChars) {
    if (names.size >= namesMax) names.clear();
    names.set(text, name);
  }
  return name;
}

/**
 * Runs the statements in order and returns their results. When one fails, those after it are not run, nothing of them
 * is kept (outside an explicit transaction), the promise rejects with that error, and the connection stays usable.
 */
export async function pipelined(
  client: pg.ClientBase,
  statements: readonly PipelinedStatement[],
): Promise<pg.QueryResult[]> {
  const [outcome] = await pipelinedTransactions(client, [statements]);
  if (outcome!.status === 'rejected') throw outcome!.reason;
  return outcome!.value;
}

/**
 * Sends several such pipelines at once, in one write: each is a transaction of its own, and none notices when another
 * fails. Answers in order, when the last one is there; `ended` is told of each when its own answer is.
 */
export function pipelinedTransactions(
  client: pg.ClientBase,
  transactions: readonly (readonly PipelinedStatement[])[],
  ended: (at: number) => void = () => undefined,
): Promise<PromiseSettledResult<pg.QueryResult[]>[]> {
  const queries: PipelinedQuery[] = [];
  const outcomes = transactions.map((statements, at) => {
    try {
      if (statements.length === 0) return Promise.resolve([]);
      const query = new PipelinedQuery(statements.map(prepareValues), () => ended(at));
      queries.push(query);
      return query.results;
    } catch (error) {
      return Promise.reject(error);
    }
  });
  const settled = Promise.allSettled(outcomes);
  if (queries.length > 0) sendTogether(client, queries);
  return settled;
}

interface PreparedStatement {
  readonly text: string;
  readonly name: string;
  readonly values: readonly (string | Buffer | null)[];
  readonly rowsUnread: boolean;
}

/** Values become text before anything is sent: one that can not would leave the pipeline half written. */
function prepareValues({
  text,
  values = [],
  named = false,
  rowsUnread = false,
}: PipelinedStatement): PreparedStatement {
  const name = named ? statementName(text) : '';
  return { text, name, values: values.map((value) => pgUtils.prepareValue(value)), rowsUnread };
}

/** The parts of `pg` that its types leave out. */
interface WireConnection {
  readonly stream: { readonly writable: boolean; write(bytes: Buffer): boolean; destroy(): void };
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

/**
 * The first query writes the messages of all of them; `pg` is handed each of the others when the one before it has
 * ended, and these have nothing left to send.
 */
function sendTogether(client: pg.ClientBase, queries: readonly PipelinedQuery[]): void {
  queries.forEach((query, at) => {
    const next = queries[at + 1];
    if (next) query.handOver = () => void client.query(next);
  });
  const [first] = queries;
  first!.together = queries;
  client.query(first!);
}

/** A query as `pg.Client` drives it: it calls `submit` once, then a handler for each message of the answer. */
class PipelinedQuery {
  readonly results: Promise<pg.QueryResult[]>;
  /** Those whose messages this one writes with its own. */
  together: readonly PipelinedQuery[] | undefined;
  handOver: (() => void) | undefined;
  /** Read by `pg` when it gives a query the client's own type parsers. */
  readonly _result: { _types: unknown } = { _types: undefined };
  readonly #statements: readonly PreparedStatement[];
  readonly #results: WireResult[] = [];
  readonly #ended: () => void;
  readonly #resolve: (results: pg.QueryResult[]) => void;
  readonly #reject: (error: unknown) => void;
  #named: Map<string, boolean> = new Map();
  #current: WireResult | undefined;
  #failure: unknown;
  #settled = false;

  constructor(statements: readonly PreparedStatement[], ended: () => void) {
    this.#statements = statements;
    this.#ended = ended;
    const { promise, resolve, reject } = Promise.withResolvers<pg.QueryResult[]>();
    this.results = promise;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** `pg` wants to see one, to replace it where a time limit of its own applies. */
  callback = (error: unknown): void => {
    if (error) this.#fail(error);
  };

  /** One buffer, one write: handing eight small ones to the socket took a quarter of a read's time. */
  submit(connection: pg.Connection): void {
    const wire = connection as unknown as WireConnection;
    if (!this.together) return;
    const messages: Buffer[] = [];
    for (const query of this.together) query.#serialize(wire, messages);
    if (wire.stream.writable) wire.stream.write(Buffer.concat(messages));
  }

  #serialize(wire: WireConnection, messages: Buffer[]): void {
    this.#named = preparedOn.get(wire) ?? new Map();
    preparedOn.set(wire, this.#named);
    for (const statement of this.#statements) {
      this.#parse(messages, statement);
      messages.push(serialize.bind({ statement: statement.name, values: statement.values as unknown[] }));
      if (!statement.rowsUnread) messages.push(serialize.describe({ type: 'P', name: '' }));
      messages.push(serialize.execute({}));
    }
    messages.push(serialize.sync());
  }

  #parse(messages: Buffer[], { text, name }: PreparedStatement): void {
    if (name === '') {
      messages.push(serialize.parse({ text, name, types: [] }));
      return;
    }
    const known = this.#named.get(name);
    this.#named.delete(name);
    this.#named.set(name, known ?? false);
    if (known) return;
    // An attempt that failed may have prepared it or not; closing what is not there is no error.
    if (known === false) messages.push(serialize.close({ type: 'S', name }));
    messages.push(serialize.parse({ text, name, types: [] }));
    if (this.#named.size <= namedStatementsMax) return;
    const [longestUnused] = this.#named.keys();
    this.#named.delete(longestUnused!);
    messages.push(serialize.close({ type: 'S', name: longestUnused! }));
  }

  handleRowDescription(message: { fields: unknown }): void {
    this.#result().addFields(message.fields);
  }

  handleDataRow(message: { fields: unknown }): void {
    if (this.#failure !== undefined || this.#statements[this.#results.length]?.rowsUnread) return;
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

  handleReadyForQuery(connection: WireConnection): void {
    if (this.#results.length !== this.#statements.length && this.#failure === undefined) {
      // never seen; if the answers were out of step, the next one would be somebody else's
      connection.stream.destroy();
      this.#failure = new Error('a pipeline was answered out of step');
    }
    if (this.#failure !== undefined) this.#fail(this.#failure);
    else {
      for (const { name } of this.#statements) if (this.#named.has(name)) this.#named.set(name, true);
      this.#settled = true;
      this.callback(undefined);
      this.#resolve(this.#results);
    }
    this.#ended();
    this.handOver?.();
  }

  handleError(error: unknown): void {
    this.#fail(this.#failure ?? error);
    this.#ended();
    this.handOver?.();
  }

  handleCopyInResponse(connection: WireConnection): void {
    if (this.handOver) {
      // a server that copies passes over this transaction's Sync and takes the next one's messages for data
      connection.stream.destroy();
      return;
    }
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
