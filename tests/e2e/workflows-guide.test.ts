/** The guide to workflows: its files are those of the example, and the example does what the guide says. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import application from '../../examples/workflows/plinth.config.ts';
import { composeApplication } from '../../src/application/compose.ts';
import { migrateEngine } from '../../src/platform/migrate/schema.ts';
import { openTestPlinth, type TestPlinth } from '../../src/testing.ts';
import { version } from '../../src/version.ts';
import { describeEngines } from '../support/engines.ts';
import { addPerson, type ClockedPlinth, type TestPerson } from '../support/plinth.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');

it('shows the files of the example as they are', () => {
  const blocks = [...read('docs/guides/workflows.md').matchAll(/<!-- file (\S+) -->\n```\w+\n(.*?)```/gs)];
  expect(blocks.map(([, path]) => path)).toEqual([
    'examples/workflows/plinth.config.ts',
    'examples/workflows/onboarding.json',
  ]);
  for (const [, path, text] of blocks) expect(text).toBe(read(path!));
});

describeEngines('the example of workflows', (on) => {
  let plinth: TestPlinth;
  let key: string;
  let manager: TestPerson;
  beforeAll(async () => {
    await migrateEngine(on.engine, composeApplication(application).modules, { programVersion: version });
    plinth = await openTestPlinth({ application, engine: on.engine });
    ({ key } = await plinth.makeOrganization('Ours'));
    manager = await addPerson(plinth as ClockedPlinth, { key }, 'member');
    plinth.work();
  });
  afterAll(() => plinth.close());
  const call = (method: 'GET' | 'POST' | 'PUT', url: string, body?: unknown, as = key) =>
    plinth.call(method, url, { key: as, ...(body === undefined ? {} : { body }) });
  const start = async (body: unknown) => String((await call('POST', '/v1/workflow-runs', body)).body['id']);
  const status = async (id: string) => String((await call('GET', `/v1/workflow-runs/${id}`)).body['status']);
  const output = async (id: string) => {
    await expect.poll(() => status(id), { timeout: 20_000 }).toBe('completed');
    return (await call('GET', `/v1/workflow-runs/${id}`)).body['output'];
  };
  const agree = async (run: string) => {
    const asked = async () =>
      (
        JSON.parse((await call('GET', '/v1/approvals?mine=true', undefined, manager.key)).text) as {
          data: { id: string; run_id: string }[];
        }
      ).data.find(({ run_id }) => run_id === run);
    await expect.poll(asked, { timeout: 20_000 }).toBeDefined();
    return call('POST', `/v1/approvals/${(await asked())!.id}/votes`, { vote: 'approve' }, manager.key);
  };

  it('as code', async () => {
    const input = { id: '17', total: 2_000, approver: manager.userId, askAfter: '20ms' };
    const id = await start({ workflow: 'order', input });
    expect((await agree(id)).body).toMatchObject({ status: 'approved', title: 'Ship order 17?' });
    await call('POST', `/v1/workflow-runs/${id}/events`, { name: 'shipped', payload: { order: '17', carrier: 'DHL' } });
    expect(await output(id)).toEqual({ status: 'shipped', label: 'label of 17', carrier: 'DHL' });
  });

  it('as data', async () => {
    expect(
      (await call('PUT', '/v1/workflows/onboarding', JSON.parse(read('examples/workflows/onboarding.json')))).status,
    ).toBe(201);
    const orders = [
      { id: 'a', total: 5 },
      { id: 'b', total: 0 },
      { id: 'c', total: 7 },
    ];
    const id = await start({ workflow: 'onboarding', input: { customer: 'Acme', manager: manager.userId, orders } });
    expect((await agree(id)).body).toMatchObject({ title: 'Welcome Acme, with 3 orders?' });
    expect(await output(id)).toEqual({ outcome: 'approved', labels: 2 });
  });
});
