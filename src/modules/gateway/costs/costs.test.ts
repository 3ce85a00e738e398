import { beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../../tests/support/engines.ts';
import { type ClockedPlinth, text } from '../../../../tests/support/plinth.ts';
import type { Scope } from '../../../platform/scope/scope.ts';
import type { TestOrganization } from '../../../testing.ts';
import { tenTokens, useCosts } from './costs.fixture.ts';
import { recordCost } from './record.ts';

describeEngines('costs', (on) => {
  const { world, join, tell, get, report, record } = useCosts(on);
  let plinth: ClockedPlinth;
  let acme: TestOrganization;
  let scope: Scope;
  beforeEach(() => {
    ({ plinth, acme, scope } = world);
  });

  it('are told with the provider’s own usage, and priced', async () => {
    const { body: project } = await plinth.call('POST', '/v1/projects', { key: acme.key, body: { name: 'Atlas' } });
    const raw_usage = {
      prompt_tokens: 1_000,
      completion_tokens: 100,
      prompt_tokens_details: { cached_tokens: 500 },
      completion_tokens_details: { reasoning_tokens: 40 },
    };
    const told = await tell({
      usage: undefined,
      wire: 'openai_chat',
      raw_usage,
      project_id: project['id'],
      agent_type: 'engineer',
      trace_id: 'a'.repeat(32),
      occurred_at: '2026-11-23T10:00:00Z',
    });
    expect(told.status, told.text).toBe(200);
    const expected = {
      input_tokens: 500,
      cached_input_tokens: 500,
      output_tokens: 60,
      reasoning_tokens: 40,
      total_tokens: 1_100,
      input_cost: '0.001875',
      output_cost: '0.001',
      total_cost: '0.002875',
      user_id: acme.userId,
      project_id: project['id'],
      agent_type: 'engineer',
      occurred_at: '2026-11-23T10:00:00.000Z',
      is_counted: true,
      raw_usage,
    };
    expect(told.body).toMatchObject({
      ...expected,
      is_new: true,
      price_source: expect.stringMatching(/^genai-prices /),
    });
    const id = text(told.body['id']);
    expect(await get(`/v1/costs/${id}`)).toMatchObject(expected);
    expect((await get(`/v1/costs?trace_id=${'a'.repeat(32)}&project_id=${text(project['id'])}`))['data']).toMatchObject(
      [{ id }],
    );
    expect((await get('/v1/costs?since=2026-11-24'))['data']).toEqual([]);
    const rest = await plinth.call('GET', '/rest/v1/cost_records?select=total_tokens', { key: acme.key });
    expect(JSON.parse(rest.text)).toEqual([{ total_tokens: 1_100 }]);
  });

  it('of document 001’s example are what it says', async () => {
    const model = 'claude-3-5-sonnet';
    const told = await tell({ provider: 'anthropic', model, usage: { input_tokens: 1_500, output_tokens: 500 } });
    expect(told.body).toMatchObject({ input_cost: '0.0045', output_cost: '0.0075', total_cost: '0.012' });
  });

  it('of a call are recorded once, however often and at once they are told', async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => tell({ call_id: 'one' })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body['id'])).size).toBe(1);
    expect(answers.filter(({ body }) => body['is_new']).length).toBe(1);
    // what is told later changes nothing
    expect((await tell({ call_id: 'one', usage: { input_tokens: 5 } })).body).toMatchObject({
      is_new: false,
      input_tokens: 1_000,
    });
    expect((await report('')).total).toMatchObject({ calls: 1, total_cost: '0.0025' });
    const globex = await plinth.makeOrganization('Globex');
    expect((await tell({ call_id: 'one' }, globex.key)).body).toMatchObject({ is_new: true });
  });

  it('seen by the gateway and by a trace count once, whichever comes first', async () => {
    const one = await record({ call_id: 'a', kind: 'trace' }, { total_cost: '3' });
    expect((await report('')).total).toMatchObject({ calls: 1, total_cost: '3' });
    await record({ call_id: 'a' });
    await record({ call_id: 'b' });
    await record({ call_id: 'b', kind: 'trace' }, { total_cost: '3' });
    await record({ call_id: 'c', kind: 'trace' });
    expect(await record({ call_id: 'a', kind: 'trace' })).toMatchObject({ id: one.id, is_new: false });
    expect((await report('')).total).toMatchObject({ calls: 3, total_tokens: 30, total_cost: '3' });
    const all = (await get('/v1/costs'))['data'] as unknown as { call_id: string; kind: string; is_counted: boolean }[];
    expect(all.map(({ call_id, kind, is_counted }) => `${call_id} ${kind} ${is_counted}`).sort()).toEqual([
      'a call true',
      'a trace false',
      'b call true',
      'b trace false',
      'c trace true',
    ]);
  });

  it.runIf(on.name !== 'pglite')('told and traced at the same time count once', async () => {
    for (let n = 0; n < 5; n++) {
      await Promise.all([record({ call_id: `both ${n}` }), record({ call_id: `both ${n}`, kind: 'trace' })]);
    }
    expect((await report('')).total).toMatchObject({ calls: 5, total_cost: '5' });
  });

  it('that make no sense are refused', async () => {
    for (const [body, code] of [
      [{ usage: undefined }, 'invalid_value'],
      [{ wire: 'openai_chat', raw_usage: {} }, 'invalid_value'],
      [{ usage: undefined, wire: 'openai_chat', raw_usage: { prompt_tokens: -1 } }, 'invalid_value'],
      [{ usage: undefined, wire: 'openai_chat' }, 'invalid_value'],
      [{ usage: { input_tokens: -1 } }, 'invalid_request'],
      [{ usage: { input_tokens: 1.5 } }, 'invalid_request'],
      [{ usage: { cache_write_tokens: 1, cache_write_1h_tokens: 2 } }, 'invalid_value'],
      [{ usage: { tokens: 1 } }, 'invalid_request'],
      [{ occurred_at: '2025-10-01T00:00:00Z' }, 'invalid_value'],
      [{ occurred_at: '2026-11-26T00:00:00Z' }, 'invalid_value'],
      [{ project_id: acme.id }, 'reference_not_found'],
      [{ user_id: acme.id }, 'reference_not_found'],
      [{ trace_id: 'short' }, 'invalid_request'],
      [{ call_id: '' }, 'invalid_request'],
    ] as const) {
      const answer = await tell(body);
      expect(answer.body['code'], JSON.stringify(body)).toBe(code);
    }
    expect((await report('')).total).toMatchObject({ calls: 0, total_cost: '0' });
  });

  it('without a price are null, and said to be', async () => {
    expect((await tell({ model: 'unheard-of' })).body).toMatchObject({
      total_cost: null,
      input_cost: null,
      price_source: null,
    });
    await tell();
    expect((await report('by=model')).rows).toMatchObject([
      { model: 'gpt-4o', calls: 1, unpriced_calls: 0, total_cost: '0.0025' },
      { model: 'unheard-of', calls: 1, unpriced_calls: 1, total_cost: '0', total_tokens: 1_000 },
    ]);
  });

  it('are one’s own to see, and everybody’s for administrators and services', async () => {
    const member = await join('member');
    const other = await join('member');
    const viewer = await join('viewer');
    const { body: mine } = await tell({ call_id: 'mine' }, member.key);
    expect(mine).toMatchObject({ user_id: member.id });
    const { body: theirs } = await tell({ user_id: other.id });
    expect(theirs).toMatchObject({ user_id: other.id });
    expect((await tell({ user_id: other.id }, member.key)).body).toMatchObject({ code: 'forbidden' });
    expect((await tell({}, viewer.key)).body).toMatchObject({ code: 'forbidden' });
    // nor does a member learn of another's call by its id
    expect((await tell({ call_id: 'mine' }, other.key)).body).toMatchObject({ code: 'not_found' });
    const service = await plinth.makeKey({ organizationId: acme.id, by: acme.userId });
    for (const [key, seen] of [
      [member.key, 1],
      [other.key, 1],
      [viewer.key, 0],
      [acme.key, 2],
      [service.key, 2],
    ] as const) {
      expect((await report('', key)).total.calls).toBe(seen);
      expect((await get('/v1/costs/usage', key))['calls']).toBe(seen);
      expect((await get('/v1/costs', key))['data']).toHaveLength(seen);
      const rest = await plinth.call('GET', '/rest/v1/cost_records?select=id', { key });
      expect(JSON.parse(rest.text)).toHaveLength(seen);
    }
    const id = text(theirs['id']);
    expect((await plinth.call('GET', `/v1/costs/${id}`, { key: member.key })).status).toBe(404);
    expect((await plinth.call('GET', `/v1/costs/report?user_id=${other.id}`, { key: member.key })).status).toBe(403);
    expect((await report(`user_id=${other.id}`)).total.calls).toBe(1);
    const globex = await plinth.makeOrganization('Globex');
    expect((await plinth.call('GET', `/v1/costs/${id}`, { key: globex.key })).status).toBe(404);
    expect((await report('', globex.key)).total.calls).toBe(0);
    for (const key of [member.key, service.key]) {
      const body = { since: '2026-11-01', until: '2026-12-01' };
      expect((await plinth.call('POST', '/v1/costs/reprice', { key, body })).status).toBe(403);
    }
  });

  it('are reported by any of their dimensions, up to three, in days of a zone', async () => {
    const member = await join('member');
    await record(
      { model: 'a', subject: { userId: member.id }, occurred_at: new Date('2026-11-10T22:30:00Z') },
      { total_cost: '0.1' },
    );
    await record({ model: 'a', agent_type: 'x', occurred_at: new Date('2026-11-10T23:30:00Z') }, { total_cost: '0.2' });
    await record({ model: 'b', provider: 'q', occurred_at: new Date('2026-11-11T10:00:00Z') }, { total_cost: '0.7' });
    await record({ model: 'b', occurred_at: new Date('2026-10-31T23:30:00Z') }, { total_cost: '10' });
    const days = async (zone: string) =>
      (await report(`by=day,model&time_zone=${zone}`)).rows.map(({ day, model, calls: n, total_cost }) => [
        day,
        model,
        n,
        total_cost,
      ]);
    expect(await days('UTC')).toEqual([
      ['2026-11-10', 'a', 2, '0.3'],
      ['2026-11-11', 'b', 1, '0.7'],
    ]);
    expect(await days('Europe/Berlin')).toEqual([
      ['2026-11-01', 'b', 1, '10'],
      ['2026-11-10', 'a', 1, '0.1'],
      ['2026-11-11', 'b', 1, '0.7'],
      ['2026-11-11', 'a', 1, '0.2'],
    ]);
    const one = await report('by=user,agent_type,provider&since=2026-11-01T00:00:00Z&until=2026-12-01T00:00:00Z');
    expect(one.rows).toMatchObject([
      { provider: 'q', user_id: null, agent_type: null, total_cost: '0.7' },
      { provider: 'p', user_id: null, agent_type: 'x', total_cost: '0.2' },
      { provider: 'p', user_id: member.id, agent_type: null, total_cost: '0.1' },
    ]);
    expect(one.total).toMatchObject({ calls: 3, total_cost: '1', total_tokens: 30 });
    const cut = await report('by=model,provider&limit=1&since=2026-10-01');
    expect(cut.body).toMatchObject({
      is_complete: false,
      rows: [{ model: 'b' }],
      total: { calls: 4, total_cost: '11' },
    });
    expect((await report('by=day&model=a')).total.calls).toBe(2);
    for (const wrong of [
      'by=colour',
      'by=day,day',
      'by=day,model,user,agent',
      'time_zone=Mars/Base',
      'since=2026-11-02&until=2026-11-01',
    ]) {
      const answer = await plinth.call('GET', `/v1/costs/report?${wrong}`, { key: acme.key });
      expect(answer.body['code'], wrong).toBe('invalid_value');
    }
  });

  it('are reported in the organization’s own zone where none is asked for', async () => {
    await record({ occurred_at: new Date('2026-10-31T23:30:00Z') });
    const settings = { settings: { time_zone: 'Europe/Berlin' } };
    expect((await plinth.call('PATCH', '/v1/organization', { key: acme.key, body: settings })).status).toBe(200);
    expect((await report('by=day')).body).toMatchObject({ time_zone: 'Europe/Berlin', rows: [{ day: '2026-11-01' }] });
    expect(await get('/v1/costs/usage')).toMatchObject({
      month: '2026-11',
      calls: 1,
      since: '2026-10-31T23:00:00.000Z',
    });
  });

  it('are exported as CSV that runs nowhere', async () => {
    await record({ model: '=1+1', agent_type: 'a,b' }, { total_cost: '0.25' });
    const answer = await plinth.call('GET', '/v1/costs/report?by=model,agent_type&format=csv', { key: acme.key });
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
    const [head, row, end] = answer.text.split('\r\n');
    expect(head).toMatch(/^model,agent_type,calls,unpriced_calls,input_tokens,.*,total_tokens,total_cost$/);
    expect(row).toBe(`"'=1+1","a,b",1,0,10,0,0,0,0,10,0.25`);
    expect(end).toBe('');
  });

  it('of a month are as document 001 asks for them, with a forecast to its end', async () => {
    const member = await join('member');
    for (let day = 1; day <= 23; day++) {
      const occurred_at = new Date(Date.UTC(2026, 10, day, 10));
      await record({ occurred_at, subject: { userId: member.id } }, { total_cost: '0.3' });
    }
    await record(
      { occurred_at: new Date('2026-11-24T09:00:00Z'), subject: { userId: member.id } },
      { total_cost: '0.1' },
    );
    await record({}, { total_cost: '100' });
    const usage = await get(`/v1/costs/usage?user_id=${member.id}`);
    expect(usage).toMatchObject({
      month: '2026-11',
      total_tokens: 240,
      total_cost: '7',
      forecast: { cost: '9', low: '9', high: '9', days: 23, mean_daily_cost: '0.3' },
    });
    // the document's own query
    const [sample] = await plinth.owner(
      `select sum(total_tokens)::int as tokens, sum(total_cost)::float8 as cost from plinth.cost_records
       where user_id = $1 and extract(month from created_at) = extract(month from now())`,
      [member.id],
    );
    expect(sample).toEqual({ tokens: 240, cost: 7 });
    expect(await get('/v1/costs/usage?month=2026-10')).toMatchObject({ calls: 0, total_cost: '0', forecast: null });
    expect((await plinth.call('GET', '/v1/costs/usage?month=2026-13', { key: acme.key })).status).toBe(400);
    // the days of the month before are looked back at, from the first that has a call
    const other = await join('member');
    await record(
      { occurred_at: new Date('2026-10-31T10:00:00Z'), subject: { userId: other.id } },
      { total_cost: '24' },
    );
    // 24 over 24 complete days; November has cost nothing yet: 7 days of 1
    expect((await get(`/v1/costs/usage?user_id=${other.id}`))['forecast']).toMatchObject({ cost: '7', days: 24 });
  });

  it('are written once a call, or not at all', async () => {
    await expect(
      plinth.platform.door.write(scope, async (tx) => {
        await recordCost(
          tx,
          {
            call_id: 'rolled back',
            kind: 'call',
            provider: 'p',
            model: 'm',
            usage: tenTokens,
            raw_usage: { odd: 'a\u0000b' },
            subject: {},
          },
          null,
        );
        throw new Error('no');
      }),
    ).rejects.toThrow();
    expect(await record({ call_id: 'rolled back' })).toMatchObject({ is_new: true });
    const other = plinth.platform.door.write(scope, (tx) =>
      tx.sql('select plinth.record_cost($1, $2)', ['0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42', '{}']),
    );
    await expect(other).rejects.toMatchObject({ code: 'forbidden' });
  });
});
