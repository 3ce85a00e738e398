export interface RecordedError {
  readonly code: string;
  readonly message: string;
  readonly details?: Record<string, unknown> | undefined;
}

/** What a workflow's code may catch: a step that has failed for good, with the code of its error. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly code: string;
  /** The key of the step. */
  readonly step: string;
  readonly details: Record<string, unknown> | undefined;
  /** The keys of all steps that failed, where several branches did: what a retry of the run does again. */
  readonly steps: readonly string[];

  constructor(step: string, { code, message, details }: RecordedError, steps: readonly string[] = [step]) {
    super(message);
    this.code = code;
    this.step = step;
    this.details = details;
    this.steps = steps;
  }
}
