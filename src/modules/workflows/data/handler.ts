import type { TaskHandler } from '../../../platform/module.ts';
import { TaskFailure } from '../../tasks/index.ts';
import { activate } from '../execution/activate.ts';
import { interpret } from './interpret.ts';
import { definitionOfRun } from './store.ts';

export const dataHandler: TaskHandler = {
  description: 'A run of a workflow that is data.',
  async run(context, payload) {
    const scope = { as: 'app', organizationId: context.organizationId, memberRole: 'service' } as const;
    const found = await context.platform.door.read(scope, (tx) => definitionOfRun(tx, context.taskId));
    if (!found) {
      const message = 'no run of a workflow belongs to this task: start one at POST /v1/workflow-runs';
      throw new TaskFailure('workflow_run_missing', message, { retryable: false });
    }
    return activate(found, (ctx) => interpret(ctx, found.definition, payload), context);
  },
};
