/** A user's application on top, on every engine: the example, and hooks that go wrong. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import application from '../../examples/app/plinth.config.ts';
import { composeApplication } from '../../src/application/compose.ts';
import { type ApplicationInput, definePlinth } from '../../src/application/define.ts';
import { acceptedAnswers, callSamples } from '../../src/attack-notes.ts';
import { runAttacks } from '../../src/platform/attack/index.ts';
import { lintMigrations } from '../../src/platform/migrate/lint.ts';
import { migrateDown } from '../../src/platform/migrate/run.ts';
import { migrateEngine, migrationsOf } from '../../src/platform/migrate/schema.ts';
import { migrationStatus } from '../../src/platform/migrate/status.ts';
import { openTestPlinth, type TestPlinth } from '../../src/testing.ts';
import { version } from '../../src/version.ts';
import { describeEngines, type TestEngine } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';

const attack_timeout_ms = 180_000;
const invoice = { client: 'Acme', country: 'DE', items: [{ text: 'A week', cents: 100_000 }] };

async function openApplication(test: TestEngine, input: ApplicationInput): Promise<TestPlinth> {
  const definition = definePlinth(input);
  await migrateEngine(test.engine, composeApplication(definition).modules, { programVersion: version });
  return openTestPlinth({ application: definition, engine: test.engine });
}

describeEngines(
  'an application of one’s own',
  (on) => {
    let plinth: TestPlinth;
    let key: string;
    let organizationId: string;
    beforeAll(async () => {
      plinth = await openApplication(on.test, application);
      ({ key, id: organizationId } = await plinth.makeOrganization('Ours'));
    });
    afterAll(() => plinth.platform.net.close());
    const call = (method: 'GET' | 'POST' | 'PATCH', url: string, body?: unknown, headers = {}) =>
      plinth.call(method, url, { key, headers, ...(body === undefined ? {} : { body }) });

    it('has its routes, with schemas, in the API reference too', async () => {
      expect(await call('POST', '/v1/invoices', { ...invoice, country: 'Germany' })).toMatchObject({ status: 400 });
      const made = await call('POST', '/v1/invoices', invoice);
      expect(made).toMatchObject({ status: 201, body: { status: 'draft', currency: 'EUR', gross_cents: '119000' } });
      const { body } = await call('GET', '/openapi.json');
      expect(body['paths']?.['/v1/invoices']).toMatchObject({ post: { 'x-permission': 'invoices:write' } });
    });

    it('has its tables at /rest/v1: embedding, logic, counts, and only what it allows', async () => {
      await call('POST', '/v1/invoices', { ...invoice, client: 'Globex', items: [{ text: 'A day', cents: 20_000 }] });
      const url = '/rest/v1/invoices?select=client,invoice_items(text)&or=(client.eq.Globex,country.eq.XX)';
      const answer = await call('GET', url, undefined, { prefer: 'count=exact' });
      expect(answer).toMatchObject({ body: [{ client: 'Globex', invoice_items: [{ text: 'A day' }] }] });
      expect(answer.headers['content-range']).toBe('0-0/1');
      expect(await call('POST', '/rest/v1/invoices', { client: 'X' })).toMatchObject({ status: 403 });
      const tables = JSON.stringify((await call('GET', '/rest/v1')).body);
      expect(tables).toContain('{"name":"invoices","module":"invoices"');
      const rates = await call('GET', '/rest/v1/invoice_tax_rates?select=percent&country=eq.DE');
      expect(rates.body).toEqual([{ percent: 19 }]);
    });

    it('keeps organizations apart', async () => {
      const other = await plinth.makeOrganization('Theirs');
      expect(await plinth.call('GET', '/v1/invoices', { key: other.key })).toMatchObject({ body: { data: [] } });
    });

    it('sends with the settings of the application, once, and reminds in a task', async () => {
      const { body } = await call('POST', '/v1/invoices', invoice);
      const sent = await call('POST', `/v1/invoices/${body['id']}/send`);
      expect(sent).toMatchObject({ status: 200, body: { status: 'sent' } });
      const inDays = (Date.parse(String(sent.body['due_on'])) - Date.now()) / 86_400_000;
      expect(Math.ceil(inDays)).toBe(30);
      expect(await call('POST', `/v1/invoices/${body['id']}/send`)).toMatchObject({
        status: 409,
        body: { code: 'invoice_not_draft' },
      });
      const waiting = await call('GET', '/rest/v1/tasks?select=id,payload&task_type=eq.invoices.remind');
      expect(waiting.body).toMatchObject([{ payload: { id: body['id'] } }]);
      const scoped = plinth.as({ as: 'app', organizationId, memberRole: 'owner' });
      const { id } = await scoped.tasks.enqueue({ task_type: 'invoices.remind', payload: { id: body['id'] } });
      const { id: greeting } = await scoped.tasks.enqueue({ task_type: 'greet.client', payload: { name: 'Ada' } });
      plinth.work();
      await expect
        .poll(
          async () => (await call('GET', `/rest/v1/tasks?select=results&order=id&id=in.(${id},${greeting})`)).body,
          {
            timeout: 20_000,
          },
        )
        .toEqual([{ results: { client: 'Acme', reminders: 1 } }, { results: { text: 'Dear Ada' } }]);
    });

    it('runs its hook before a project is made: changed, then refused; not around it', async () => {
      expect(await call('POST', '/v1/projects', { name: 'One' })).toMatchObject({
        status: 201,
        body: { description: 'Billed monthly.' },
      });
      expect(await call('POST', '/rest/v1/projects', { name: 'Two', slug: 'two' })).toMatchObject({
        status: 409,
        body: { code: 'write_has_hooks' },
      });
      await plinth.owner("update plinth.invoices set due_on = '2000-01-01' where status = 'sent'");
      expect(await call('POST', '/v1/projects', { name: 'Two' })).toMatchObject({
        status: 409,
        body: { code: 'invoices_overdue' },
      });
      expect((await call('GET', '/rest/v1/projects?select=name')).body).toEqual([{ name: 'One' }]);
    });

    it('is without what it switched off', async () => {
      expect(await call('GET', '/rest/v1/analysis_runs')).toMatchObject({ status: 404 });
      const [row] = await plinth.owner<{ found: string | null }>("select to_regclass('plinth.analysis_runs') as found");
      expect(row?.found).toBeNull();
      expect((await plinth.schema()).state).toBe('current');
    });

    it(
      'withstands the attack on its tables',
      async () => {
        await admitTestLogin(on.engine);
        const only = ['invoices', 'invoice_items', 'invoice_tax_rates', 'seed_invoice_tax_rates'];
        const report = await runAttacks(
          { engine: on.engine },
          { seed: 7, only, samples: callSamples, accepted: acceptedAnswers },
        );
        expect([report.leaks, report.broken, report.unproven]).toEqual([[], [], []]);
        expect(report.counts.relations).toBe(3);
      },
      attack_timeout_ms,
    );

    it('rolls its migrations back and forth, ours untouched', async () => {
      const { modules } = plinth.application;
      const set = await migrationsOf(modules);
      const states = async () =>
        (await migrationStatus(on.engine.directPool, set)).flatMap(({ id, state }) => (state === 'applied' ? id : []));
      const all = await states();
      await migrateDown(on.engine.directPool, set, { programVersion: version, target: { steps: 2 } });
      expect(await states()).toEqual(all.filter((id) => !id.startsWith('invoices/')));
      await migrateEngine(on.engine, modules, { programVersion: version });
      expect(await states()).toEqual(all);
    });
  },
  { empty: true },
);

describeEngines('hooks', (on) => {
  const seen: string[] = [];
  let plinth: TestPlinth;
  let key: string;
  beforeAll(async () => {
    plinth = await openTestPlinth({
      engine: on.engine,
      application: definePlinth({
        modules: {
          first: {
            name: 'first',
            description: 'Comes before the application’s own hooks.',
            dependsOn: [],
            hooks: {
              'projects.create': {
                before: (_call, input) => ({ ...input, name: `${input.name}!` }),
                async after({ tx }, { id, name }) {
                  seen.push(`first saw ${name}`);
                  const [row] = await tx.sql('select name from plinth.projects where id = $1', [id]);
                  expect(row).toEqual({ name });
                },
              },
              'projects.update': {
                before: (_call, { changes }) => ({ id: '', changes: { ...changes, ['a" = 1; --']: 1 } }),
              },
              'projects.move': { before: ({ actor }, { to }) => void seen.push(`${actor?.memberRole}: ${to}`) },
              'tasks.enqueue': { before: (_call, tasks) => tasks.map((task) => ({ ...task, priority: 7 })) },
            },
          },
        },
        hooks: {
          'projects.create': {
            before(_call, input) {
              seen.push(`app got ${input.name}`);
              if (input.name === 'fails!') throw new TypeError('secret of the hook');
            },
            async after({ tx, actor }, row) {
              if (row.name === 'undone!') throw new TypeError('too late');
              if (row.name.startsWith('circle')) {
                const { createProject } = await import('../../src/modules/projects/index.ts');
                await createProject(tx, actor!, { name: 'circle' });
              }
            },
          },
        },
      }),
    });
    ({ key } = await plinth.makeOrganization());
  });
  const post = (body: unknown, url = '/v1/projects') => plinth.call('POST', url, { key, body });
  const names = async () => (await plinth.call('GET', '/rest/v1/projects?select=name', { key })).body;

  it('run in the order of the modules, each with what the one before returned; after sees the row', async () => {
    expect(await post({ name: 'One' })).toMatchObject({ status: 201, body: { name: 'One!' } });
    expect(seen.splice(0)).toEqual(['app got One!', 'first saw One!']);
  });

  it('that fail undo everything and tell nothing', async () => {
    for (const name of ['fails', 'undone']) {
      const answer = await post({ name });
      expect(answer).toMatchObject({ status: 500, body: { code: 'hook_failed' } });
      expect(answer.text).not.toMatch(/secret|too late|TypeError/);
    }
    expect(await names()).toEqual([{ name: 'One!' }]);
  });

  it('that set each other off are stopped', async () => {
    expect(await post({ name: 'circle' })).toMatchObject({ status: 500, body: { code: 'hook_failed' } });
    expect(await names()).toEqual([{ name: 'One!' }]);
  });

  it('can not make SQL of their input', async () => {
    const { body } = await plinth.call('GET', '/v1/projects', { key });
    const url = `/v1/projects/${body['data']?.[0]?.['id']}`;
    expect(await plinth.call('PATCH', url, { key, body: { priority: 3 } })).toMatchObject({
      status: 422,
      body: { code: 'invalid_value' },
    });
    seen.length = 0;
    expect(await post(undefined, `${url}/archive`)).toMatchObject({ status: 200 });
    expect(await plinth.call('DELETE', url, { key })).toMatchObject({ status: 204 });
    expect(seen.splice(0)).toEqual(['owner: archived', 'owner: deleted']);
  });

  it('are run however a task comes to be', async () => {
    const { body } = await post({ task_type: 'analysis.run', payload: {} }, '/v1/tasks');
    const rows = await plinth.owner('select priority from plinth.tasks where id = $1', [body['id']]);
    expect([body['code'], rows]).toEqual([undefined, [{ priority: 7 }]]);
  });
});

it('the migrations of the example are clean', async () => {
  const modules = composeApplication(application).modules.filter(({ name }) => name === 'invoices');
  expect(await lintMigrations(await migrationsOf(modules.map((module) => ({ ...module, dependsOn: [] }))))).toEqual([]);
});
