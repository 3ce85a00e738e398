/** Reads that come at the same time go together in one round trip; those of one principal in one transaction. */
import type pg from 'pg';
import { type PipelinedStatement, type PipelineOutcome, pipelinedTransactions } from './pipelined-query.ts';
import { type QueuedRead, settle, sharedStatements, shareTransactions } from './shared-transaction.ts';

/**
 * Reads one connection takes at once, at most. A write to the server's socket and the wake-up of its process take 50 µs
 * here, as much as the read itself; shared by many that is little.
 */
export const together_max = 32;
/** Those that go together take no longer than this in sum; a statement that does by itself, on average, goes alone. */
const quick_ms = 10;
/**
 * While so many round trips of quick reads are under way, the next reads wait for company: until one of those is back,
 * until as many are there as go together, or until their patience ends. Three times as many reads to a transaction.
 */
const under_way = 2;
const patience_ms = 2;
/** Statements whose times are remembered; the oldest is forgotten first. */
const statements_max = 2048;

/** Runs the statements as one transaction; results in order. Rejects with the pool's or the database's own error. */
export type RunRead = (statements: readonly PipelinedStatement[]) => Promise<pg.QueryResult[]>;

/** A read that is quick, and the part of a round trip it fills. */
interface QuickRead extends QueuedRead {
  readonly part: number;
}

/**
 * Collects the reads of one turn of the event loop, and of the time in which enough others are under way. Those whose
 * statement is quick on average share connections, up to `together` each; one that is new or slow has a connection to
 * itself. The statements of a read are its context and, last, what it asks; they must not write.
 */
export function makeReadQueue(
  pool: pg.Pool,
  now: () => number = () => performance.now(),
  together = together_max,
): RunRead {
  const quick: QuickRead[] = [];
  const times = statementTimes();
  /** Round trips that the waiting reads fill: the sum of their parts. */
  let waiting = 0;
  /** Round trips of quick reads that have begun; `asking` of them still for their connection. */
  let begun = 0;
  let asking = 0;
  let collecting = false;
  let patient = false;

  /** As many as fill one round trip, the longest waiting first. */
  function take(): QueuedRead[] {
    let filled = 0;
    let count = 0;
    while (count < quick.length && (count === 0 || filled + quick[count]!.part <= 1)) filled += quick[count++]!.part;
    waiting = count === quick.length ? 0 : waiting - filled;
    return quick.splice(0, count);
  }

  /** Sends the groups in one write, each a transaction. */
  async function send(groups: readonly (readonly QueuedRead[])[], client: pg.PoolClient): Promise<PipelineOutcome[]> {
    let before = now();
    return pipelinedTransactions(client, groups.map(sharedStatements), (at) => {
      const ended = now();
      times.note(groups[at]![0]!.statements, (ended - before) / groups[at]!.length);
      before = ended;
    });
  }

  async function run(reads: readonly QueuedRead[], client: pg.PoolClient): Promise<void> {
    let groups = shareTransactions(reads);
    while (groups.length > 0) {
      const outcomes = await send(groups, client);
      const lost = outcomes.find(isLost);
      // a connection that is lost is given back before anybody learns of it
      if (lost) client.release(lost.failure as Error);
      const unanswered = groups.flatMap((group, at) => settle(group, outcomes[at]!, isLost(outcomes[at]!)));
      if (lost) {
        for (const read of unanswered) read.reject(lost.failure);
        return;
      }
      groups = unanswered.map((read) => [read]);
    }
    client.release();
  }

  async function runAlone(read: QueuedRead): Promise<void> {
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
    begun++;
    asking++;
    let client: pg.PoolClient | undefined;
    let failure: unknown;
    try {
      client = await pool.connect();
    } catch (error) {
      failure = error;
    }
    asking--;
    const reads = take();
    if (!client) for (const read of reads) read.reject(failure);
    else if (reads.length === 0) client.release();
    else {
      askForQuick();
      await run(reads, client);
    }
    begun--;
    askForQuick();
  }

  /** As many connections as the waiting reads fill, and one that they do not where few are under way. */
  function askForQuick(overdue = false): void {
    while (waiting > asking && begun < pool.options.max) {
      if (begun >= under_way && waiting < asking + 1 && !overdue) break;
      void runQuick();
    }
    if (waiting <= asking || begun >= pool.options.max || patient) return;
    patient = true;
    setTimeout(() => {
      patient = false;
      askForQuick(true);
    }, patience_ms);
  }

  return (statements) =>
    new Promise((resolve, reject) => {
      const time = times.of(statements);
      if (together === 1 || time === undefined || time.meanMs >= quick_ms) {
        void runAlone({ statements, resolve, reject });
        return;
      }
      const part = Math.max(1 / together, time.leastMs / quick_ms);
      quick.push({ statements, resolve, reject, part });
      waiting += part;
      if (collecting) return;
      collecting = true;
      setImmediate(() => {
        collecting = false;
        askForQuick();
      });
    });
}

/** A value that could not be sent has done the connection no harm. */
function isLost({ failure, unsent }: PipelineOutcome): boolean {
  return failure !== undefined && !unsent && isConnectionLost(failure);
}

interface StatementTime {
  /**
   * Moving average: one slow run counts for a quarter, so that after a second of waiting a statement goes alone some
   * twenty times before it is trusted again, and after the first run on a cold connection two or three times.
   */
  readonly meanMs: number;
  /** The least of late, which is what the statement itself takes: on a busy machine the rest is waiting for a core. */
  readonly leastMs: number;
}

interface StatementTimes {
  /** What the last of the statements takes, with its context; undefined when it has not run before. */
  of(statements: readonly PipelinedStatement[]): StatementTime | undefined;
  note(statements: readonly PipelinedStatement[], ms: number): void;
}

function statementTimes(): StatementTimes {
  const times = new Map<string, StatementTime>();
  return {
    of: (statements) => times.get(statements.at(-1)!.text),
    note(statements, ms) {
      const { text } = statements.at(-1)!;
      const known = times.get(text);
      if (known === undefined && times.size >= statements_max) times.delete(times.keys().next().value as string);
      const { meanMs, leastMs } = known ?? { meanMs: ms, leastMs: ms };
      times.set(text, { meanMs: meanMs + (ms - meanMs) / 4, leastMs: Math.min(ms, leastMs * 1.25) });
    },
  };
}

/** Whether the connection is of no more use after this error. */
export function isConnectionLost(error: unknown): boolean {
  const code = (error as { code?: string } | null)?.code;
  return code === undefined || code.startsWith('08') || code.startsWith('57P') || code === '25P03';
}
