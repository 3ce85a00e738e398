import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { eventLimits } from './limits.ts';
import { openTestEvents, type TestEvents } from './testing.ts';

interface LineAnswer {
  readonly line: number;
  readonly id?: string;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: string; readonly field?: string };
}

describeEngines('events sent with a key in other forms', (on) => {
  let test: TestEvents;
  let acme: string;
  beforeAll(async () => {
    test = await openTestEvents(on.engine);
    acme = await test.organization();
  });
  afterAll(() => test.close());

  const post = (type: string, body: string | Buffer, headers = {}) =>
    test.server.app.inject({
      method: 'POST',
      url: '/v1/events',
      headers: { 'x-test-actor': `${acme} member`, 'content-type': type, ...headers },
      payload: body,
    });
  const shown = async (id: unknown) => (await test.call('GET', `/v1/events/${id}`, { as: acme })).body;
  const stored = async () =>
    (
      await test.rows<{ count: number }>('select count(*)::int as count from events where organization_id = $1', [acme])
    )[0]!.count;

  describe('NDJSON', () => {
    const send = (body: string | Buffer, headers = {}) => post('application/x-ndjson', body, headers);

    it('stores every line that can be, and says of each other why not', async () => {
      const before = await stored();
      const lines: (string | Buffer)[] = [
        '{"type":"order.paid","id":"n-1","payload":{"n":12345678901234567890}}',
        '{"type":"order.paid","id":"n-1"}',
        '{"type":"no such type!"}',
        '',
        '{"type":"t","payload":"\\u0000"}',
        Buffer.from([0x22, 0xff, 0x22]),
        `{"type":"t","payload":${'['.repeat(500)}${']'.repeat(500)}}`,
        '{"type":"t"',
        '{"type":"t","occurred_at":"0000-01-01T00:00:00Z"}',
        '{"type":"t","__proto__":{"polluted":1}}',
        '{"type":"t","payload":{"__proto__":{"polluted":1},"constructor":2}}',
        '{"type":"a","type":"b","payload":{"k":1,"k":2}}',
        '[]',
        'null',
        '{"specversion":"1.0","id":"c-1","source":"/shop","type":"order.paid","data":{"total":7}}',
      ];
      const body = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\r\n')]));
      const response = await send(body);
      const answer = response.json() as { data: LineAnswer[]; stored: number; duplicates: number; failed: number };
      expect(answer.data.map(({ line, duplicate, error }) => [line, error?.code ?? duplicate])).toEqual([
        [1, false],
        [2, true],
        [3, 'invalid_request'],
        [5, 'payload_not_storable'],
        [6, 'payload_not_text'],
        [7, 'json_too_deep'],
        [8, 'invalid_json'],
        [9, 'invalid_request'],
        [10, 'invalid_request'],
        [11, false],
        [12, false],
        [13, 'invalid_request'],
        [14, 'invalid_request'],
        [15, false],
      ]);
      expect(response.statusCode).toBe(207);
      expect(answer).toMatchObject({ stored: 4, duplicates: 1, failed: 9 });
      expect(await stored()).toBe(before + 4);
      const [first, repeat] = answer.data;
      expect(repeat!.id).toBe(first!.id);
      expect(answer.data[2]!.error).toMatchObject({ field: '/type' });
      const own = await test.call('GET', `/v1/events/${answer.data[9]!.id}/payload`, { as: acme });
      expect(own.text.replaceAll(' ', '')).toBe('{"__proto__":{"polluted":1},"constructor":2}');
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
      // of a key given twice the last counts, as in PostgreSQL
      expect(await shown(answer.data[10]!.id)).toMatchObject({ type: 'b', payload: { k: 2 } });
      const digits = await test.call('GET', `/v1/events/${first!.id}/payload`, { as: acme });
      expect(digits.text).toContain('12345678901234567890');
    });

    it('is answered with 200 when all is well, and again under an Idempotency-Key', async () => {
      const body = '{"type":"tick"}\n{"type":"tick"}';
      const [first, again] = [
        await send(body, { 'idempotency-key': 'lines-1' }),
        await send(body, { 'idempotency-key': 'lines-1' }),
      ];
      expect([first!.statusCode, again!.statusCode]).toEqual([200, 200]);
      expect(again!.json()).toEqual(first!.json());
      expect(again!.headers['idempotency-replayed']).toBe('true');
    });

    it('is bounded in lines and bytes, and wants one line', async () => {
      const lines = '{"type":"t"}\n'.repeat(eventLimits.api_lines_max + 1);
      expect((await send(lines)).json()).toMatchObject({ status: 413, code: 'body_too_large' });
      const bytes = ' '.repeat(eventLimits.api_body_bytes + 1);
      expect((await send(bytes)).json()).toMatchObject({ status: 413, code: 'body_too_large' });
      expect((await send('\n \n')).json()).toMatchObject({ status: 400, code: 'invalid_json' });
    });

    it('takes more than one statement holds, each in its place', async () => {
      const count = eventLimits.batch_events_max + 7;
      const lines = Array.from({ length: count }, (_, n) => JSON.stringify({ type: 'many', id: `many-${n}` }));
      const { data } = (await send(lines.join('\n'))).json() as { data: LineAnswer[] };
      expect(data).toHaveLength(count);
      expect(await shown(data[count - 1]!.id)).toMatchObject({ external_id: `many-${count - 1}` });
    });
  });

  describe('CloudEvents', () => {
    const event = {
      specversion: '1.0',
      id: 'A234-1234-1234',
      source: 'https://example.com/shop',
      type: 'com.example.order.paid',
      subject: 'order 7',
      time: '2026-11-05T17:31:00Z',
      datacontenttype: 'application/json',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      data: { total: 7 },
    };
    const send = (one: unknown) => post('application/cloudevents+json; charset=utf-8', JSON.stringify(one));

    it('are stored once for each source and id', async () => {
      const first = (await send(event)).json() as { data: LineAnswer[] };
      const again = (await send({ ...event, data: 'other' })).json() as { data: LineAnswer[] };
      const other = (await send({ ...event, source: 'https://example.com/other' })).json() as { data: LineAnswer[] };
      expect(first.data[0]).toMatchObject({ duplicate: false });
      expect(again.data[0]).toEqual({ id: first.data[0]!.id, duplicate: true });
      expect(other.data[0]).toMatchObject({ duplicate: false });
      expect(await shown(first.data[0]!.id)).toMatchObject({
        source: 'api',
        type: 'com.example.order.paid',
        title: 'order 7',
        external_id: 'A234-1234-1234',
        occurred_at: '2026-11-05T17:31:00.000Z',
        payload: { total: 7 },
      });
    });

    it('in a batch are stored all or none', async () => {
      const before = await stored();
      const batch = [
        { ...event, id: 'b-1' },
        { ...event, id: 'b-2', specversion: '0.3' },
      ];
      const refused = await post('application/cloudevents-batch+json', JSON.stringify(batch));
      expect(refused.json()).toMatchObject({ status: 400, code: 'invalid_request', field: '1/specversion' });
      expect(await stored()).toBe(before);
      const taken = await post('application/cloudevents-batch+json', JSON.stringify([batch[0]]));
      expect(taken.statusCode).toBe(200);
    });

    it('that are none are refused', async () => {
      const { id: _id, ...without } = event;
      const cases: unknown[] = [
        without,
        { ...event, Upper: 'case' },
        { ...event, data_base64: 'AAAA' },
        { ...event, time: 'yesterday' },
        { ...event, long: 'x'.repeat(20_000) },
        [],
        null,
      ];
      for (const one of cases) {
        const answer = (await send(one)).json() as { code: string };
        expect([one, answer.code]).toEqual([one, 'invalid_request']);
      }
    });
  });

  it('lines under the type of one document are told so', async () => {
    const answer = (await post('application/json', '{"type":"t"}\n{"type":"t"}')).json();
    expect(answer).toMatchObject({ code: 'invalid_json', detail: 'Events a line are sent as application/x-ndjson.' });
    const broken = (await post('application/json', '{"type":\n"t"')).json();
    expect(broken).not.toHaveProperty('detail');
  });

  it('any other type is refused', async () => {
    expect((await post('text/csv', 'a,b')).json()).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });
});
