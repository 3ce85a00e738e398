import { TaskFailure } from '../../tasks/index.ts';
import type { StepFailure } from './step-failure.ts';

export type StepKind = 'step' | 'sleep' | 'event' | 'task' | 'workflow' | 'approval';
/** Operations of one run; each activation reads them all. */
export const run_steps_max = 5_000;
const key_chars_max = 1_000;
const step_name = /^[^/#\p{Cc}]{1,100}$/u;

/** A step as it is recorded, with what became meanwhile of what it waits for. */
export interface RecordedStep {
  readonly key: string;
  readonly scope: string;
  readonly place: number;
  readonly kind: StepKind;
  readonly status: 'waiting' | 'retrying' | 'completed' | 'failed';
  readonly result: unknown;
  readonly error: ConstructorParameters<typeof StepFailure>[1] | null;
  readonly attempts: number;
  readonly cost: number;
  readonly due_at: Date | null;
  readonly is_due: boolean;
  readonly completed_at: Date | null;
  readonly task_id: string | null;
  readonly task_status: string | null;
  readonly task_results: unknown;
  readonly task_error: { code?: string; message?: string } | null;
  /** Whether an event it waits for is there. */
  readonly has_event: boolean;
  /** What became of the approval it waits for. */
  readonly approval_status: string | null;
}

/** A branch of a workflow: names, places and the clock are counted in each by itself. */
export interface Branch {
  readonly path: string;
  readonly names: Map<string, number>;
  places: number;
  now: Date;
  /** It is the inside of a step: nothing is begun there. */
  readonly isStep: boolean;
}

export const makeBranch = (path: string, now: Date, isStep = false): Branch => ({
  path,
  names: new Map(),
  places: 0,
  now,
  isStep,
});

/** Throws a TypeError inside of a step: what it began there no replay would come to. */
export function assertOutsideSteps({ isStep }: Branch, name: string): void {
  if (isStep) throw new TypeError(`"${name}" is begun inside of a step: do so beside it, or in a workflow of its own`);
}

/** Where an operation stands, and what is recorded of it. */
export interface Position {
  readonly branch: Branch;
  readonly key: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly place: number;
  readonly recorded: RecordedStep | undefined;
}

/** The recorded steps of a run, and the check that a replay comes to the same. */
export class History {
  readonly #steps = new Map<string, RecordedStep>();
  readonly #places = new Map<string, string>();
  readonly #reached = new Set<string>();

  constructor(recorded: readonly RecordedStep[]) {
    for (const step of recorded) {
      this.#steps.set(step.key, step);
      this.#places.set(`${step.place} ${step.scope}`, step.key);
    }
  }

  get cost(): number {
    return [...this.#steps.values()].reduce((sum, { cost }) => sum + cost, 0);
  }

  /**
   * The next operation of a branch. Throws `workflow_changed` where another stands at its place in what is recorded, or it
   * stands at another place.
   */
  next(branch: Branch, kind: StepKind, name: string): Position {
    const key = `${branch.path}${this.occurrence(branch, name)}`;
    const place = branch.places++;
    const recorded = this.#steps.get(key);
    const there = this.#places.get(`${place} ${branch.path}`);
    if (recorded ? recorded.kind !== kind || recorded.place !== place : there !== undefined) {
      throw changed(
        recorded && recorded.kind !== kind
          ? `step "${key}" was recorded as ${recorded.kind}, and is ${kind} now`
          : `step "${key}" is reached where "${there ?? 'nothing'}" was recorded`,
      );
    }
    this.#reached.add(key);
    if (this.#reached.size > run_steps_max) {
      const message = `the run has more than ${run_steps_max} steps: divide it into workflows of its own`;
      throw new TaskFailure('workflow_too_long', message, { retryable: false });
    }
    return { branch, key, name, kind, place, recorded };
  }

  /** The name of an operation with its occurrence in its branch. */
  occurrence(branch: Branch, name: string): string {
    if (!step_name.test(name)) {
      throw new TypeError(`${JSON.stringify(name)} is no name of a step: 1 to 100 characters without / and #`);
    }
    const nth = (branch.names.get(name) ?? 0) + 1;
    branch.names.set(name, nth);
    const own = nth === 1 ? name : `${name}#${nth}`;
    if (branch.path.length + own.length > key_chars_max)
      throw new TypeError(`branches are nested too deep at "${own}"`);
    return own;
  }

  /** Throws `workflow_changed` where a step is recorded that the code no longer reaches. */
  assertAllReached(): void {
    const left = [...this.#steps.keys()].find((key) => !this.#reached.has(key));
    if (left !== undefined) throw changed(`step "${left}" was recorded, and is not reached any more`);
  }
}

function changed(what: string): TaskFailure {
  const message = `the workflow's code does not fit what was recorded: ${what}. Give changed code a new version`;
  return new TaskFailure('workflow_changed', message, { retryable: false });
}
