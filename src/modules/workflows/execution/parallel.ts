import type { ParallelOptions } from '../define.ts';
import type { Execution } from './execution.ts';
import { assertOutsideSteps } from './history.ts';
import { StepFailure } from './step-failure.ts';

export const branches_max = 1_000;
const concurrency_default = 10;

/**
 * Runs branches side by side, each with names, places and a clock of its own, so that which comes first does not matter.
 * Waits for all of them, then throws the first failure in their order, with the steps of all that failed.
 */
export async function runBranches<T>(
  execution: Execution,
  name: string,
  branches: readonly (() => Promise<T>)[],
  { concurrency = concurrency_default }: ParallelOptions = {},
): Promise<T[]> {
  if (branches.length > branches_max) throw new RangeError(`${branches.length} branches; the limit is ${branches_max}`);
  if (!(concurrency >= 1)) throw new RangeError('the concurrency is a number from 1');
  const outer = execution.branch;
  assertOutsideSteps(outer, name);
  const path = `${outer.path}${execution.history.occurrence(outer, name)}`;
  const began = outer.now;
  const ends: Date[] = [];
  const outcomes: PromiseSettledResult<T>[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < branches.length; index = next++) {
      const at = index;
      await execution.inBranch(`${path}/${at}/`, began, async () => {
        try {
          outcomes[at] = { status: 'fulfilled', value: await branches[at]!() };
        } catch (reason) {
          outcomes[at] = { status: 'rejected', reason };
        }
        ends[at] = execution.branch.now;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, branches.length) }, lane));
  for (const end of ends) execution.advance(outer, end);
  const failed = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  if (failed.length === 0) return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<T>).value);
  const [first] = failed;
  if (!(first instanceof StepFailure)) throw first;
  const steps = failed.flatMap((one) => (one instanceof StepFailure ? one.steps : []));
  throw new StepFailure(first.step, first, [...new Set(steps)]);
}
