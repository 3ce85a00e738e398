/** Workflows of code and of data, and runs of them in every state the pages show, made as programs make them. */
import { startWorker, TaskFailure } from '../../src/modules/tasks/index.ts';
import { workflow, workflowTasks } from '../../src/modules/workflows/index.ts';
import { workflowsModule } from '../../src/modules/workflows/module.ts';
import type { ModuleDefinition, TaskHandler } from '../../src/platform/module.ts';
import { type ClockedPlinth, type FirstRun, text } from '../support/plinth.ts';

export const hostileStep = '"><img src=x onerror="window.hacked = 1">';

interface Order {
  readonly id: string;
  readonly items: number;
  readonly approver: string;
}

const order = workflow<Order>('order', { version: 2 }, async (ctx, { id, items, approver }) => {
  const payment = await ctx.run(
    'reserve payment',
    ({ attempt }) => {
      if (attempt === 1) throw new TaskFailure('bank_busy', 'the bank did not answer');
      return { reference: `payment-${id}` };
    },
    { retry: { maxAttempts: 3, firstDelaySeconds: 0.001 } },
  );
  await ctx.all([
    () => ctx.task('print.label', { order: id }),
    () => ctx.run(hostileStep, () => `<script>window.hacked = 1</script>`),
  ]);
  await ctx.forEach(
    'lines',
    Array.from({ length: items }, (_, n) => n),
    async (n) => {
      await ctx.run('pick', () => n);
      return ctx.run('pack', () => 'x'.repeat(n === 0 ? 30_000 : 1));
    },
  );
  const { outcome } = await ctx.approval({
    title: `Ship order ${id} <b>today</b>?`,
    description: 'It is large.\n<img src="https://evil.example/a.png">',
    assignees: [approver],
    timeout: '2d',
  });
  const shipped = await ctx.waitForEvent('shipped', { match: { order: id }, timeout: '14d' });
  await ctx.sleep('before asking', '20ms');
  return { payment, outcome, shipped };
});

const broken = workflow('broken', { version: 1 }, async (ctx) => {
  await ctx.run('first', () => 1);
  await ctx.run(
    'second',
    () => {
      throw new TaskFailure('no_such_customer', 'there is no customer <b>7</b>', { retryable: false });
    },
    { retry: { maxAttempts: 1 } },
  );
});

/** A row of so many steps. */
const long = workflow<{ steps: number }>('long', { version: 1 }, async (ctx, { steps }) => {
  for (let n = 0; n < steps; n++) await ctx.run(`step ${n}`, () => n);
});

const handlers: Record<string, TaskHandler> = {
  'print.label': { description: 'Prints a label.', run: async (_context, payload) => ({ printed: payload }) },
};

export const demoWorkflows: ModuleDefinition = {
  name: 'demo-workflows',
  description: 'Workflows for the browser.',
  dependsOn: [],
  tasks: { ...handlers, ...workflowTasks(order, broken, long) },
};

/** Runs what can run, until nothing can. */
export async function runWorkflows(plinth: ClockedPlinth): Promise<void> {
  const worker = startWorker({
    platform: plinth.platform,
    version: '0.0.0',
    concurrency: 4,
    stopSeconds: 0.1,
    handlers: new Map(Object.entries({ ...workflowsModule.tasks, ...demoWorkflows.tasks })),
  });
  try {
    await worker.idle();
  } finally {
    await worker.stop();
  }
}

const onboarding = (approver: string) => ({
  description: 'Labels for new customers, <b>once</b> somebody has agreed.',
  execution_type: 'sequential',
  input_schema: { type: 'object', required: ['customer'], properties: { customer: { type: 'string' } } },
  steps: [
    { key: 'big', type: 'task', task_type: 'print.label', payload: { big: true }, if: 'size(input.customer) > 100' },
    {
      key: 'greet',
      type: 'group',
      execution_type: 'parallel',
      steps: [
        { key: 'letter', type: 'task', task_type: 'print.label', payload: { to: '{{ input.customer }}' } },
        { key: 'labels', type: 'task', task_type: 'print.label', for_each: '{{ [1, 2, 3] }}', payload: '{{ item }}' },
      ],
    },
    {
      key: 'checks',
      type: 'group',
      execution_type: 'dag',
      steps: [
        { key: 'address', type: 'set', value: 1 },
        { key: 'credit', type: 'sleep', duration: '1ms' },
        {
          key: 'agreed',
          type: 'approval',
          title: 'Welcome {{ input.customer }}?',
          assignees: [approver],
          depends_on: ['address', 'credit'],
        },
      ],
    },
    { key: 'rest', type: 'event', event: 'moved_in', timeout: '30d' },
    { key: 'last', type: 'task', task_type: 'print.label', payload: {} },
  ],
});

export interface WorkflowData {
  readonly waitingRun: string;
  readonly failedRun: string;
  readonly dataRun: string;
  readonly longRun: string;
}

export async function makeWorkflowData(plinth: ClockedPlinth, owner: FirstRun): Promise<WorkflowData> {
  const send = async (method: 'POST' | 'PUT', path: string, body: unknown) => {
    const answer = await plinth.call(method, path, { key: owner.key, body });
    if (answer.status >= 300) throw new Error(answer.text);
    return answer.body;
  };
  const start = async (name: string, body: object) =>
    text((await send('POST', '/v1/workflow-runs', { workflow: name, ...body }))['id']);
  await send('PUT', '/v1/workflows/onboarding', onboarding(owner.userId));
  const input = { id: '17', items: 12, approver: owner.userId };
  const waitingRun = await start('order', { input, correlation_key: 'order-17' });
  const failedRun = await start('broken', {});
  const dataRun = await start('onboarding', { input: { customer: 'Ada' } });
  const longRun = await start('long', { input: { steps: 200 } });
  await runWorkflows(plinth);
  return { waitingRun, failedRun, dataRun, longRun };
}
