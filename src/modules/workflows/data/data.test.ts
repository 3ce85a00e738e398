import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { addOrganization } from '../../../../tests/support/plinth.ts';
import { TaskFailure } from '../../tasks/index.ts';
import { openWorkflowWorld, type WorkflowWorld } from '../fixtures/world.fixture.ts';
import { workflow } from '../index.ts';

describeEngines(
  'workflows as data',
  (on) => {
    let world: WorkflowWorld;
    const ran: unknown[] = [];
    beforeAll(async () => {
      world = await openWorkflowWorld(on.engine);
    });
    afterEach(() => world.stopWorkers());
    afterAll(() => world.close());

    const put = async (name: string, body: Record<string, unknown>) => {
      const made = await world.call('PUT', `/v1/workflows/${name}`, body);
      if (made.status !== 201) throw new Error(made.text);
      return made;
    };
    const work = () => {
      ran.length = 0;
      return world.work({
        echo: async (_context, payload) => {
          ran.push(payload);
          return payload;
        },
        broken: async () => {
          throw new TaskFailure('broken', 'never', { retryable: false });
        },
      });
    };
    const outcome = async (name: string, input: unknown = {}) => {
      work();
      const run = await world.until(await world.start(name, { input }), 'completed', 'failed');
      return run.status === 'completed' ? run.output : run.error;
    };
    const echo = (key: string, payload: unknown, more = {}) => ({
      key,
      type: 'task',
      task_type: 'echo',
      payload,
      ...more,
    });

    it('one step after the other: mapped, left out, lived with, for each', async () => {
      await put('in-turn', {
        execution_type: 'sequential',
        steps: [
          echo('first', { name: '{{ input.name }}', id: { $from: '/input/id' } }),
          echo('skipped', {}, { if: 'input.id > 100' }),
          { key: 'lived_with', type: 'task', task_type: 'broken', on_error: 'continue' },
          { key: 'nap', type: 'sleep', duration: '{{ "20ms" }}' },
          echo('each', '{{ item * 10 + index }}', { for_each: '{{ input.list }}', concurrency: 2 }),
          { key: 'sum', type: 'set', value: '{{ size(steps.each) }}' },
        ],
        output: { all: '{{ steps }}', code: '{{ errors.lived_with.code }}' },
      });
      expect(await outcome('in-turn', { name: 'Ada', id: 7, list: [1, 2, 3] })).toEqual({
        all: { first: { name: 'Ada', id: 7 }, skipped: null, lived_with: null, nap: null, each: [10, 21, 32], sum: 3 },
        code: 'broken',
      });
    });

    it('side by side, the first that holds, again and again, and as they depend on each other', async () => {
      await put('side-by-side', { execution_type: 'parallel', steps: [echo('a', 1), echo('b', '{{ input.n }}')] });
      expect(await outcome('side-by-side', { n: 2 })).toEqual({ a: 1, b: 2 });
      await put('choice', {
        execution_type: 'conditional',
        steps: [
          echo('big', 'big', { if: 'input.n > 10' }),
          echo('odd', 'odd', { if: 'input.n % 2 == 1' }),
          echo('rest', 'rest'),
        ],
      });
      expect(await outcome('choice', { n: 11 })).toEqual({ big: 'big', odd: null, rest: null });
      expect(await outcome('choice', { n: 3 })).toEqual({ big: null, odd: 'odd', rest: null });
      expect(await outcome('choice', { n: 2 })).toEqual({ big: null, odd: null, rest: 'rest' });
      await put('rounds', {
        execution_type: 'loop',
        while: 'steps.count == null || steps.count < input.n',
        max_iterations: 5,
        steps: [echo('count', '{{ iteration + 1 }}')],
      });
      expect(await outcome('rounds', { n: 3 })).toEqual({ count: 3 });
      expect(ran).toEqual([1, 2, 3]);
      expect(await outcome('rounds', { n: 9 })).toMatchObject({ code: 'workflow_loop_limit' });
      await put('graph', {
        execution_type: 'dag',
        concurrency: 2,
        steps: [
          echo('end', '{{ steps.left + steps.right }}', { depends_on: ['left', 'right'] }),
          echo('left', '{{ steps.start + "l" }}', { depends_on: ['start'] }),
          echo('right', '{{ steps.start + "r" }}', { depends_on: ['start'] }),
          echo('start', 's'),
        ],
      });
      expect(await outcome('graph')).toEqual({ end: 'slsr', left: 'sl', right: 'sr', start: 's' });
      expect(ran[0]).toBe('s');
      expect(ran.at(-1)).toBe('slsr');
    });

    it('groups in groups, events, approvals, and workflows of code', async () => {
      world.know(
        workflow<{ n: number }>('of-code', { version: 1 }, async (ctx, { n }) => ctx.run('double', () => n * 2)),
      );
      await put('whole', {
        execution_type: 'sequential',
        input_schema: { type: 'object', required: ['boss'], properties: { boss: { type: 'string' } } },
        steps: [
          {
            key: 'both',
            type: 'group',
            execution_type: 'parallel',
            steps: [
              { key: 'child', type: 'workflow', workflow: 'of-code', input: { n: 4 } },
              {
                key: 'inner',
                type: 'group',
                execution_type: 'sequential',
                steps: [
                  { key: 'told', type: 'event', event: 'tell', match: { to: '{{ input.boss }}' } },
                  echo('again', '{{ steps.told.what }}'),
                ],
              },
            ],
          },
          {
            key: 'asked',
            type: 'approval',
            title: 'Is {{ steps.child }} right?',
            assignees: ['{{ input.boss }}'],
            timeout: '1h',
          },
          { key: 'late', type: 'event', event: 'never', timeout: 0.01 },
        ],
        output: '{{ [steps.both.child, steps.both.inner.again, steps.asked.outcome, steps.late] }}',
      });
      const wrong = await world.call('POST', '/v1/workflow-runs', { workflow: 'whole', input: {} });
      expect(wrong.body).toMatchObject({ code: 'parameters_invalid' });
      const worker = work();
      const boss = world.acme.userId;
      const id = await world.start('whole', { input: { boss } });
      await worker.idle();
      const waiting = await world.call('GET', `/v1/workflow-runs/${id}`);
      expect(waiting.body).toMatchObject({ kind: 'data', status: 'waiting' });
      expect(waiting.body['steps']).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ key: 'both/1/told', place: 0, event: { name: 'tell', match: { to: boss } } }),
          expect.objectContaining({ key: 'both/0/child', task_status: 'completed', event: null, approval_id: null }),
        ]),
      );
      expect((await world.call('GET', `/v1/workflow-runs/${id}/definition`)).body).toMatchObject({
        name: 'whole',
        version: 1,
        definition: { execution_type: 'sequential', steps: [{ key: 'both' }, { key: 'asked' }, { key: 'late' }] },
      });
      const stranger = await addOrganization(world.plinth, 'Other', 'other@example.org');
      for (const path of ['', '/definition']) {
        const refused = await world.plinth.call('GET', `/v1/workflow-runs/${id}${path}`, { key: stranger.key });
        expect(refused.status).toBe(404);
      }
      await world.call('POST', '/v1/workflow-events', { name: 'tell', payload: { to: boss, what: 'news' } });
      await worker.idle();
      const { data } = JSON.parse((await world.call('GET', '/v1/approvals?mine=true')).text) as {
        data: { id: string; title: string }[];
      };
      expect(data[0]).toMatchObject({ title: 'Is 8 right?', step_key: 'asked' });
      expect((await world.run(id)).steps.find(({ key }) => key === 'asked')).toMatchObject({
        approval_id: data[0]!.id,
      });
      await world.call('POST', `/v1/approvals/${data[0]!.id}/votes`, { vote: 'approve' });
      const run = await world.until(id, 'completed', 'failed');
      expect(run.output).toEqual([8, 'news', 'approved', null]);
      expect(run.steps.map(({ key }) => key)).toContain('both/1/told');
    });

    it('a version never changes, and a run keeps the one it began with', async () => {
      const body = (text: string) => ({
        execution_type: 'sequential',
        steps: [
          { key: 'wait', type: 'event', event: 'go' },
          { key: 'said', type: 'set', value: text },
        ],
      });
      expect((await put('changing', body('one'))).body).toMatchObject({ version: 1, is_active: true });
      const worker = work();
      const old = await world.start('changing');
      await worker.idle();
      expect((await world.call('PUT', '/v1/workflows/changing', body('one'))).status).toBe(200);
      expect((await put('changing', body('two'))).body).toMatchObject({ version: 2 });
      const young = await world.start('changing');
      expect((await world.call('DELETE', '/v1/workflows/changing')).status).toBe(204);
      expect((await world.call('POST', '/v1/workflow-runs', { workflow: 'changing' })).body['code']).toBe(
        'unknown_workflow',
      );
      // what was deleted is there for the runs that began with it
      expect((await world.call('GET', `/v1/workflow-runs/${old}/definition`)).body).toMatchObject({ version: 1 });
      expect((await world.call('GET', '/v1/workflows/changing/versions')).status).toBe(404);
      for (const id of [old, young]) await world.call('POST', `/v1/workflow-runs/${id}/events`, { name: 'go' });
      expect((await world.until(old, 'completed', 'failed')).output).toEqual({ wait: {}, said: 'one' });
      expect((await world.until(young, 'completed', 'failed')).output).toEqual({ wait: {}, said: 'two' });
      await expect(world.plinth.owner(`update plinth.workflows set name = 'other'`)).rejects.toThrow(/does not change/);
      expect((await put('changing', body('two'))).body).toMatchObject({ version: 3 });
      const off = await world.call('PATCH', '/v1/workflows/changing/versions/3', { is_active: false });
      expect(off.body).toMatchObject({ is_active: false });
      expect((await put('changing', body('three'))).body).toMatchObject({ version: 4 });
      const versions = (path = '') => world.call('GET', `/v1/workflows/changing/versions${path}`);
      const page = await versions('?limit=1');
      expect(page.body['data']).toMatchObject([{ version: 4, is_active: true }]);
      expect((await versions(`?cursor=${page.body['next_cursor']}`)).body).toMatchObject({
        data: [{ version: 3, is_active: false }],
        next_cursor: null,
      });
      const named = async () =>
        ((await world.call('GET', '/v1/workflows')).body['data'] as unknown as { name: string }[]).filter(
          ({ name }) => name === 'changing',
        );
      expect(await named()).toMatchObject([{ version: 4, is_active: true }]);
      await world.call('PATCH', '/v1/workflows/changing/versions/4', { is_active: false });
      // what may not be started is listed all the same, or nobody would find it again
      expect(await named()).toMatchObject([{ version: 4, is_active: false }]);
      expect((await world.call('GET', '/v1/workflows/changing')).status).toBe(404);
      expect((await world.call('GET', '/v1/workflows/changing?version=3')).body).toMatchObject({ version: 3 });
    });

    it('says what is wrong with a definition, each with its path', async () => {
      const refused = await world.call('PUT', '/v1/workflows/wrong', {
        execution_type: 'dag',
        output: '{{ 1 + }}',
        steps: [
          { key: 'a', type: 'task', depends_on: ['b'], payload: { x: '{{ input.list.map(n, n + m) }}' } },
          { key: 'b', type: 'set', value: 1, depends_on: ['a'], payload: {}, if: 'input.' },
          { key: 'a', type: 'no-such' },
          {
            key: 'Bad',
            type: 'group',
            execution_type: 'loop',
            steps: [{ key: 'c', type: 'sleep', depends_on: ['a'] }],
          },
        ],
      });
      expect(refused.body).toMatchObject({ code: 'workflow_invalid' });
      const { errors } = JSON.parse(refused.text) as { errors: { path: string }[] };
      expect(errors.map(({ path }) => path).sort()).toEqual([
        '/output',
        '/steps/0/payload',
        '/steps/0/task_type',
        '/steps/1/if',
        '/steps/1/payload',
        '/steps/2/key',
        '/steps/2/type',
        '/steps/3/key',
        '/steps/3/max_iterations',
        '/steps/3/steps/0/depends_on',
        '/steps/3/steps/0/duration',
      ]);
      const circle = await world.call('PUT', '/v1/workflows/wrong', {
        execution_type: 'dag',
        steps: [echo('a', 1, { depends_on: ['b'] }), echo('b', 1, { depends_on: ['a'] })],
      });
      expect(circle.body).toMatchObject({ code: 'workflow_invalid', detail: '/steps wait for each other in a circle' });
      world.know(workflow('taken', { version: 1 }, async () => 1));
      const taken = await world.call('PUT', '/v1/workflows/taken', {
        execution_type: 'sequential',
        steps: [echo('a', 1)],
      });
      expect(taken.body['code']).toBe('conflict');
      await put('badly-typed', {
        execution_type: 'sequential',
        steps: [{ key: 'nap', type: 'sleep', duration: '{{ input }}' }],
      });
      expect(await outcome('badly-typed')).toMatchObject({ code: 'expression_failed' });
      await put('missing', {
        execution_type: 'sequential',
        steps: [{ key: 'x', type: 'set', value: '{{ input.nothing }}' }],
      });
      expect(await outcome('missing')).toMatchObject({
        code: 'expression_failed',
        message: 'step "x": there is no nothing',
      });
      const listed = await world.call('GET', '/v1/workflows');
      expect(JSON.parse(listed.text)).toMatchObject({
        data: expect.arrayContaining([expect.objectContaining({ name: 'missing', kind: 'data' })]),
      });
      const plain = await world.call('POST', '/v1/tasks', { task_type: 'workflow.run' });
      await expect
        .poll(async () => (await world.call('GET', `/v1/tasks/${plain.body['id']}`)).body['error'], { timeout: 20_000 })
        .toMatchObject({ code: 'workflow_run_missing' });
    });
  },
  { server: { poolSize: 4, workerPoolSize: 4 } },
);
