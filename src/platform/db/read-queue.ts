/** Reads that come at the same time go together in one round trip, each in a transaction of its own. */
import type pg from 'pg';
import { type PipelinedStatement, pipelinedTransactions } from './pipelined-query.ts';

/**
 * Reads one connection takes at once, at most. A write to the server's socket and the wake-up of its process take 50 µs
 * here, as much as the read itself; shared by eight that is little.
 */
export const together_max = 8;
/** A statement that takes longer on average goes alone: those behind it would wait for it. */
const quick_ms = 10;
/** Statements whose times are remembered; the oldest is forgotten first. */
const statements_max = 2048;

/** Runs the statements as one transaction; results in order. Rejects with the pool's or the database's own error. */
export type RunRead = (statements: readonly PipelinedStatement[]) => Promise<pg.QueryResult[]>;

interface WaitingRead {
  readonly statements: readonly PipelinedStatement[];
  resolve(results: pg.QueryResult[]): void;
  reject(error: unknown): void;
}

/**
 * Collects the reads of one turn of the event loop. Those whose statement is quick on average share connections, up to
 * `together` each; one that is new or slow has a connection to itself.
 */
export function makeReadQueue(
  pool: pg.Pool,
  now: () => number = () => performance.now(),
  together = together_max,
): RunRead {
  const quick: WaitingRead[] = [];
  const times = statementTimes();
  let asking = 0;
  let collecting = false;

  async function run(reads: readonly WaitingRead[], client: pg.PoolClient): Promise<void> {
    let before = now();
    const outcomes = await pipelinedTransactions(
      client,
      reads.map(({ statements }) => statements),
      (at) => {
        const ended = now();
        times.note(reads[at]!.statements, ended - before);
        before = ended;
      },
    );
    const lost = outcomes.find((outcome) => outcome.status === 'rejected' && isConnectionLost(outcome.reason));
    client.release(lost && ((lost as PromiseRejectedResult).reason as Error));
    outcomes.forEach((outcome, at) => {
      if (outcome.status === 'fulfilled') reads[at]!.resolve(outcome.value);
      else reads[at]!.reject(outcome.reason);
    });
  }

  async function runAlone(read: WaitingRead): Promise<void> {
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      read.reject(error);
      return;
    }
    await run([read], client);
  }

  /** Asks for a connection and runs on it as many of the quick reads as may go together. */
  async function runQuick(): Promise<void> {
    asking++;
    const share = () => quick.splice(0, together);
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      for (const read of share()) read.reject(error);
      asking--;
      askForQuick();
      return;
    }
    const reads = share();
    asking--;
    askForQuick();
    if (reads.length === 0) client.release();
    else await run(reads, client);
  }

  /** As many connections as the waiting reads fill. */
  function askForQuick(): void {
    while (asking < pool.options.max && asking * together < quick.length) void runQuick();
  }

  return (statements) =>
    new Promise((resolve, reject) => {
      const read = { statements, resolve, reject };
      if (together === 1 || !times.areQuick(statements)) {
        void runAlone(read);
        return;
      }
      quick.push(read);
      if (collecting) return;
      collecting = true;
      setImmediate(() => {
        collecting = false;
        askForQuick();
      });
    });
}

interface StatementTimes {
  /** Whether every statement has run before and is quick on average. */
  areQuick(statements: readonly PipelinedStatement[]): boolean;
  note(statements: readonly PipelinedStatement[], ms: number): void;
}

/**
 * Moving averages: one slow run counts for a quarter, so that after a second of waiting a statement goes alone some
 * twenty times before it is trusted again, and after the first run on a cold connection two or three times.
 */
function statementTimes(): StatementTimes {
  const meanMs = new Map<string, number>();
  return {
    areQuick: (statements) => statements.every(({ text }) => (meanMs.get(text) ?? Infinity) < quick_ms),
    note(statements, ms) {
      for (const { text } of statements) {
        const known = meanMs.get(text);
        if (known === undefined && meanMs.size >= statements_max) meanMs.delete(meanMs.keys().next().value as string);
        meanMs.set(text, known === undefined ? ms : known + (ms - known) / 4);
      }
    },
  };
}

/** Whether the connection is of no more use after this error. */
export function isConnectionLost(error: unknown): boolean {
  const code = (error as { code?: string } | null)?.code;
  return code === undefined || code.startsWith('08') || code.startsWith('57P') || code === '25P03';
}
