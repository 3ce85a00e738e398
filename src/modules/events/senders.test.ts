import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import { deploymentSamples, linearSamples, slackSamples } from './extract/samples.ts';
import { signLinear, signSlack, signStandardWebhooks } from './sample.ts';
import { openTestEvents, type TestEvents, type TestSource } from './testing.ts';

describeEngines('what senders say, as it is stored', (on) => {
  let test: TestEvents;
  let acme: string;
  let other: string;
  beforeAll(async () => {
    test = await openTestEvents(on.engine);
    acme = await test.organization();
    other = await test.organization();
  });
  afterAll(() => test.close());

  const detail = async (id: unknown, as = acme) => (await test.call('GET', `/v1/events/${id}`, { as })).body;
  const post = (source: TestSource, body: string, headers: Record<string, string>) =>
    test.hook(source, body, { headers });
  const signed = {
    linear: (payload: unknown, secret: string) => {
      const body = JSON.stringify({ ...(payload as object), webhookTimestamp: Date.now() });
      return [body, signLinear(body, secret)] as const;
    },
    slack: (payload: unknown, secret: string) => {
      const body = JSON.stringify({ ...(payload as object), event_id: `Ev${uuidv7()}` });
      return [body, signSlack(body, secret, { at: new Date() })] as const;
    },
    deployment: (payload: unknown, secret: string) => {
      const body = JSON.stringify(payload);
      return [body, signStandardWebhooks(body, secret, { at: new Date() })] as const;
    },
  };

  it.each([
    ['linear', linearSamples],
    ['slack', slackSamples],
    ['deployment', deploymentSamples],
  ] as const)('every payload of %s lands in its table', async (scheme, samples) => {
    const source = await test.source(acme, { scheme });
    const ids: string[] = [];
    for (const [kind, payloads] of Object.entries(samples)) {
      // forms are sent by commands and interactions: here the columns matter
      for (const payload of payloads) {
        const [body, headers] = signed[scheme](payload, source.secret);
        const answer = await post(source, body, headers);
        expect([kind, answer.status, answer.text]).toEqual([kind, 200, expect.stringContaining('"id"')]);
        ids.push(answer.body.id!);
      }
    }
    const rows = await test.rows<{ count: number }>(
      `select count(*)::int as count from ${scheme}_events where id = any ($1)`,
      [ids],
    );
    expect(rows[0]!.count).toBe(ids.length);
    expect((await detail(ids[0]))[scheme]).toEqual(expect.objectContaining({ kind: expect.any(String) }));
    expect((await test.call('GET', `/v1/events/${ids[0]}`, { as: other })).status).toBe(404);
  });

  describe('is linked to what it names', () => {
    let ids: Record<'user' | 'project' | 'repository' | 'task', string>;
    beforeAll(async () => {
      const [user] = await test.rows<{ id: string }>(
        `insert into users (email, username) select n || '@example.com', n from (select 'ada-' || gen_random_uuid() as n) as names returning id`,
      );
      await test.rows(
        `insert into organization_memberships (organization_id, user_id, email) values ($1, $2, 'ada@example.com')`,
        [acme, user!.id],
      );
      await test.rows(
        `insert into user_identities (issuer, subject, user_id) values ('https://github.com', '4711', $1)`,
        [user!.id],
      );
      const one = async (sql: string, values: unknown[]) => (await test.rows<{ id: string }>(sql, values))[0]!.id;
      const project = await one(
        `insert into projects (organization_id, name, slug) values ($1, 'p', 'p') returning id`,
        [acme],
      );
      const repository = await one(
        `insert into repositories (organization_id, name, full_name) values ($1, 'shop', 'acme/shop') returning id`,
        [acme],
      );
      await test.rows(
        'insert into project_repositories (organization_id, project_id, repository_id) values ($1, $2, $3)',
        [acme, project, repository],
      );
      const task = await one(`insert into tasks (organization_id, task_type) values ($1, 't') returning id`, [acme]);
      ids = { user: user!.id, project, repository, task };
    });
    const linked = (event: Record<string, unknown>) => ({
      user: event['user_id'],
      project: event['project_id'],
      repository: event['repository_id'],
      task: event['task_id'],
    });
    const nothing = { user: null, project: null, repository: null, task: null };
    const push = () => ({
      ref: `refs/heads/agent/task-${ids.task}`,
      repository: { full_name: 'Acme/Shop', id: 1 },
      pusher: { name: 'ada', email: 'ADA@example.com' },
      sender: { login: 'ada', id: 4711 },
      nonce: Math.random(),
    });

    it('in its own organization, and in no other', async () => {
      const [ours, theirs] = [await test.source(acme), await test.source(other)];
      const { body } = await test.hook(ours, JSON.stringify(push()));
      expect(linked(await detail(body.id))).toEqual(ids);
      const foreign = await test.hook(theirs, JSON.stringify(push()));
      expect(linked(await detail(foreign.body.id, other))).toEqual(nothing);
    });

    it('by a linked identity alone, by the address alone, and by neither of a stranger’s', async () => {
      const source = await test.source(acme);
      const { pusher, sender, ...rest } = push();
      const userOf = async (payload: object) => {
        const { body } = await test.hook(source, JSON.stringify({ ...payload, nonce: Math.random() }));
        return (await detail(body.id))['user_id'];
      };
      expect(await userOf({ ...rest, sender })).toBe(ids.user);
      expect(await userOf({ ...rest, pusher })).toBe(ids.user);
      expect(
        await userOf({ ...rest, sender: { login: 'eve', id: 1 }, pusher: { name: 'eve', email: 'eve@example.com' } }),
      ).toBeNull();
      expect(await userOf({ ...rest, head_commit: { author: { email: 'ada@example.com' } } })).toBeNull();
    });

    it('when it is sent with a key', async () => {
      const event = {
        type: 'review.done',
        project_id: ids.project,
        task_id: ids.task,
        actor_email: 'Ada@example.com',
        pull_request: 7,
        repository: { provider: 'github', full_name: 'acme/shop' },
      };
      const send = async (as: string) => {
        const { body } = await test.call('POST', '/v1/events', { as, body: event });
        return detail((body as unknown as { data: { id: string }[] }).data[0]!.id, as);
      };
      const sent = await send(acme);
      expect(linked(sent)).toEqual(ids);
      expect(sent['pull_request_number']).toBe(7);
      expect(linked(await send(other))).toEqual(nothing);
    });

    it('and a deployment that was sent with a key has its columns', async () => {
      const { body } = await test.call('POST', '/v1/events', {
        as: acme,
        body: { type: 'deployment.succeeded', payload: deploymentSamples['report']![0] },
      });
      const sent = await detail((body as unknown as { data: { id: string }[] }).data[0]!.id);
      expect(sent).toMatchObject({
        type: 'deployment.succeeded',
        category: 'deployment',
        repository_id: ids.repository,
        user_id: ids.user,
        deployment: { status: 'succeeded', environment: 'production', version: '1.4.2', duration_ms: 60_000 },
      });
    });
  });
});
