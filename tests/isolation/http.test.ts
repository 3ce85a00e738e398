/**
 * What a stranger reaches over HTTP: two organizations with rows in every table, and every documented route called by
 * the owner of one with ids, names and slugs of the other's, one place of the request at a time and all at once.
 */
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { modules } from '../../src/modules.ts';
import { inOrderOfKeys, type Relation, readTarget } from '../../src/platform/attack/catalogue.ts';
import { type FixtureRow, makeWorld, type World } from '../../src/platform/attack/fixtures.ts';
import { Random } from '../../src/platform/attack/random.ts';
import { describeEngines } from '../support/engines.ts';
import { type ClockedPlinth, openPlinthOn } from '../support/plinth.ts';
import { askAsOwner } from '../support/tenants.ts';
import { type OpenApi, type Request, requestOf, type Slot, type Template, templatesOf } from './stranger-requests.ts';

const seed = Number(process.env['PLINTH_ATTACK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const attack_timeout_ms = 240_000;
/** Values tried in one slot: those of the table the route is about, and some of each kind of other row. */
const values_max = 24;

interface Opened {
  readonly plinth: ClockedPlinth;
  readonly world: World;
  readonly tables: readonly Relation[];
  readonly strangersKey: string;
  readonly victimsKey: string;
}

async function openWorld(plinth: ClockedPlinth): Promise<Opened> {
  const client = await plinth.platform.engine.directPool.connect();
  let world: World;
  let tables: Relation[];
  try {
    await client.query(`begin; set local role plinth_owner`);
    const target = await readTarget(client);
    tables = inOrderOfKeys(target.relations.filter(({ kind }) => kind === 'table'));
    world = await makeWorld(client, tables, new Random(seed), new Date(Date.now() - 1000));
    for (const { userId } of Object.values(world.subjects)) {
      await client.query(`update plinth.organization_memberships set role = 'owner' where user_id = $1`, [userId]);
    }
    await makeReadable(client, world);
    await client.query('commit');
  } finally {
    client.release();
  }
  expect([...world.failures]).toEqual([]);
  const keyOf = async (name: 'a1' | 'b1') => (await plinth.makeKey({ ...world.subjects[name], role: 'owner' })).key;
  return { plinth, world, tables, strangersKey: await keyOf('b1'), victimsKey: await keyOf('a1') };
}

/** Rows are made from what the tables check; the services that read these take less. */
async function makeReadable(client: pg.PoolClient, { rows }: World): Promise<void> {
  // wrapped under no master key: what is encrypted by these could not be read
  await client.query('delete from plinth.encryption_keys');
  await client.query('update plinth.event_subscriptions set filter = null');
  await client.query(`update plinth.schedules set cron = '0 3 * * *', timezone = 'Europe/Berlin'`);
  // lines outlive their task: no key says which is theirs
  for (const { subject, values } of rows.get('tasks') ?? []) {
    await client.query(
      'update plinth.task_execution_logs set task_id = $1 where organization_id = $2 and message like $3',
      [values['id'], subject.organizationId, `${subject.marker}%`],
    );
  }
}

const isOf = (tenant: 'a' | 'b') => (row: FixtureRow) => row.subject.name[0] === tenant;

/** Values of a tenant's rows that may stand in a slot, the likeliest first. */
function valuesFor(slot: Slot, { world }: Opened, tenant: 'a' | 'b'): string[] {
  const column = slot.name.endsWith('_id') || slot.name.endsWith('_ids') ? 'id' : slot.name;
  const ofTable = (name: string) => (world.rows.get(name) ?? []).filter(isOf(tenant));
  const likely = ofTable(slot.table).flatMap(({ values }) => [
    // "key" is the column concurrency_key
    ...Object.keys(values).flatMap((name) => (`_${name}`.endsWith(`_${slot.name}`) ? [values[name]] : [])),
    values[column],
    values['id'],
  ]);
  const others = [...world.rows.keys()].flatMap((name) => {
    const [row] = ofTable(name);
    return row ? [row.values[column], row.values['id']] : [];
  });
  const found = [...likely, ...others].filter((value): value is string => typeof value === 'string');
  return [...new Set(found)].slice(0, values_max);
}

/** Each slot with a stranger's values, the others with the caller's own; and all of them with the stranger's. */
function* requestsOf(template: Template, opened: Opened, own: 'a' | 'b', other: 'a' | 'b'): Generator<Request> {
  const word = `${own}word`;
  const first = (slot: Slot, tenant: 'a' | 'b') => valuesFor(slot, opened, tenant)[0] ?? 'none';
  const needed = template.slots.filter((slot) => slot.in === 'path' || template.body?.required?.includes(slot.name));
  const base = new Map(needed.map((slot) => [slot, first(slot, own)]));
  if (own === other) yield requestOf(template, base, word);
  for (const slot of template.slots) {
    for (const value of valuesFor(slot, opened, other)) {
      yield requestOf(template, new Map([...base, [slot, value]]), word);
    }
  }
  if (template.slots.length !== 1) {
    yield requestOf(template, new Map(template.slots.map((slot) => [slot, first(slot, other)])), word);
  }
}

/** What a tenant has in each table, row by row. */
async function contentsOf({ plinth, world, tables }: Opened, tenant: 'a' | 'b'): Promise<Map<string, string[]>> {
  const contents = new Map<string, string[]>();
  const people = Object.values(world.subjects).filter(({ name }) => name[0] === tenant);
  for (const { name, registration } of tables) {
    const column = registration?.tenantColumn ?? registration?.userColumn;
    if (!column) continue;
    const ids = registration?.tenantColumn ? [people[0]!.organizationId] : people.map(({ userId }) => userId);
    const rows = await askAsOwner<{ row: string }>(
      plinth.platform.engine,
      `select t::text as row from plinth.${name} as t where ${column} = any($1) order by 1`,
      [ids],
    );
    contents.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return contents;
}

/** Where an owner sees no word of theirs. */
const unmarked: ReadonlyMap<string, string> = new Map([
  ...['/v1/me/preferences', '/v1/sessions', '/v1/organizations', '/v1/me/identities'].map(
    (path) => [path, 'for people who are signed in; a key gets 403'] as const,
  ),
  ['/v1/audit/verify', 'counts'],
  ['/v1/audit/{id}/proof', 'of sealed entries, which these are not'],
  ['/v1/task-types', 'of the program'],
  ['/v1/workflow-runs/{id}/definition', 'the runs that are made here are of the code'],
  ['/v1/task-statistics/intervals', 'figures of what has ended, which these have not'],
  ['/v1/workflows/{name}', 'what is made here is no definition, and a version can not be changed into one'],
  ['/v1/schedules/{id}/next', 'times'],
  ['/v1/schedules/{id}/firings', 'times'],
  ['/v1/tasks/{id}/resource-usage', 'figures'],
  ['/v1/event-statistics', 'figures'],
  ['/v1/notifications/unread-count', 'a figure'],
  ['/v1/event-sources/{id}/health', 'times'],
  ['/v1/event-delivery-statistics', 'figures'],
  ['/v1/costs/report', 'figures'],
  ['/v1/costs/usage', 'figures'],
  ['/v1/rate-limits', 'figures'],
  ['/v1/event-types/{source}/{name}', 'of the two names together, which are filled in one by one'],
  ...['', '/endpoints', '/endpoints/{id}', '/deliveries', '/deliveries/{id}'].map(
    (path) => [`/v1/event-portal${path}`, 'for a customer with the token of a link; a key gets 401'] as const,
  ),
]);

/** Routes that can be asked for what is another's: with a place for its id, or that list. Their caller is who they are about. */
const isAsked = ({ path, method, slots }: Template) =>
  (slots.length > 0 || method === 'GET') &&
  !/^\/(v1\/(first-run|sign-in|sign-out)|hooks|metrics|healthz|readyz|rest)/.test(path);

describeEngines(`strangers over HTTP (PLINTH_ATTACK_SEED=${seed})`, (on) => {
  let opened: Opened;
  let templates: Template[];
  beforeAll(async () => {
    opened = await openWorld(await openPlinthOn(on.engine, modules));
    await opened.plinth.app.ready();
    templates = templatesOf(opened.plinth.app.swagger() as OpenApi).filter(isAsked);
    expect(templates.length).toBeGreaterThan(60);
  });
  afterAll(() => opened?.plinth.close());

  const ask = ({ method, url, body }: Request, key: string) =>
    opened.plinth.call(method as 'GET', url, { key, ...(body === undefined ? {} : { body }) });

  it('the owner reads their own by these requests', async () => {
    const { marker } = opened.world.subjects.a1;
    const isShown = async (template: Template) => {
      for (const request of requestsOf(template, opened, 'a', 'a')) {
        const answer = await ask(request, opened.victimsKey);
        if (answer.status === 200 && answer.text.includes(marker)) return true;
      }
      return false;
    };
    const unproven: string[] = [];
    for (const template of templates) {
      if (template.method === 'GET' && !(await isShown(template))) unproven.push(template.path);
    }
    expect(unproven.filter((path) => !unmarked.has(path))).toEqual([]);
  });

  it(
    'a stranger reads, changes and learns nothing',
    async () => {
      const { world, strangersKey } = opened;
      const secrets = [world.subjects.a1, world.subjects.a2].map(({ marker }) => marker);
      // when the owner's key was last used is written behind
      await opened.plinth.flush();
      const before = await contentsOf(opened, 'a');
      const wrong: string[] = [];
      let asked = 0;
      for (const template of templates) {
        for (const request of requestsOf(template, opened, 'b', 'a')) {
          const answer = await ask(request, strangersKey);
          asked++;
          const sent = decodeURIComponent(request.url) + JSON.stringify(request.body ?? '');
          const told = secrets.some((secret) => answer.text.includes(secret) && !sent.includes(secret));
          if (told || answer.status >= 500) {
            wrong.push(`${request.method} ${sent}: ${answer.status} ${answer.text}`.slice(0, 600));
          }
        }
      }
      expect(wrong).toEqual([]);
      expect(await contentsOf(opened, 'a')).toEqual(before);
      // not a suite that found nothing to do
      expect(asked).toBeGreaterThan(1500);
    },
    attack_timeout_ms,
  );
});
