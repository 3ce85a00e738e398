import { PlinthError } from '../../platform/core/errors.ts';
import type { Logger } from '../../platform/core/log.ts';
import type { RetryPolicy } from '../../platform/module.ts';
import type { ClaimedTask, Failure, Success, Suspended, TaskEngine } from './engine.ts';
import { describeFailure, retryAfter, TaskFailure } from './failure.ts';

export type Answer = Success | Failure | Suspended;

/** What handlers have answered and the database has not been told. */
export interface Answers {
  readonly successes: Success[];
  readonly failures: Failure[];
  readonly suspensions: Suspended[];
}

export const noAnswers = (): Answers => ({ successes: [], failures: [], suspensions: [] });

/** What storing an answer fails with when the answer itself is at fault, and not the database or the way to it. */
const answer_errors: ReadonlySet<string> = new Set(['invalid_value', 'statement_too_complex', 'internal']);

export function isAboutAnAnswer(error: unknown): boolean {
  return error instanceof PlinthError && answer_errors.has(error.code);
}

export function toFailure(task: ClaimedTask, thrown: unknown, durationMs: number, policy?: RetryPolicy): Failure {
  const known = thrown instanceof TaskFailure ? thrown : undefined;
  const retryAfterSeconds = retryAfter(thrown, task.attempt, policy);
  const outcome = known?.code === 'timed_out' || known?.code === 'cancelled' ? known.code : 'failed';
  return { task, error: describeFailure(thrown), durationMs, retryAfterSeconds, outcome };
}

/**
 * Stores answers one at a time: one that PostgreSQL does not take must not keep the others from it, so it is recorded
 * as a failure that says so. `done` is called for each. Returns those that are left when the database itself fails.
 */
export async function settleOneByOne(
  engine: TaskEngine,
  { successes, failures, suspensions }: Answers,
  log: Logger,
  done: (answer: Answer) => void,
): Promise<{ left: Answers; error: unknown } | undefined> {
  const left: Answer[] = [...successes, ...failures, ...suspensions];
  for (let answer = left[0]; answer; answer = left[0]) {
    for (const form of [answer, failureWithoutDetails(answer)]) {
      try {
        await engine.settleAndClaim({ ...split([form]), claim: 0 });
        break;
      } catch (error) {
        if (!isAboutAnAnswer(error)) return { left: split(left), error };
        log.error({ err: error, task: answer.task.task_id }, 'an answer could not be stored');
      }
    }
    done(answer);
    left.shift();
  }
  return undefined;
}

function split(answers: readonly Answer[]): Answers {
  return {
    successes: answers.filter((one): one is Success => 'result' in one),
    failures: answers.filter((one): one is Failure => 'error' in one),
    suspensions: answers.filter((one): one is Suspended => 'until' in one),
  };
}

/** What is recorded instead of an answer that the database did not take: nothing of what the handler said is in it. */
function failureWithoutDetails(answer: Answer): Failure {
  const { task } = answer;
  const durationMs = 'durationMs' in answer ? answer.durationMs : 0;
  if ('error' in answer) {
    return { ...answer, error: { code: 'failure_not_stored', message: 'the failure could not be stored as it was' } };
  }
  if ('until' in answer) {
    const unusable = new TaskFailure('suspension_not_stored', 'the time to wait until can not be stored', {
      retryable: false,
    });
    return toFailure(task, unusable, durationMs);
  }
  const error = { code: 'result_not_stored', message: 'the result can not be stored as JSON in PostgreSQL' };
  return { task, durationMs, error, retryAfterSeconds: null, outcome: 'failed' };
}
