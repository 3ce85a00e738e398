import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import examples from '@octokit/webhooks-examples' with { type: 'json' };
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { cloudEventText } from './cloud-event.ts';
import { deploymentSamples, linearSamples, slackSamples } from './extract/samples.ts';
import { eventOfWebhook } from './new-event.ts';
import type { EventRow } from './read-events.ts';
import { openTestEvents, type TestEvents } from './testing.ts';
import type { SchemeName } from './verify/index.ts';

const golden = fileURLToPath(new URL('./golden/cloudevents.json', import.meta.url));
const now = new Date('2026-11-23T12:00:00Z');
const id = '019ab0a8-0000-7000-8000-000000000001';
const organization = '019ab0a8-0000-7000-8000-000000000002';
const source = '019ab0a8-0000-7000-8000-000000000003';
const nothing: EventRow = {
  ...{ id, occurred_at: now, received_at: now, claimed_at: null, processed_at: null, source: '', source_id: source },
  ...{
    type: '',
    category: 'other',
    priority: 0,
    external_id: null,
    title: null,
    project_id: null,
    repository_id: null,
  },
  ...{ repository_full_name: null, branch: null, commit_sha: null, url: null, actor: null, pull_request_number: null },
  ...{
    event_type_id: null,
    task_id: null,
    user_id: null,
    payload_bytes: 0,
    status: 'pending',
    attempts: 0,
    error: null,
  },
};

function envelope(scheme: SchemeName, kind: string, json: unknown): Record<string, unknown> {
  const verified = { ok: true, deduplicationKey: 'k', replayKey: null, kind, externalId: 'delivery-1' } as const;
  const event = eventOfWebhook(scheme, verified, { json, rawText: '{"payload":1}' }, now);
  const item = JSON.parse(event.text) as Record<string, unknown>;
  const row = { ...nothing, ...item, id, occurred_at: event.occurredAt, source: scheme, sender_context: null };
  return JSON.parse(cloudEventText(row, organization, '{"payload":1}'));
}

const github = examples as unknown as readonly { readonly name: string; readonly examples: readonly unknown[] }[];
const cases: readonly (readonly [SchemeName, string, unknown])[] = [
  ...github.map(({ name, examples }) => ['github', name, examples[0]] as const),
  ...Object.entries(linearSamples).map(([kind, [one]]) => ['linear', kind, one] as const),
  ...Object.entries(slackSamples).map(([kind, [one]]) => ['slack', kind, one] as const),
  ...Object.entries(deploymentSamples).map(([kind, [one]]) => ['deployment', kind, one] as const),
  ['standard_webhooks', 'invoice.paid', { type: 'invoice.paid' }],
  ['hmac', 'message', [1]],
];

test('the envelope of a kind of every sender is that of the golden file, and what the specification allows', () => {
  const all = cases.map(([scheme, kind, json]) => envelope(scheme, kind, json));
  for (const one of all) {
    for (const name of Object.keys(one)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
    for (const required of ['specversion', 'id', 'source', 'type']) expect(one[required]).toMatch(/./);
    expect(one['data']).toEqual({ payload: 1 });
    for (const [name, value] of Object.entries(one)) {
      if (name !== 'data') expect(['string', 'number', 'boolean']).toContain(typeof value);
    }
  }
  const text = `${JSON.stringify(all, null, 2)}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
});

describeEngines('events as CloudEvents', (on) => {
  let app: TestEvents;
  let acme: string;
  beforeAll(async () => {
    app = await openTestEvents(on.engine);
    acme = await app.organization();
  });
  afterAll(() => app.close());

  const sendCloudEvent = async (event: object) => {
    const { body } = await app.call('POST', '/v1/events', {
      as: acme,
      body: event,
      headers: { 'content-type': 'application/cloudevents+json' },
    });
    return (body as unknown as { data: { id: string }[] }).data[0]!.id;
  };

  describe('are given', () => {
    it('by Accept and by format, with their digits; the default is the same as before', async () => {
      const body = '{"type":"order.paid","payload":{"n":12345678901234567890}}';
      const sent = await app.call('POST', '/v1/events', { as: acme, body });
      const url = `/v1/events/${(sent.body as unknown as { data: { id: string }[] }).data[0]!.id}`;
      const byFormat = await app.call('GET', `${url}?format=cloudevents`, { as: acme });
      const accept = 'text/html, Application/CloudEvents+JSON;q=0.9';
      const byAccept = await app.call('GET', url, { as: acme, headers: { accept } });
      expect(byAccept.text).toBe(byFormat.text);
      expect(byFormat.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
      expect(byFormat.text).toContain('12345678901234567890');
      expect(byFormat.body).toMatchObject({ specversion: '1.0', source: '/events/api', type: 'order.paid' });
      expect((await app.call('GET', `${url}?format=plinth`, { as: acme, headers: { accept } })).body).toHaveProperty(
        'journey',
      );
      expect((await app.call('GET', url, { as: acme })).body).toHaveProperty('journey');
      expect((await app.call('GET', `${url}?format=xml`, { as: acme })).status).toBe(400);
    });

    it('as they were sent: subject, schema, extensions, binary data; what is ours can not be forged', async () => {
      const event = {
        specversion: '1.0',
        id: 'c-1',
        source: '/shop',
        type: 'order.paid',
        subject: 'order 7',
        dataschema: 'https://example.com/schema',
        datacontenttype: 'application/octet-stream',
        traceparent: '00-x',
        organizationid: 'mine',
        category: 'billing',
        data_base64: 'AAEC',
      };
      const stored = await sendCloudEvent(event);
      const { body } = await app.call('GET', `/v1/events/${stored}?format=cloudevents`, { as: acme });
      const { id: externalid, source: sendersource, organizationid: _forged, ...same } = event;
      expect(body).toMatchObject({ ...same, id: stored, externalid, sendersource, organizationid: acme });
      expect(body).not.toHaveProperty('data');
    });

    it('to nobody else', async () => {
      const stored = await sendCloudEvent({ specversion: '1.0', id: 'c-2', source: '/shop', type: 't' });
      const other = await app.organization();
      const answer = await app.call('GET', `/v1/events/${stored}?format=cloudevents`, { as: other });
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found']);
    });
  });
});
