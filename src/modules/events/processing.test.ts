import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import type { OrganizationRole } from '../../platform/module.ts';
import { matchingLoop, processPendingEvents } from './processing.ts';
import { openTestEvents, type TestEvents, type TestSource, testTaskType } from './testing.ts';

const sha = 'c'.repeat(40);
const noCommit = '0'.repeat(40);

describeEngines(
  'matching events with subscriptions',
  (on) => {
    let test: TestEvents;
    let acme: string;
    let source: TestSource;
    let number = 0;
    const push = (more: object = {}) =>
      JSON.stringify({
        ref: 'refs/heads/main',
        after: sha,
        head_commit: { id: sha, message: 'fix' },
        repository: { full_name: 'octo/repo' },
        sender: { login: 'ann', id: 1 },
        number: ++number,
        ...more,
      });

    async function subscribe(settings: object = {}, organization = acme): Promise<string> {
      const body = { name: 'noted', target: { task_type: testTaskType, priority: 3 }, ...settings };
      const {
        status,
        body: made,
        text,
      } = await test.call('POST', '/v1/event-subscriptions', { as: organization, body });
      if (status !== 201) throw new Error(text);
      return made.id!;
    }
    const processAll = () => processPendingEvents(test.platform, acme);
    const statusOf = async (id: string) =>
      (await test.rows<{ status: string }>('select status from events where id = $1', [id]))[0]!.status;
    const tasksOf = (event: string) =>
      test.rows<{
        id: string;
        payload: Record<string, unknown>;
        repository_id: string | null;
        priority: number;
        title: string;
      }>(
        `select t.id, t.payload, t.repository_id, t.priority, t.title
         from tasks t
         where t.idempotency_key like '%:' || $1`,
        [event],
      );

    beforeAll(async () => {
      test = await openTestEvents(on.engine);
    });
    beforeAll(async () => {
      acme = await test.organization();
      source = await test.source(acme);
    });
    afterAll(() => test.close());

    it('makes a task of an event that is wanted, and says what became of it', async () => {
      const repository = randomUUID();
      await test.rows(
        `insert into repositories (organization_id, id, name, full_name) values ($1, $2, 'repo', 'octo/repo')`,
        [acme, repository],
      );
      const subscription = await subscribe({ names: ['push'], filter: 'branch == "main"' });
      const { body: wanted } = await test.hook(source, push());
      const { body: unwanted } = await test.hook(source, push({ ref: 'refs/heads/other' }));
      expect(await statusOf(wanted.id!)).toBe('pending');
      expect(await processAll()).toEqual({ events: 2, tasks: 1 });
      expect([await statusOf(wanted.id!), await statusOf(unwanted.id!)]).toEqual(['processed', 'skipped']);

      const [task, ...more] = await tasksOf(wanted.id!);
      expect(more).toEqual([]);
      expect(task).toMatchObject({
        repository_id: repository,
        priority: 3,
        payload: {
          event: {
            id: wanted.id,
            source: 'github',
            type: 'push',
            actor: 'ann',
            branch: 'main',
            repository: 'octo/repo',
          },
          subscription_id: subscription,
          repository_id: repository,
          repository: { provider: 'github', full_name: 'octo/repo' },
          head: { state: 'present', sha, branch: 'main', ref: 'refs/heads/main' },
        },
      });
      const { body: shown } = await test.call('GET', `/v1/events/${wanted.id}`, { as: acme });
      expect(shown).toMatchObject({
        status: 'processed',
        payload: { ref: 'refs/heads/main' },
        github: { kind: 'push', head_sha: sha },
        journey: [
          {
            subscription_id: subscription,
            subscription_name: 'noted',
            outcome: 'task_enqueued',
            task_id: task!.id,
            task_type: testTaskType,
            task_status: 'pending',
          },
        ],
      });
      await test.call('DELETE', `/v1/event-subscriptions/${subscription}`, { as: acme });
      const { body: later } = await test.hook(source, push());
      await processAll();
      expect(await statusOf(later.id!)).toBe('skipped');
    });

    it('tells of a deleted branch, and of payloads that name nothing', async () => {
      await subscribe();
      const { body: gone } = await test.hook(source, push({ deleted: true, after: noCommit, head_commit: null }));
      const { body: bare } = await test.hook(source, '{"zen":"x"}', { kind: 'ping' });
      await processAll();
      expect((await tasksOf(gone.id!))[0]!.payload['head']).toEqual({
        state: 'deleted',
        branch: 'main',
        ref: 'refs/heads/main',
      });
      expect((await tasksOf(bare.id!))[0]!.payload).toMatchObject({
        head: null,
        repository: null,
        repository_id: null,
      });
    });

    it('makes one task for each event when several match at once', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 40; n++) ids.push((await test.hook(source, push())).body.id!);
      const done = await Promise.all([1, 2, 3, 4].map(() => processPendingEvents(test.platform, acme, 15)));
      while ((await processPendingEvents(test.platform, acme, 15)).events > 0);
      for (const id of ids) expect([id, await statusOf(id), (await tasksOf(id)).length]).toEqual([id, 'processed', 1]);
      expect(done.reduce((sum, { events }) => sum + events, 0)).toBeLessThanOrEqual(40);
    });

    it('leaves everything waiting when it dies before the commit, and does it all afterwards', async () => {
      const { body: event } = await test.hook(source, push());
      const { door } = test.platform;
      const { write } = door;
      Object.assign(door, {
        write: (...[scope, work, options]: Parameters<typeof write>) =>
          write(
            scope,
            async (tx) => {
              await work(tx);
              // as when the process is killed: the transaction is never committed
              throw Object.assign(new Error('killed'), { code: '57P01' });
            },
            options,
          ),
      });
      await expect(processAll()).rejects.toThrow();
      Object.assign(door, { write });
      expect([await statusOf(event.id!), await tasksOf(event.id!)]).toEqual(['pending', []]);
      expect((await processAll()).tasks).toBe(1);
      expect(await processAll()).toEqual({ events: 0, tasks: 0 });
      expect(await tasksOf(event.id!)).toHaveLength(1);
    });

    it('does not make a task twice when an event is put back', async () => {
      const { body: event } = await test.hook(source, push());
      await processAll();
      await test.rows(`update events set status = 'pending' where id = $1`, [event.id]);
      expect(await processAll()).toEqual({ events: 1, tasks: 0 });
      expect(await tasksOf(event.id!)).toHaveLength(1);
    });

    it('does not refer to a repository that was deleted meanwhile', async () => {
      const id = randomUUID();
      await test.rows(
        `insert into repositories (organization_id, id, name, full_name) values ($1, $2, 'brief', 'octo/brief')`,
        [acme, id],
      );
      const { body: event } = await test.hook(source, push({ repository: { full_name: 'octo/brief' } }));
      await test.rows('delete from repositories where id = $1', [id]);
      await processAll();
      expect((await tasksOf(event.id!))[0]).toMatchObject({ repository_id: null });
    });

    describe('with an event nobody can process', () => {
      it('marks it failed with the reason, and goes on with the others', async () => {
        const bad = await subscribe({ names: ['watch.*'] });
        // past the checks of the service: no task can have this type
        await test.rows(`update event_subscriptions set target = '{"task_type": "Not A Type"}' where id = $1`, [bad]);
        const before = (await test.hook(source, push())).body.id!;
        const poisonous = (await test.hook(source, push({ action: 'started' }), { kind: 'watch' })).body.id!;
        const after = (await test.hook(source, push())).body.id!;
        await processAll();
        expect([await statusOf(before), await statusOf(poisonous), await statusOf(after)]).toEqual([
          'processed',
          'failed',
          'processed',
        ]);
        expect(
          [await tasksOf(before), await tasksOf(poisonous), await tasksOf(after)].map(({ length }) => length),
        ).toEqual([1, 0, 1]);
        const { body } = await test.call('GET', `/v1/events/${poisonous}`, { as: acme });
        expect(body).toMatchObject({ status: 'failed', error: { code: expect.any(String) }, attempts: 1, journey: [] });
        await test.call('DELETE', `/v1/event-subscriptions/${bad}`, { as: acme });
      });

      it('lets it be retried once what was wrong is mended', async () => {
        const bad = await subscribe({ names: ['fork'] });
        await test.rows(`update event_subscriptions set target = '{"task_type": "Not A Type"}' where id = $1`, [bad]);
        const id = (await test.hook(source, push(), { kind: 'fork' })).body.id!;
        const retry = (role: OrganizationRole = 'member', event = id) =>
          test.call('POST', `/v1/events/${event}/retry`, { as: acme, role });
        expect((await retry()).body.code).toBe('event_not_retryable');
        await processAll();
        expect(await statusOf(id)).toBe('failed');
        expect((await retry('viewer')).status).toBe(403);
        expect((await retry('member', randomUUID())).status).toBe(404);
        const other = await test.organization();
        const theirs = await test.call('POST', `/v1/events/${id}/retry`, { as: other, role: 'owner' });
        expect(theirs.status).toBe(404);
        expect(await statusOf(id)).toBe('failed');

        const woken: string[] = [];
        const unsubscribe = test.platform.wakeups.subscribe('events', () => woken.push('events'));
        // asked for at once and again: done once
        const answers = [...(await Promise.all([retry(), retry()])), await retry()];
        unsubscribe();
        for (const { status, body } of answers)
          expect({ status, body }).toEqual({ status: 200, body: { id, status: 'pending' } });
        expect(woken).not.toEqual([]);
        const audit = `select action, details from audit_logs where resource_type = 'events' and resource_id = $1`;
        expect(await test.rows(audit, [id])).toEqual([
          { action: 'retry', details: { was: expect.objectContaining({ code: expect.any(String) }) } },
        ]);
        // still wrong: it fails again, and can be retried again
        await processAll();
        expect(await statusOf(id)).toBe('failed');
        await test.rows(`update event_subscriptions set target = $2 where id = $1`, [bad, { task_type: testTaskType }]);
        expect((await retry()).status).toBe(200);
        await processAll();
        const { body } = await test.call('GET', `/v1/events/${id}`, { as: acme });
        expect(body).toMatchObject({ status: 'processed', error: null, attempts: 3 });
        expect((await tasksOf(id)).length).toBe((body['journey'] as unknown[]).length);
        expect(await retry()).toMatchObject({ status: 409, body: { code: 'event_not_retryable' } });
        await test.call('DELETE', `/v1/event-subscriptions/${bad}`, { as: acme });
      });

      it('says which subscription cannot be read', async () => {
        const bad = await subscribe({ names: ['star.*'] });
        await test.rows(`update event_subscriptions set filter = '{"op": "no such"}' where id = $1`, [bad]);
        const { body: event } = await test.hook(source, push({ action: 'created' }), { kind: 'star' });
        await processAll();
        const { body } = await test.call('GET', `/v1/events/${event.id}`, { as: acme });
        expect(body['status']).toBe('processed');
        expect(body['journey']).toContainEqual(
          expect.objectContaining({
            subscription_id: bad,
            outcome: 'failed',
            detail: expect.objectContaining({ code: 'filter_invalid' }),
          }),
        );
        await test.call('DELETE', `/v1/event-subscriptions/${bad}`, { as: acme });
      });
    });

    it('takes no more payload into one transaction than it may hold', async () => {
      const large = JSON.stringify({ zen: 'x'.repeat(9 * 1024 * 1024) });
      for (let n = 0; n < 3; n++) await test.hook(source, large.replace('zen', `zen${n}`), { kind: 'ping' });
      expect([(await processAll()).events, (await processAll()).events]).toEqual([2, 1]);
    });

    it('is a loop: it does what waits in every organization, then sleeps until it is woken', async () => {
      const other = await test.organization();
      const theirs = await test.source(other);
      await subscribe({}, other);
      const woken: string[] = [];
      const unsubscribe = test.platform.wakeups.subscribe('events', () => woken.push('events'));
      const ids = [(await test.hook(source, push())).body.id!, (await test.hook(theirs, push())).body.id!];
      unsubscribe();
      expect(woken).toHaveLength(2);
      expect(matchingLoop.name).toBe('events');
      const signal = new AbortController().signal;
      const soon = await matchingLoop.tick(test.platform, signal);
      expect(soon!.getTime()).toBeLessThanOrEqual(Date.now());
      for (const id of ids) expect(await statusOf(id)).toBe('processed');
      const idle = await matchingLoop.tick(test.platform, signal);
      expect(idle!.getTime() - Date.now()).toBeGreaterThan(20_000);
    });
  },
  // several connections, so that transactions really meet
  { server: { poolSize: 4, workerPoolSize: 2 } },
);
