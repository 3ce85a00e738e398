import { TaskFailure } from './failure.ts';

/** What a handler throws to give its task back without an answer: no attempt is spent, and no worker is held. */
export class TaskSuspension extends Error {
  override readonly name = 'TaskSuspension';
  readonly until: Date | undefined;

  constructor(until?: Date) {
    if (until && Number.isNaN(until.getTime())) {
      throw new TaskFailure('suspension_time_invalid', 'the time to wait until is none', { retryable: false });
    }
    super('the task is suspended');
    this.until = until;
  }
}

/** Also where two copies of the package are installed. */
export const isSuspension = (thrown: unknown): thrown is TaskSuspension =>
  thrown instanceof Error && thrown.name === 'TaskSuspension';

/**
 * Gives the task back until a time, or for ever where none is given; `wake_task`, and the end of what it awaits by
 * `await_tasks`, run it again earlier. Its handler then starts from the beginning.
 */
export function suspend({ until }: { until?: Date } = {}): never {
  throw new TaskSuspension(until);
}
