/** Events and tasks in every state the pages about them show, made as users make them. */
import { processPendingEvents } from '../../src/modules/events/processing.ts';
import { signGithub } from '../../src/modules/events/sample.ts';
import { TaskFailure } from '../../src/modules/tasks/failure.ts';
import { type Run, toHandlers } from '../../src/modules/tasks/fixtures/world.ts';
import { startWorker } from '../../src/modules/tasks/worker.ts';
import type { ModuleDefinition } from '../../src/platform/module.ts';
import { type ClockedPlinth, type FirstRun, text } from '../support/plinth.ts';

const flaky = 'demo.flaky';
const echo = 'demo.echo';
export const demoTasks: ModuleDefinition = {
  name: 'demo-tasks',
  description: 'Task types for the browser.',
  dependsOn: [],
  tasks: {
    [flaky]: { description: 'Fails, unless it is mended.', run: async () => null },
    [echo]: { description: 'Returns what it is given.', run: async (payload) => payload },
  },
};

const runs: Record<string, Run> = {
  [flaky]: () => {
    throw new TaskFailure('upstream_down', 'The other side did not answer: <b>503</b>', {
      retryable: false,
      details: { host: 'https://evil.example/', attempts: 3 },
    });
  },
  [echo]: (payload) => payload,
};

/** Runs what is queued, until nothing is. */
export async function runTasks(plinth: ClockedPlinth): Promise<void> {
  const worker = startWorker({
    platform: plinth.platform,
    version: '0.0.0',
    concurrency: 4,
    stopSeconds: 0.1,
    handlers: toHandlers(runs),
  });
  try {
    await worker.idle();
  } finally {
    await worker.stop();
  }
}

export interface WorkData {
  readonly projectId: string;
  readonly failedTask: string;
  readonly doneTask: string;
  readonly waitingTask: string;
  /** Its subscription made a task, which failed. */
  readonly pushEvent: string;
  readonly skippedEvent: string;
  /** Sends a body as GitHub does; returns the event's id. */
  github(kind: string, body: unknown): Promise<string>;
  enqueue(body: Record<string, unknown>): Promise<string>;
}

export async function makeWorkData(plinth: ClockedPlinth, owner: FirstRun): Promise<WorkData> {
  const { key, organizationId } = owner;
  const post = async (url: string, body: unknown) => {
    const answer = await plinth.call('POST', url, { key, body });
    if (answer.status >= 300) throw new Error(answer.text);
    return answer.body;
  };
  const enqueue = async (body: Record<string, unknown>) => text((await post('/v1/tasks', body))['id']);

  const projectId = text((await post('/v1/projects', { name: 'Checkout' }))['id']);
  const source = await post('/v1/event-sources', { name: 'GitHub', scheme: 'github' });
  await post('/v1/event-subscriptions', { name: 'Pushes to main', names: ['push'], target: { task_type: flaky } });
  const github = async (kind: string, body: unknown) => {
    const bytes = JSON.stringify(body);
    const headers = { 'content-type': 'application/json', ...signGithub(bytes, text(source['secret']), { kind }) };
    const answer = await plinth.app.inject({
      method: 'POST',
      url: text(source['hook_path']),
      headers: { host: 'localhost:4600', ...headers },
      payload: bytes,
    });
    if (answer.statusCode !== 200) throw new Error(answer.body);
    return (answer.json() as { id: string }).id;
  };
  const repository = { id: 7, name: 'shop', full_name: 'acme/shop', html_url: 'https://github.com/acme/shop' };
  const sender = { id: 1, login: 'ada' };
  const commit = { id: 'a'.repeat(40), message: 'Prices in cents', url: 'https://github.com/acme/shop/commit/aaa' };
  const push = { ref: 'refs/heads/main', before: 'b'.repeat(40), after: commit.id, commits: [commit] };
  const pushEvent = await github('push', { ...push, head_commit: commit, compare: commit.url, repository, sender });
  const issue = { id: 3, number: 12, title: 'Totals are wrong', html_url: 'https://github.com/acme/shop/issues/12' };
  const skippedEvent = await github('issues', { action: 'opened', issue, repository, sender });
  await post('/v1/events', {
    type: 'order.paid',
    title: 'Order 1001 was paid',
    actor: 'till-4',
    payload: { total: 12 },
  });
  while ((await processPendingEvents(plinth.platform, organizationId)).events > 0);

  const failedTask = await enqueue({ task_type: flaky, title: 'Ask the other side', project_id: projectId });
  const doneTask = await enqueue({ task_type: echo, title: 'Say it again', payload: { said: 'hello' } });
  await runTasks(plinth);
  const waitingTask = await enqueue({ task_type: echo, title: 'Tomorrow', scheduled_at: '2099-01-01T00:00:00Z' });
  return { projectId, failedTask, doneTask, waitingTask, pushEvent, skippedEvent, github, enqueue };
}
