import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  type TestPerson,
  text,
} from '../../../tests/support/plinth.ts';
import { purgeDeletedProjects } from './index.ts';
import { projectStatuses, projectTransitions } from './projects.ts';

const DAY_MS = 86_400_000;
const NOBODY = '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42';

describeEngines('projects', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  let member: TestPerson;
  let viewer: TestPerson;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
    member = await addPerson(plinth, acme, 'member');
    viewer = await addPerson(plinth, acme, 'viewer');
  });
  afterAll(() => plinth.close());

  const create = (key: string, body: object) =>
    plinth.call('POST', '/v1/projects', { key, body: { name: 'Project', ...body } });
  const patch = (key: string, id: string, body: object) => plinth.call('PATCH', `/v1/projects/${id}`, { key, body });
  const get = (key: string, id: string) => plinth.call('GET', `/v1/projects/${id}`, { key });
  const act = (key: string, id: string, verb: string) => plinth.call('POST', `/v1/projects/${id}/${verb}`, { key });
  const remove = (key: string, id: string) => plinth.call('DELETE', `/v1/projects/${id}`, { key });
  const make = async (key = acme.key, body = {}) => text((await create(key, body)).body['id']);

  it('are made, read, changed and listed', async () => {
    const made = await create(member.key, {
      name: 'Analytical Engine',
      description: 'Zeile 1\nZeile 2 – “quoted”',
      goals: ['numbers'],
      starts_on: '2026-11-01',
      due_on: '2027-02-28',
      priority: 3,
    });
    expect(made.body).toMatchObject({
      slug: 'analytical-engine',
      owner_id: member.userId,
      created_by: member.userId,
      status: 'active',
      starts_on: '2026-11-01',
      due_on: '2027-02-28',
      goals: ['numbers'],
    });
    const id = text(made.body['id']);
    expect((await patch(member.key, id, { name: 'Engine', goals: [], due_on: null })).body).toMatchObject({
      name: 'Engine',
      goals: [],
      due_on: null,
      priority: 3,
    });
    const list = await plinth.call('GET', `/v1/projects?owner_id=${member.userId}&status=active`, { key: acme.key });
    expect(list.body).toMatchObject({ data: [{ id }], next_cursor: null });
  });

  it('have a slug each', async () => {
    expect((await create(acme.key, { name: 'Twin' })).body).toMatchObject({ slug: 'twin' });
    expect((await create(acme.key, { name: 'Twin' })).body).toMatchObject({ slug: 'twin-2' });
    const taken = await create(acme.key, { name: 'Twin', slug: 'twin' });
    expect(taken.body).toMatchObject({ code: 'already_exists', field: 'slug' });
    const id = await make();
    expect((await patch(acme.key, id, { slug: 'twin' })).body).toMatchObject({ code: 'already_exists', field: 'slug' });
    expect((await create(other.key, { name: 'Twin' })).body).toMatchObject({ slug: 'twin' });
  });

  it('are changed by their owner and by administrators, read by all', async () => {
    const mine = await make(member.key);
    const theirs = await make(acme.key);
    expect((await get(member.key, theirs)).status).toBe(200);
    expect((await plinth.call('GET', `/v1/projects/${mine}`, { cookie: viewer.cookie })).status).toBe(200);
    for (const answer of [
      await patch(member.key, theirs, { name: 'x' }),
      await remove(member.key, theirs),
      await act(member.key, theirs, 'archive'),
      await create(member.key, { owner_id: acme.userId }),
      await patch(member.key, mine, { owner_id: acme.userId }),
      await plinth.call('POST', '/v1/projects', { cookie: viewer.cookie, body: { name: 'x' } }),
      await plinth.call('PATCH', `/v1/projects/${mine}`, { cookie: viewer.cookie, body: { name: 'x' } }),
    ]) {
      expect(answer.body).toMatchObject({ status: 403, code: 'forbidden' });
    }
    expect((await patch(acme.key, mine, { owner_id: acme.userId })).body).toMatchObject({ owner_id: acme.userId });
    expect((await patch(member.key, mine, { name: 'x' })).status).toBe(403);
  });

  it('of another organization are not there', async () => {
    const id = await make();
    for (const unknown of [id, NOBODY]) {
      const answers = [
        await get(other.key, unknown),
        await patch(other.key, unknown, { name: 'stolen' }),
        await remove(other.key, unknown),
        await act(other.key, unknown, 'archive'),
        await act(other.key, unknown, 'restore'),
        await plinth.call('GET', `/v1/projects/${unknown}/repositories`, { key: other.key }),
      ];
      for (const answer of answers) expect(answer.body).toMatchObject({ status: 404, code: 'not_found' });
    }
    expect((await get(acme.key, id)).body).toMatchObject({ name: 'Project', status: 'active' });
    expect((await create(acme.key, { owner_id: other.userId })).body).toMatchObject({
      code: 'reference_not_found',
      field: 'owner_id',
    });
    const list = await plinth.call('GET', '/v1/projects', { key: other.key });
    expect(list.text).not.toContain(id);
  });

  it('go from state to state as the table says, by request and in the database alike', async () => {
    for (const from of projectStatuses) {
      for (const to of projectStatuses) {
        if (from === to) continue;
        const id = await make();
        await plinth.owner('alter table plinth.projects disable trigger user');
        await plinth.owner(
          `update plinth.projects set status = $2, deleted_at = case when $2 = 'deleted' then now() end where id = $1`,
          [id, from],
        );
        await plinth.owner('alter table plinth.projects enable trigger user');
        const expected = projectTransitions[from].includes(to);
        const scope = { as: 'app', organizationId: acme.organizationId, userId: acme.userId } as const;
        const inDatabase = await plinth.platform.door
          .write(scope, async (tx) => {
            await tx.sql('update plinth.projects set status = $2 where organization_id = $3 and id = $1', [
              id,
              to,
              acme.organizationId,
            ]);
            throw new Error('undo');
          })
          .catch((error: { code?: string; cause?: Error }) => error.code);
        expect(`${from} → ${to}: ${inDatabase !== 'invalid_transition'}`).toBe(`${from} → ${to}: ${expected}`);
        const isPatchable = from !== 'deleted' && to !== 'deleted';
        if (!isPatchable) continue;
        const answer = await patch(acme.key, id, { status: to });
        expect([answer.status, answer.body['code']]).toEqual(expected ? [200, undefined] : [409, 'invalid_transition']);
      }
    }
  });

  it('begin as planning or active, and keep their times to their state', async () => {
    expect((await create(acme.key, { status: 'archived' })).status).toBe(400);
    const id = await make(acme.key, { status: 'planning' });
    const scope = { as: 'app', organizationId: acme.organizationId, userId: acme.userId } as const;
    await plinth.platform.door.write(scope, (tx) =>
      tx.sql('update plinth.projects set deleted_at = now(), archived_at = now() where organization_id = $1', [
        acme.organizationId,
      ]),
    );
    expect((await get(acme.key, id)).body).toMatchObject({ deleted_at: null, archived_at: null });
    const begun = plinth.platform.door.write(scope, (tx) =>
      tx.sql(`insert into plinth.projects (organization_id, name, slug, status) values ($1, 'x', 'begun', 'deleted')`, [
        acme.organizationId,
      ]),
    );
    await expect(begun).rejects.toMatchObject({ code: 'invalid_transition' });
  });

  describe('archived and deleted', () => {
    it('come back to what they were', async () => {
      const id = await make();
      expect((await act(acme.key, id, 'restore')).body).toMatchObject({ code: 'invalid_transition' });
      expect((await act(acme.key, id, 'archive')).body).toMatchObject({ status: 'archived', deleted_at: null });
      expect((await act(acme.key, id, 'archive')).body).toMatchObject({ code: 'invalid_transition' });
      expect((await remove(acme.key, id)).status).toBe(204);
      expect((await patch(acme.key, id, { name: 'x' })).body).toMatchObject({ code: 'invalid_transition' });
      const live = await plinth.call('GET', '/v1/projects?limit=1000', { key: acme.key });
      expect(live.text).not.toContain(id);
      const gone = await plinth.call('GET', '/v1/projects?status=deleted', { key: acme.key });
      expect(gone.text).toContain(id);
      expect((await act(acme.key, id, 'restore')).body).toMatchObject({ status: 'archived', deleted_at: null });
      expect((await act(acme.key, id, 'restore')).body).toMatchObject({ status: 'active', archived_at: null });
    });

    it('are removed after 30 days, and can not be restored then', async () => {
      const [old, fresh] = [await make(), await make()];
      for (const id of [old, fresh]) await remove(acme.key, id);
      await plinth.owner(`update plinth.projects set deleted_at = now() where id = $1`, [old]);
      await plinth.owner('alter table plinth.projects disable trigger user');
      await plinth.owner(`update plinth.projects set deleted_at = now() - interval '30 days' where id = $1`, [old]);
      await plinth.owner('alter table plinth.projects enable trigger user');
      expect((await act(acme.key, old, 'restore')).body).toMatchObject({ code: 'invalid_transition' });
      expect(await purgeDeletedProjects(plinth.platform)).toBe(1);
      expect((await get(acme.key, old)).status).toBe(404);
      expect((await act(acme.key, fresh, 'restore')).status).toBe(200);
      plinth.clock.advance(30 * DAY_MS);
      await purgeDeletedProjects(plinth.platform);
      expect(await plinth.owner('select 1 from plinth.projects where id = $1', [fresh])).toHaveLength(1);
    });
  });

  it('page by cursor without missing or repeating a row', async () => {
    for (let n = 0; n < 5; n++) await make();
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await plinth.call('GET', `/v1/projects?limit=2${cursor && `&cursor=${cursor}`}`, { key: acme.key });
      seen.push(...(page.body['data'] as unknown as { id: string }[]).map(({ id }) => id));
      cursor = page.body['next_cursor'] === null ? '' : text(page.body['next_cursor']);
    } while (cursor);
    const [row] = await plinth.owner<{ n: number }>(
      'select count(*)::int as n from plinth.projects where organization_id = $1 and deleted_at is null',
      [acme.organizationId],
    );
    expect(seen).toHaveLength(row?.n ?? -1);
    expect(new Set(seen).size).toBe(seen.length);
    expect([...seen].sort().reverse()).toEqual(seen);
    expect((await plinth.call('GET', '/v1/projects?cursor=bad', { key: acme.key })).body).toMatchObject({
      code: 'invalid_cursor',
    });
  });
});
