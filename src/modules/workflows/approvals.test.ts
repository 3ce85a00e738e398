import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { addPerson, type TestPerson } from '../../../tests/support/plinth.ts';
import type { ApprovalRequest } from './approvals.ts';
import { openWorkflowWorld, type WorkflowWorld } from './fixtures/world.fixture.ts';
import { type ApprovalOutcome, type StepFailure, workflow } from './index.ts';

describeEngines(
  'approvals',
  (on) => {
    let world: WorkflowWorld;
    let people: TestPerson[];
    let stranger: TestPerson;
    beforeAll(async () => {
      world = await openWorkflowWorld(on.engine);
      people = [
        await addPerson(world.plinth, world.acme, 'member'),
        await addPerson(world.plinth, world.acme, 'admin'),
        await addPerson(world.plinth, world.acme, 'viewer'),
      ];
      stranger = await addPerson(world.plinth, world.acme, 'member');
      world.know(
        workflow<ApprovalRequest & { timeout?: string }>('asking', { version: 1 }, async (ctx, request) => {
          const answer = await ctx
            .approval(request)
            .catch((error: StepFailure) => ({ outcome: error.code, votes: [] }) as unknown as ApprovalOutcome);
          return { outcome: answer.outcome, votes: answer.votes.map(({ vote, comment }) => `${vote} ${comment}`) };
        }),
      );
    });
    afterEach(() => world.stopWorkers());
    afterAll(() => world.close());

    const ask = async (input: Partial<ApprovalRequest> & { timeout?: string }) => {
      const worker = world.work();
      const ids = people.map(({ userId }) => userId);
      const run = await world.start('asking', { input: { title: 'Deploy?', assignees: ids, ...input } });
      await worker.idle();
      const listed = await world.call('GET', `/v1/approvals?run_id=${run}`);
      return { run, approval: (JSON.parse(listed.text) as { data: { id: string }[] }).data[0] };
    };
    const vote = (who: TestPerson, id: string, choice: string, comment = '') =>
      world.plinth.call('POST', `/v1/approvals/${id}/votes`, {
        ...(who.key === '' ? { cookie: who.cookie } : { key: who.key }),
        body: { vote: choice, comment },
      });
    const mine = async (who: TestPerson) => {
      const answer = await world.plinth.call('GET', '/v1/approvals?mine=true&status=pending', { key: who.key });
      return (JSON.parse(answer.text) as { data: { id: string }[] }).data.map(({ id }) => id);
    };

    it('goes on once as many as asked for have agreed, each assignee once', async () => {
      const [first, second, viewer] = people as [TestPerson, TestPerson, TestPerson];
      const { run, approval } = await ask({ quorum: 2 });
      const id = approval!.id;
      expect(await mine(first)).toEqual([id]);
      expect(await mine(stranger)).toEqual([]);
      expect((await vote(stranger, id, 'approve')).body['code']).toBe('approval_not_assigned');
      expect((await vote(first, id, 'approve', 'fine')).body).toMatchObject({ status: 'pending' });
      expect((await vote(first, id, 'approve')).body['code']).toBe('approval_voted');
      expect((await world.run(run)).status).toBe('waiting');
      expect((await vote(viewer, id, 'approve')).body).toMatchObject({ status: 'approved' });
      const { output } = await world.until(run, 'completed', 'failed');
      expect(output).toEqual({ outcome: 'approved', votes: ['approve fine', 'approve '] });
      expect((await vote(second, id, 'reject')).body['code']).toBe('approval_closed');
      expect(await mine(first)).toEqual([]);
      const entries = await world.plinth.owner<{ actor_user_id: string }>(
        `select actor_user_id from plinth.audit_logs where resource_type = 'approval_votes' order by occurred_at`,
      );
      expect(entries.map(({ actor_user_id }) => actor_user_id)).toEqual([first.userId, viewer.userId]);
    });

    it('is rejected as soon as its quorum can not be reached', async () => {
      const [first, second] = people as [TestPerson, TestPerson];
      const { run, approval } = await ask({ quorum: 2 });
      expect((await vote(first, approval!.id, 'reject', 'no')).body).toMatchObject({ status: 'pending' });
      expect((await vote(second, approval!.id, 'reject')).body).toMatchObject({ status: 'rejected' });
      const { output } = await world.until(run, 'completed', 'failed');
      expect(output).toEqual({ outcome: 'rejected', votes: ['reject no', 'reject '] });
    });

    it('two votes at once decide it once', async () => {
      const [first, second] = people as [TestPerson, TestPerson];
      const { run, approval } = await ask({ quorum: 2 });
      const votes = await Promise.all([vote(first, approval!.id, 'approve'), vote(second, approval!.id, 'approve')]);
      expect(votes.map(({ status }) => status)).toEqual([201, 201]);
      const { output } = await world.until(run, 'completed', 'failed');
      expect((output as { votes: string[] }).votes).toHaveLength(2);
    });

    it('has a branch for when time is up', async () => {
      const { run, approval } = await ask({ timeout: '100ms' });
      const { output } = await world.until(run, 'completed', 'failed');
      expect(output).toEqual({ outcome: 'timed_out', votes: [] });
      expect((await vote(people[0]!, approval!.id, 'approve')).body['code']).toBe('approval_closed');
    });

    it('asks nobody any more once its run is cancelled', async () => {
      const { run, approval } = await ask({});
      await world.call('POST', `/v1/workflow-runs/${run}/cancel`);
      const read = await world.call('GET', `/v1/approvals/${approval!.id}`);
      expect(read.body).toMatchObject({ status: 'cancelled', workflow: 'asking' });
      const listed = async (decided: boolean) =>
        (await world.call('GET', `/v1/approvals?run_id=${run}&decided=${decided}`)).body['data'];
      expect(await listed(true)).toMatchObject([{ status: 'cancelled' }]);
      expect(await listed(false)).toEqual([]);
      expect((await vote(people[0]!, approval!.id, 'approve')).body['code']).toBe('approval_closed');
    });

    it('goes with its run, and that with its task', async () => {
      const count = async () =>
        (
          await world.plinth.owner<{ runs: number; votes: number }>(
            `select (select count(*)::int from plinth.workflow_runs) as runs, (select count(*)::int from plinth.approval_votes) as votes`,
          )
        )[0]!;
      expect((await count()).votes).toBeGreaterThan(0);
      await world.plinth.owner(`select plinth.forget_ended_tasks($1, now() + interval '1 hour', 1000)`, [
        world.acme.organizationId,
      ]);
      expect(await count()).toEqual({ runs: 0, votes: 0 });
    });

    it('says what is wrong with the question', async () => {
      for (const wrong of [{ assignees: [] }, { quorum: 4 }, { assignees: ['00000000-0000-7000-8000-000000000000'] }]) {
        const { run } = await ask(wrong);
        expect((await world.until(run, 'completed', 'failed')).output).toMatchObject({ outcome: 'invalid_request' });
      }
    });
  },
  { server: { poolSize: 4, workerPoolSize: 4 } },
);
