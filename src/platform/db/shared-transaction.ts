/** Reads of one principal in one transaction: which may share it, and what each gets of its outcome. */
import type pg from 'pg';
import type { PipelinedStatement, PipelineOutcome } from './pipelined-query.ts';

/** A read: the statements of its context, and last the one whose rows are wanted. */
export interface QueuedRead {
  readonly statements: readonly PipelinedStatement[];
  resolve(results: pg.QueryResult[]): void;
  reject(error: unknown): void;
}

/** Reads in the order they came, those together that may share a transaction. */
export function shareTransactions(reads: readonly QueuedRead[]): QueuedRead[][] {
  const shared: QueuedRead[][] = [];
  for (const read of reads) {
    let at = 0;
    while (at < shared.length && !mayShare(shared[at]![0]!.statements, read.statements)) at++;
    if (at < shared.length) shared[at]!.push(read);
    else shared.push([read]);
  }
  return shared;
}

/** The context once, then what each of them asks. */
export function sharedStatements(reads: readonly QueuedRead[]): readonly PipelinedStatement[] {
  const first = reads[0]!.statements;
  if (reads.length === 1) return first;
  return [...first.slice(0, -1), ...reads.map(({ statements }) => statements.at(-1)!)];
}

/**
 * Same context, value by value, and the same text to run. Other texts would lock other tables: a transaction that holds
 * one and waits for another can come to a deadlock with a migration, which a read alone never does.
 */
function mayShare(a: readonly PipelinedStatement[], b: readonly PipelinedStatement[]): boolean {
  if (a.length !== b.length) return false;
  const last = a.length - 1;
  for (let at = last; at >= 0; at--) {
    const [one, other] = [a[at]!, b[at]!];
    if (one.text !== other.text || one.named !== other.named || one.rowsUnread !== other.rowsUnread) return false;
    if (at < last && !sameValues(one.values, other.values)) return false;
  }
  return true;
}

/** Objects are never the same: what they become on the way to the server is not known yet. */
function sameValues(a: readonly unknown[] = [], b: readonly unknown[] = []): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    const value = a[at] ?? null;
    if (value !== (b[at] ?? null) || (typeof value === 'object' && value !== null)) return false;
  }
  return true;
}

/**
 * Gives each read what became of it, and returns those that have no answer: the server passed them over after another
 * had failed, or it is not known whose fault the failure was. They have to run again, each in a transaction of its own.
 */
export function settle(
  reads: readonly QueuedRead[],
  { results, failure, unsent }: PipelineOutcome,
  connectionLost: boolean,
): readonly QueuedRead[] {
  const contextLength = reads[0]!.statements.length - 1;
  const answer = (read: QueuedRead, at: number) =>
    read.resolve([...results.slice(0, contextLength), results[contextLength + at]!]);
  if (failure === undefined) {
    reads.forEach(answer);
    return [];
  }
  if (reads.length === 1) {
    reads[0]!.reject(failure);
    return [];
  }
  const answered = results.length - contextLength;
  // the context's fault, that of the end of the transaction, or nobody's
  if (unsent || answered < 0 || answered >= reads.length || isOfTheTransaction(failure)) return reads;
  reads.slice(0, answered).forEach(answer);
  if (connectionLost) return reads.slice(answered);
  reads[answered]!.reject(failure);
  return reads.slice(answered + 1);
}

/** Class 40: the whole transaction was given up, and what it had read with it. */
function isOfTheTransaction(failure: unknown): boolean {
  return (failure as { code?: string } | null)?.code?.startsWith('40') ?? false;
}
