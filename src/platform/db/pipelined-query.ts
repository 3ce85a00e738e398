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

/** What became of one transaction of a pipeline. */
export interface PipelineOutcome {
  /** Of the statements that ran, in order. When one failed, those after it did not run. */
  readonly results: readonly pg.QueryResult[];
  /** Undefined when every statement ran. */
  readonly failure?: unknown;
  /** A value could not be written as text: nothing was sent. */
  readonly unsent?: true;
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
  const { results, failure } = outcome!;
  if (failure !== undefined) throw failure;
  return results as pg.QueryResult[];
}

/**
 * Sends several such pipelines at once, in one write: each is a transaction of its own, and none notices when another
 * fails. Answers in order, when the last one is there; `ended` is told of each when its own answer is.
 */
export async function pipelinedTransactions(
  client: pg.ClientBase,
  transactions: readonly (readonly PipelinedStatement[])[],
  ended: (at: number) => void = () => undefined,
): Promise<PipelineOutcome[]> {
  const outcomes: PipelineOutcome[] = transactions.map(() => ({ results: [] }));
  const queries: PipelinedQuery[] = [];
  const allEnded = Promise.withResolvers<void>();
  let running = 0;
  transactions.forEach((statements, at) => {
    if (statements.length === 0) return;
    const settle = (outcome: PipelineOutcome) => {
      outcomes[at] = outcome;
      ended(at);
      if (--running === 0) allEnded.resolve();
    };
    try {
      queries.push(new PipelinedQuery(statements.map(prepareValues), settle));
      running++;
    } catch (failure) {
      outcomes[at] = { results: [], failure, unsent: true };
    }
  });
  if (queries.length > 0) {
    sendTogether(client, queries);
    await allEnded.promise;
  }
  return outcomes;
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
  readonly _parsers: unknown;
  readonly _prebuiltEmptyResultObject: unknown;
  addFields(fields: unknown): void;
  parseRow(fields: unknown): pg.QueryResultRow;
  addRow(row: pg.QueryResultRow): void;
  addCommandComplete(message: unknown): void;
}
const { Result, utils: pgUtils } = pg as unknown as {
  Result: new (rowMode: undefined, types: unknown) => WireResult;
  utils: { prepareValue(value: unknown): string | Buffer | null };
};

const describePortal = serialize.describe({ type: 'P', name: '' });
const execute = serialize.execute({});
const sync = serialize.sync();

/**
 * Whether a statement is the one before it with other values: it is prepared then, and its columns are known. Its
 * transaction holds a lock on the tables it reads, so that they are still the same.
 */
function isAgain({ text, name, rowsUnread }: PreparedStatement, before: PreparedStatement | undefined): boolean {
  return before !== undefined && before.text === text && before.name === name && before.rowsUnread === rowsUnread;
}

/** What `addFields` works out of the description of a statement's columns. */
type Columns = Pick<WireResult, 'fields' | '_parsers' | '_prebuiltEmptyResultObject'>;

/** Without the result itself, which has rows. */
function columnsOf({ fields, _parsers, _prebuiltEmptyResultObject }: WireResult): Columns {
  return { fields, _parsers, _prebuiltEmptyResultObject };
}

/** Others (`fetch`, `execute`) may have other columns the next time. */
const hasFixedColumns = (text: string): boolean => /^\s*(?:select|insert|update|delete|with)\b/i.test(text);

/** The tables of a prepared statement have other columns than before (0A000), or somebody has discarded it (26000). */
function isOfThePrepared(error: unknown): boolean {
  const code = (error as { code?: string } | null)?.code;
  return code === '0A000' || code === '26000';
}

/**
 * What is prepared on each connection, longest unused first: `false` while the server has not said so, and the columns
 * once they were described. A server refuses a prepared statement whose columns are others by now (0A000), so these are
 * asked for once: of a read of 17 columns, describing them took up to 4 % of this process's time.
 */
type Prepared = Map<string, Columns | boolean>;
const preparedOn = new WeakMap<WireConnection, Prepared>();

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
  /** Those whose messages this one writes with its own. */
  together: readonly PipelinedQuery[] | undefined;
  handOver: (() => void) | undefined;
  /** Read by `pg` when it gives a query the client's own type parsers. */
  readonly _result: { _types: unknown } = { _types: undefined };
  readonly #statements: readonly PreparedStatement[];
  readonly #results: WireResult[] = [];
  readonly #settle: (outcome: PipelineOutcome) => void;
  #named: Prepared = new Map();
  /** By the place of their statement, those that are known and not described again. */
  readonly #known: (Columns | undefined)[] = [];
  #current: WireResult | undefined;
  #failure: unknown;
  #settled = false;

  constructor(statements: readonly PreparedStatement[], settle: (outcome: PipelineOutcome) => void) {
    this.#statements = statements;
    this.#settle = settle;
  }

  /** `pg` wants to see one, to replace it where a time limit of its own applies. */
  callback = (error: unknown): void => {
    if (error) this.#end(error);
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
    let before: PreparedStatement | undefined;
    for (const statement of this.#statements) {
      const again = isAgain(statement, before);
      const known = again ? this.#known.at(-1) : this.#parse(messages, statement);
      this.#known.push(known);
      messages.push(serialize.bind({ statement: statement.name, values: statement.values as unknown[] }));
      if (!statement.rowsUnread && !again && !known) messages.push(describePortal);
      messages.push(execute);
      before = statement;
    }
    messages.push(sync);
  }

  /** Has it prepared where it is not; its columns where they are known. */
  #parse(messages: Buffer[], { text, name }: PreparedStatement): Columns | undefined {
    if (name === '') {
      messages.push(serialize.parse({ text, name, types: [] }));
      return undefined;
    }
    const known = this.#named.get(name);
    this.#named.delete(name);
    this.#named.set(name, known ?? false);
    if (known) return known === true ? undefined : known;
    // An attempt that failed may have prepared it or not; closing what is not there is no error.
    if (known === false) messages.push(serialize.close({ type: 'S', name }));
    messages.push(serialize.parse({ text, name, types: [] }));
    if (this.#named.size <= namedStatementsMax) return undefined;
    const [longestUnused] = this.#named.keys();
    this.#named.delete(longestUnused!);
    messages.push(serialize.close({ type: 'S', name: longestUnused! }));
    return undefined;
  }

  /** The server has said that all of them are prepared, and what columns they have. */
  #remember(): void {
    for (const [at, { name, text, rowsUnread }] of this.#statements.entries()) {
      const known = this.#named.get(name);
      if (known === undefined || typeof known === 'object') continue;
      const isDescribed = !rowsUnread && hasFixedColumns(text);
      this.#named.set(name, isDescribed ? columnsOf(this.#results[at]!) : true);
    }
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
    if (this.#failure === undefined) {
      this.#remember();
      this.callback(undefined);
    }
    this.#end(this.#failure);
    this.handOver?.();
  }

  handleError(error: unknown): void {
    if (isOfThePrepared(error))
      for (const { name } of this.#statements) if (this.#named.has(name)) this.#named.set(name, false);
    this.#end(this.#failure ?? error);
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

  #end(failure: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settle(failure === undefined ? { results: this.#results } : { results: this.#results, failure });
  }

  /** The result of the statement whose answer is coming in. */
  #result(): WireResult {
    if (this.#current) return this.#current;
    this.#current = new Result(undefined, this._result._types);
    const at = this.#results.length;
    const statement = this.#statements[at];
    const before = this.#results[at - 1];
    if (this.#known[at]) Object.assign(this.#current, this.#known[at]);
    else if (statement && before && isAgain(statement, this.#statements[at - 1])) {
      Object.assign(this.#current, columnsOf(before));
    }
    return this.#current;
  }

  #next(): void {
    if (this.#current) this.#results.push(this.#current);
    this.#current = undefined;
  }
}
