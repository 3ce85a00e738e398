/** The alert rules ask for metrics that are there, with the labels they have. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openTestPlinth, type TestPlinth } from '../../src/testing.ts';
import { asOwner } from '../support/tenants.ts';

const token = 'a-token-of-enough-length';
const rules = readFileSync(new URL('../../deploy/alerts.yml', import.meta.url), 'utf8');
/** Without comments and texts for people: what is left names metrics in expressions alone. */
const expressions = rules.replace(/^ *#.*$/gm, '').replace(/^ *summary:.*$/gm, '');

let plinth: TestPlinth;
beforeAll(async () => {
  const { metricsToken } = loadConfig({ PLINTH_METRICS_TOKEN: token });
  plinth = await openTestPlinth({ config: { metricsToken } });
});
afterAll(() => plinth?.close());

const scrape = async (): Promise<string> => {
  const { statusCode, body } = await plinth.app.inject({
    url: '/metrics',
    headers: { host: 'localhost:4600', authorization: `Bearer ${token}` },
  });
  expect(statusCode).toBe(200);
  return body;
};
const sampleOf = (text: string, sample: string): number | undefined => {
  const line = text.split('\n').find((one) => one.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
};

it('every metric named is there, with its labels', async () => {
  await plinth.call('GET', '/healthz');
  const text = await scrape();
  const named = new Set([...expressions.matchAll(/\bplinth_\w+(\{[^}]*\})?/g)].map(([sample]) => sample));
  expect(named.size).toBeGreaterThan(8);
  for (const sample of named) {
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(sample) ?? [];
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    expect(lines.length, sample).toBeGreaterThan(0);
    expect(
      lines.some((line) => line.includes(labels)),
      sample,
    ).toBe(true);
  }
});

it('the queue, the workers and the partitions are counted', async () => {
  const { id } = await plinth.makeOrganization();
  const before = await scrape();
  expect(sampleOf(before, 'plinth_tasks{state="due"}')).toBe(0);
  expect(sampleOf(before, 'plinth_task_queue_oldest_seconds')).toBe(0);
  expect(sampleOf(before, 'plinth_task_workers')).toBe(0);
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  await plinth
    .as({ as: 'app', organizationId: id, memberRole: 'service' })
    .tasks.enqueueMany([{ task_type: 'analysis.run' }, { task_type: 'analysis.run', scheduled_at: soon }]);
  const after = await scrape();
  expect(sampleOf(after, 'plinth_tasks{state="due"}')).toBe(1);
  expect(sampleOf(after, 'plinth_tasks{state="delayed"}')).toBe(1);
  expect(sampleOf(after, 'plinth_task_queue_oldest_seconds')).toBeGreaterThan(0);
  expect(sampleOf(after, 'plinth_partitions_ahead{table="audit_logs"}')).toBe(3);
  expect(sampleOf(after, 'plinth_default_partition_rows{table="audit_logs"}')).toBe(0);
  expect(sampleOf(after, 'plinth_database_up')).toBe(1);
});

it('what has failed for good is counted, until somebody retries it', async () => {
  const { id } = await plinth.makeOrganization();
  const before = await scrape();
  expect(sampleOf(before, 'plinth_dead_letters{kind="task"}')).toBe(0);
  expect(sampleOf(before, 'plinth_dead_letters{kind="event"}')).toBe(0);
  const tasks = plinth.as({ as: 'app', organizationId: id, memberRole: 'service' });
  const [dead] = await tasks.tasks.enqueueMany([{ task_type: 'analysis.run' }, { task_type: 'analysis.run' }]);
  await asOwner(
    plinth.platform.engine,
    `update plinth.tasks set status = 'failed', completed_at = now() where id = '${dead?.id}';
     delete from plinth.task_queue where id = '${dead?.id}';
     insert into plinth.events (organization_id, type, source, payload, payload_bytes, status)
     values ('${id}', 'test', 'test', '{}', 2, 'failed'), ('${id}', 'test', 'test', '{}', 2, 'processed')`,
  );
  const after = await scrape();
  expect(sampleOf(after, 'plinth_dead_letters{kind="task"}')).toBe(1);
  expect(sampleOf(after, 'plinth_dead_letters{kind="event"}')).toBe(1);
  await tasks.write((tx) => tx.sql('select plinth.retry_task($1, $2)', [id, dead?.id]));
  expect(sampleOf(await scrape(), 'plinth_dead_letters{kind="task"}')).toBe(0);
});

it('a database that does not answer is told of, and nothing old with it', async () => {
  const { engine } = plinth.platform;
  await scrape();
  await engine.directPool.query('alter function plinth.task_engine_state() rename to task_engine_state_gone');
  try {
    const text = await scrape();
    expect(sampleOf(text, 'plinth_database_up')).toBe(0);
    expect(text).not.toContain('plinth_task_workers');
  } finally {
    await engine.directPool.query('alter function plinth.task_engine_state_gone() rename to task_engine_state');
  }
  expect(sampleOf(await scrape(), 'plinth_database_up')).toBe(1);
});
