import { createHash } from 'node:crypto';
import type { TaskContext } from '../../../platform/module.ts';
import { TaskFailure, TaskSuspension } from '../../tasks/index.ts';
import type { WorkflowContext } from '../define.ts';
import { Execution } from './execution.ts';
import { History } from './history.ts';
import { runBranches } from './parallel.ts';
import { approvalStep, eventStep, runStep, sleepStep, taskStep, toRunFailure, workflowStep } from './steps.ts';
import { makeRunStore } from './store.ts';

/** The handler of a workflow's tasks: replays what is recorded, and goes on from there. */
export async function activate(
  workflow: { readonly name: string; readonly version: number; readonly activationSecondsMax?: number },
  work: (ctx: WorkflowContext) => Promise<unknown>,
  context: TaskContext,
): Promise<unknown> {
  const store = makeRunStore(context);
  const { run, steps } = await store.load(workflow);
  const execution = new Execution(context, store, new History(steps), run, workflow.activationSecondsMax);
  try {
    return await execution.perform(async () => {
      try {
        return await work(makeContext(execution));
      } catch (thrown) {
        throw thrown instanceof TaskSuspension ? new TypeError('a workflow sleeps by ctx.sleep') : toRunFailure(thrown);
      }
    });
  } catch (error) {
    if (error instanceof TaskFailure && !error.retryable) await endFailed(execution, error);
    throw error;
  }
}

/** Notes what a retry is to do again, and cancels what the run has begun and not waited for. */
async function endFailed({ store, context }: Execution, { details }: TaskFailure): Promise<void> {
  const { organizationId, taskId } = context;
  await store.held(async (tx) => {
    await tx.sql('update plinth.workflow_runs set failed_steps = $3 where organization_id = $1 and id = $2', [
      organizationId,
      taskId,
      details?.['steps'] ?? [],
    ]);
    const begun = await tx.sql<{ id: string }>(
      `select id
       from plinth.tasks
       where organization_id = $1 and parent_task_id = $2 and completed_at is null
       order by id`,
      [organizationId, taskId],
    );
    for (const { id } of begun) {
      await tx.sql('select plinth.cancel_task($1, $2, $3)', [organizationId, id, 'its workflow has failed']);
    }
  });
}

function makeContext(execution: Execution): WorkflowContext {
  const { taskId, organizationId } = execution.context;
  /** Bytes that are the same at the same place of every replay, and nowhere else. */
  const chance = (what: string): Buffer => {
    const { branch, history } = execution;
    const place = `${branch.path}${history.occurrence(branch, what)}`;
    return createHash('sha256').update(`${taskId}:${place}`).digest();
  };
  return {
    runId: taskId,
    organizationId,
    run: (name, work, options) => runStep(execution, name, work, options),
    sleep: (name, duration?: unknown) =>
      duration === undefined
        ? sleepStep(execution, 'sleep', name)
        : sleepStep(execution, String(name), duration as string | number),
    waitForEvent: (name, options) => eventStep(execution, name, options),
    task: (type, payload, options) => taskStep(execution, type, payload, options),
    workflow: (name, input, options) => workflowStep(execution, name, input, options),
    approval: (request) => approvalStep(execution, request),
    all: async (branches, options) => (await runBranches(execution, 'all', branches, options)) as never,
    forEach: (name, items, work, options) =>
      runBranches(
        execution,
        name,
        items.map((item, index) => () => work(item, index)),
        options,
      ),
    now: () => new Date(execution.branch.now),
    random: () => chance('random()').readUIntBE(0, 6) / 2 ** 48,
    uuid: () => {
      const bytes = chance('uuid()').subarray(0, 16);
      bytes[6] = (bytes[6]! & 0x0f) | 0x40;
      bytes[8] = (bytes[8]! & 0x3f) | 0x80;
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    },
  };
}
