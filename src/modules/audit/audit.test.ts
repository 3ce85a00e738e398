import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../tests/support/plinth.ts';
import { recordActivity } from './index.ts';

interface Entry {
  readonly id: string;
  readonly occurred_at: string;
  readonly actor: string;
  readonly actor_user_id: string | null;
  readonly api_key_id: string | null;
  readonly user_id: string | null;
  readonly action: string;
  readonly resource_id: string;
  readonly summary: string;
  readonly old_values: Record<string, unknown> | null;
  readonly new_values: Record<string, unknown> | null;
}

describeEngines('audit', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let projectId: string;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine);
    acme = await firstRun(plinth);
    const made = await plinth.call('POST', '/v1/projects', { cookie: acme.cookie, body: { name: 'First name' } });
    projectId = text(made.body['id']);
    await plinth.call('PATCH', `/v1/projects/${projectId}`, { key: acme.key, body: { name: 'Second name' } });
  });
  afterAll(() => plinth.close());
  const list = async (url: string, key = acme.key) => {
    const answer = await plinth.call('GET', url, { key });
    expect(answer.status, answer.text).toBe(200);
    return answer.body['data'] as unknown as Entry[];
  };

  it('tells what was changed, from what to what, by whom and through what', async () => {
    const [update, insert] = await list(`/v1/audit?resource_type=projects&resource_id=${projectId}`);
    expect(update).toMatchObject({
      action: 'update',
      actor: 'api_key',
      actor_user_id: acme.userId,
      old_values: { name: 'First name' },
      new_values: { name: 'Second name' },
    });
    expect(update?.api_key_id).not.toBeNull();
    expect(insert).toMatchObject({ action: 'insert', actor: 'user', api_key_id: null });
    expect(insert?.new_values).toMatchObject({ name: 'First name', status: 'active' });
  });

  it('shows personal values to administrators, until the person is erased', async () => {
    const member = await addPerson(plinth, acme, 'member');
    const entries = () => list(`/v1/audit?resource_type=organization_memberships&action=insert&limit=1`);
    const [before] = await entries();
    expect(before?.new_values).toMatchObject({ email: member.email, display_name: 'A member' });
    const scope = { as: 'app', organizationId: acme.organizationId, userId: acme.userId } as const;
    await plinth.platform.door.write(scope, (tx) =>
      tx.sql('select plinth.erase_audit_subject($1, $2)', [acme.organizationId, member.userId]),
    );
    const [after] = await entries();
    expect(after?.id).toBe(before?.id);
    expect(after?.new_values?.['email']).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(after?.new_values?.['role']).toBe('member');
  });

  it('is for administrators; the feed is for everybody', async () => {
    const member = await addPerson(plinth, acme, 'member');
    expect((await plinth.call('GET', '/v1/audit', { key: member.key })).body).toMatchObject({ code: 'forbidden' });
    const feed = await list(`/v1/activity?resource_type=projects&resource_id=${projectId}`, member.key);
    expect(feed.map(({ action }) => action)).toEqual(['project_updated', 'project_created']);
    expect(feed[1]?.summary).toBe('Project First name was created');
    expect(feed[1]?.user_id).toBe(acme.userId);
  });

  it('filters by person, action and time, and pages', async () => {
    const all = await list('/v1/audit?limit=1000');
    const seen: Entry[] = [];
    let cursor = '';
    do {
      const answer = await plinth.call('GET', `/v1/audit?limit=3${cursor && `&cursor=${cursor}`}`, { key: acme.key });
      seen.push(...(answer.body['data'] as unknown as Entry[]));
      cursor = answer.body['next_cursor'] === null ? '' : text(answer.body['next_cursor']);
    } while (cursor);
    expect(seen.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    const middle = all[Math.floor(all.length / 2)] as Entry;
    const older = await list(`/v1/audit?limit=1000&until=${encodeURIComponent(middle.occurred_at)}`);
    const newer = await list(`/v1/audit?limit=1000&from=${encodeURIComponent(middle.occurred_at)}`);
    expect(older.length + newer.length).toBe(all.length);
    expect(await list('/v1/audit?action=nothing')).toEqual([]);
    expect(await list(`/v1/activity?user_id=${acme.userId}&action=project_created`)).toHaveLength(1);
    for (const bad of ['from=yesterday', 'limit=0', 'limit=1001', 'resource_id=7', 'colour=red', 'cursor=MTp4']) {
      expect((await plinth.call('GET', `/v1/audit?${bad}`, { key: acme.key })).status, bad).toBe(400);
    }
  });

  it('keeps the organizations apart', async () => {
    const other = await addOrganization(plinth, 'Other', 'other@example.org');
    expect(await list(`/v1/audit?resource_id=${projectId}`, other.key)).toEqual([]);
    expect(await list(`/v1/activity?resource_id=${projectId}`, other.key)).toEqual([]);
  });

  it('takes the actor of an activity from the scope, and tells nothing that did not happen', async () => {
    const scope = { as: 'app', organizationId: acme.organizationId, userId: acme.userId } as const;
    const activity = { action: 'tested', resourceType: 'tests', summary: 'x'.repeat(600) };
    await plinth.platform.door.write(scope, (tx) => recordActivity(tx, activity));
    await plinth.platform.door
      .write(scope, async (tx) => {
        await recordActivity(tx, { ...activity, action: 'undone' });
        throw new Error('undo');
      })
      .catch(() => undefined);
    const [entry] = await list('/v1/activity?action=tested');
    expect(entry?.user_id).toBe(acme.userId);
    expect(entry?.summary).toHaveLength(500);
    expect(await list('/v1/activity?action=undone')).toEqual([]);
  });
});
