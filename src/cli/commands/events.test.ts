import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../../../tests/support/command.ts';
import { openTestPlinth, type TestOrganization, type TestPlinth } from '../../testing.ts';

let plinth: TestPlinth;
let acme: TestOrganization;
beforeAll(async () => {
  plinth = await openTestPlinth();
  acme = await plinth.makeOrganization('Acme');
});
afterAll(() => plinth.close());

const run = (...argv: string[]) => runCommand(argv, { config: plinth.config, plinth });

/** Sends two events and marks the first of them failed, as matching does. */
async function failedAndWaiting(): Promise<[string, string]> {
  const sent = await plinth.call('POST', '/v1/events', {
    key: acme.key,
    body: [{ type: 'order.paid' }, { type: 'order.sent' }],
  });
  const [failed, waiting] = (sent.body as unknown as { data: { id: string }[] }).data.map(({ id }) => id) as [
    string,
    string,
  ];
  await plinth.as({ organizationId: acme.id, memberRole: 'service' }).write(async (tx) => {
    const [event] = await tx.sql<{ occurred_at: Date }>('select occurred_at from plinth.events where id = $1', [
      failed,
    ]);
    const finished = [{ id: failed, ...event, status: 'failed', error: { code: 'internal' } }];
    await tx.sql('select plinth.finish_events($1, $2)', [acme.id, JSON.stringify(finished)]);
  });
  return [failed, waiting];
}

const statusOf = async (id: string) => (await plinth.call('GET', `/v1/events/${id}`, { key: acme.key })).body['status'];

it('retries failed events, all that are named or none', async () => {
  const [failed, waiting] = await failedAndWaiting();
  await expect(run('events', 'retry', failed, waiting)).rejects.toMatchObject({ code: 'event_not_retryable' });
  expect(await statusOf(failed)).toBe('failed');
  const { exit, out } = await run('events', 'retry', failed, '--organization', acme.slug, '--json');
  expect([exit, out]).toEqual([0, [JSON.stringify({ retried: [failed] })]]);
  expect(await statusOf(failed)).toBe('pending');
});

it.each([[], ['not-an-id'], ['01a00000-0000-7000-8000-000000000001', '--organization', 'nobody']])(
  'is usage: events retry %s',
  async (...words) => {
    await expect(run('events', 'retry', ...words)).rejects.toMatchObject({ name: 'UsageError' });
  },
);
