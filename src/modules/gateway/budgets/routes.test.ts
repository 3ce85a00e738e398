import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../../../../tests/support/command.ts';
import { describeEngines } from '../../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  type TestPerson,
  text,
} from '../../../../tests/support/plinth.ts';
import { modules } from '../../../modules.ts';
import { makeBudgets } from './decisions.ts';

describeEngines('budgets over HTTP', (on) => {
  let plinth: ClockedPlinth;
  let acme: FirstRun;
  let other: FirstRun;
  let member: TestPerson;
  beforeAll(async () => {
    plinth = await openPlinthOn(on.engine, modules);
    acme = await firstRun(plinth);
    other = await addOrganization(plinth, 'Other', 'other@example.org');
    member = await addPerson(plinth, acme, 'member');
  });
  afterAll(() => plinth.close());

  const call = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: unknown, key = acme.key) =>
    plinth.call(method, url, { key, ...(body === undefined ? {} : { body }) });
  const scope = () => ({ as: 'app', organizationId: acme.organizationId, memberRole: 'service' }) as const;

  it('are made, read with how they stand, changed, listed and deleted', async () => {
    const made = await call('POST', '/v1/budgets', {
      scope: 'organization',
      period: 'month',
      name: 'All of Acme',
      timezone: 'Europe/Berlin',
      cost_limit: '12.50',
      thresholds: [90, 50, 50],
    });
    expect(made).toMatchObject({
      status: 201,
      body: {
        name: 'All of Acme',
        scope: 'organization',
        project_id: null,
        cost_limit: '12.5',
        token_limit: null,
        thresholds: [50, 90],
        on_exceed: 'block',
        unpriced: 'refuse',
        is_active: true,
        spent_cost: '0',
        reserved_cost: '0',
        left_cost: '12.5',
        left_tokens: null,
        calls: 0,
        created_by: acme.userId,
      },
    });
    const id = text(made.body['id']);
    const ends = new Date(text(made.body['period_ends_at']));
    expect(ends.getTime()).toBeGreaterThan(Date.now());
    expect(ends.toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' })).toMatch(/-01 00:00:00$/);
    const budgets = makeBudgets(plinth.platform);
    await budgets.reserve(scope(), { call_id: 'a', subject: {}, worst: { tokens: 500, cost: '0.30' } });
    await budgets.reserve(scope(), { call_id: 'b', subject: {}, worst: { tokens: 500, cost: '0.20' } });
    await plinth.platform.door.write(scope(), (tx) => budgets.settle(tx, 'a', { tokens: 321, cost: '0.002875' }));
    const read = await call('GET', `/v1/budgets/${id}`);
    expect(read.body).toMatchObject({
      spent_cost: '0.002875',
      spent_tokens: 321,
      reserved_cost: '0.2',
      left_cost: '12.297125',
      calls: 1,
    });
    const changed = await call('PATCH', `/v1/budgets/${id}`, {
      cost_limit: null,
      token_limit: 1_000,
      on_exceed: 'warn',
    });
    expect(changed).toMatchObject({
      status: 200,
      body: { cost_limit: null, token_limit: 1_000, left_tokens: 179, left_cost: null, name: 'All of Acme' },
    });
    expect((await call('GET', '/v1/budgets')).body).toMatchObject({ data: [{ id }], next_cursor: null });
    expect((await call('GET', '/v1/budgets?scope=user')).body).toMatchObject({ data: [] });
    expect((await call('GET', '/rest/v1/budgets?select=id,cost_limit')).body).toMatchObject([{ id }]);
    expect((await call('GET', '/rest/v1/budget_periods?select=spent_tokens')).body).toMatchObject([
      { spent_tokens: 321 },
    ]);
    const audit = await call('GET', `/v1/audit?resource_type=budgets&resource_id=${id}`);
    expect((audit.body['data'] as unknown as { action: string }[]).map(({ action }) => action).sort()).toEqual([
      'insert',
      'update',
    ]);
    expect((await call('DELETE', `/v1/budgets/${id}`)).status).toBe(204);
    expect(await call('DELETE', `/v1/budgets/${id}`)).toMatchObject({ status: 404 });
    expect(await call('GET', `/v1/budgets/${id}`)).toMatchObject({ status: 404 });
    expect(await call('PATCH', `/v1/budgets/${id}`, { name: 'x' })).toMatchObject({ status: 404 });
  });

  it('take the time zone of the organization where none is said', async () => {
    await call('PATCH', '/v1/organization', { settings: { timezone: 'Asia/Tokyo' } });
    const made = await call('POST', '/v1/budgets', {
      scope: 'user',
      user_id: member.userId,
      period: 'day',
      token_limit: 5,
    });
    expect(made.body).toMatchObject({ timezone: 'Asia/Tokyo', period_ends_at: expect.stringContaining('T15:00:00') });
  });

  it('there is one for a target and period', async () => {
    const budget = { scope: 'project', period: 'day', token_limit: 5 };
    const project = text((await call('POST', '/v1/projects', { name: 'One' })).body['id']);
    const answers = await Promise.all(
      [1, 2].map(() => call('POST', '/v1/budgets', { ...budget, project_id: project })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await call('POST', '/v1/budgets', { ...budget, project_id: project, period: 'month' })).toMatchObject({
      status: 201,
    });
    expect(await call('POST', '/v1/budgets', { ...budget, project_id: randomUUID() })).toMatchObject({
      status: 409,
      body: { code: 'reference_not_found' },
    });
  });

  it('what says too little, too much or nonsense is refused', async () => {
    const good = { scope: 'organization', period: 'total', cost_limit: '1' };
    for (const wrong of [
      { cost_limit: undefined },
      { cost_limit: 1 },
      { cost_limit: '-1' },
      { cost_limit: '1e5' },
      { cost_limit: 'NaN' },
      { token_limit: 1.5 },
      { token_limit: -1 },
      { period: 'week' },
      { scope: 'team' },
      { scope: 'user' },
      { project_id: randomUUID() },
      { timezone: 'Europe/Atlantis' },
      { thresholds: [0] },
      { thresholds: Array.from({ length: 11 }, (_, n) => n + 1) },
      { on_exceed: 'ignore' },
      { spent_cost: '0' },
    ]) {
      const answer = await call('POST', '/v1/budgets', { ...good, ...wrong });
      expect(answer, JSON.stringify(wrong)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
    const made = await call('POST', '/v1/budgets', good);
    const url = `/v1/budgets/${text(made.body['id'])}`;
    expect(await call('PATCH', url, { cost_limit: null })).toMatchObject({ status: 400 });
    expect(await call('PATCH', url, { period: 'day' })).toMatchObject({ status: 400 });
    expect(await call('PATCH', url, {})).toMatchObject({ status: 400 });
    await call('DELETE', url);
  });

  it('members see them, administrators write them, others know nothing of them', async () => {
    const body = { scope: 'agent', agent_id: randomUUID(), period: 'day', token_limit: 5 };
    expect(await call('POST', '/v1/budgets', body, member.key)).toMatchObject({ status: 403 });
    const id = text((await call('POST', '/v1/budgets', body)).body['id']);
    expect(await call('GET', `/v1/budgets/${id}`, undefined, member.key)).toMatchObject({ status: 200 });
    expect(await call('PATCH', `/v1/budgets/${id}`, { token_limit: 6 }, member.key)).toMatchObject({ status: 403 });
    expect((await call('POST', '/rest/v1/budgets', { ...body, organization_id: acme.organizationId })).status).toBe(
      403,
    );
    for (const method of ['GET', 'DELETE'] as const) {
      expect(await call(method, `/v1/budgets/${id}`, undefined, other.key)).toMatchObject({ status: 404 });
    }
    expect((await call('GET', '/v1/budgets', undefined, other.key)).body).toMatchObject({ data: [] });
    const service = await plinth.makeKey({ organizationId: acme.organizationId, by: acme.userId });
    expect(await call('PATCH', `/v1/budgets/${id}`, { token_limit: 6 }, service.key)).toMatchObject({ status: 403 });
  });

  it('rate limits are made, changed, listed and removed', async () => {
    const made = await call('POST', '/v1/rate-limits', { scope: 'organization', requests_per_minute: 60 });
    expect(made).toMatchObject({
      status: 201,
      body: { requests_per_minute: 60, tokens_per_minute: null, is_active: true },
    });
    const url = `/v1/rate-limits/${text(made.body['id'])}`;
    expect(await call('POST', '/v1/rate-limits', { scope: 'organization', requests_per_minute: 6 })).toMatchObject({
      status: 409,
      body: { code: 'already_exists' },
    });
    expect((await call('PATCH', url, { tokens_per_minute: 1_000 })).body).toMatchObject({
      requests_per_minute: 60,
      tokens_per_minute: 1_000,
    });
    expect(await call('PATCH', url, { requests_per_minute: null, tokens_per_minute: null })).toMatchObject({
      status: 400,
    });
    for (const wrong of [{}, { requests_per_minute: 0 }, { tokens_per_minute: 0.5 }]) {
      const answer = await call('POST', '/v1/rate-limits', { scope: 'agent', agent_id: randomUUID(), ...wrong });
      expect(answer).toMatchObject({ status: 400 });
    }
    expect(await call('PATCH', url, { is_active: false }, member.key)).toMatchObject({ status: 403 });
    expect(await call('DELETE', url, undefined, other.key)).toMatchObject({ status: 404 });
    expect((await call('GET', '/v1/rate-limits', undefined, member.key)).body).toMatchObject({
      data: [{ tokens_per_minute: 1_000 }],
    });
    expect((await call('DELETE', url)).status).toBe(204);
    expect((await call('GET', '/v1/rate-limits')).body).toMatchObject({ data: [] });
  });

  it('by command: set makes and changes, list shows', async () => {
    const run = (...words: string[]) => runCommand(['budgets', ...words], { config: plinth.config, plinth });
    const of = ['--organization', other.slug];
    const made = await run('set', ...of, '--limit', '1.00', '--period', 'day');
    expect(made).toMatchObject({ exit: 0 });
    expect(made.out[0]).toBe('made:');
    const changed = await run(
      'set',
      ...of,
      '--limit',
      '2.5',
      '--tokens',
      '5000',
      '--period',
      'day',
      '--on-exceed',
      'warn',
    );
    expect(changed.out[0]).toBe('changed:');
    expect((await run('list', ...of)).out.slice(2)).toEqual([
      expect.stringMatching(
        /^organization +day +\$2\.50, 5000 tokens +\$0\.00, 0 tokens +\$0\.00, 0 tokens +\$2\.50, 5000 tokens +\d{4}-.* warn$/,
      ),
    ]);
    const off = JSON.parse((await run('set', ...of, '--period', 'day', '--off', '--json')).out[0]!);
    expect(off).toMatchObject({ is_active: false, cost_limit: '2.5' });
    expect(JSON.parse((await run('list', ...of, '--json')).out[0]!)).toMatchObject([{ id: off.id }]);
    for (const wrong of [
      ['--limit', 'much'],
      ['--tokens', '1.5'],
      ['--period', 'week'],
      ['--scope', 'user'],
      ['--target', 'x'],
      ['--thresholds', '0'],
      ['extra'],
    ]) {
      await expect(run('set', ...of, ...wrong), wrong.join(' ')).rejects.toThrow();
    }
  });
});
