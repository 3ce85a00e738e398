import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestPlinth, type TestPlinth } from 'plinth/testing';
import application from '../plinth.config.ts';

let plinth: TestPlinth;
before(async () => {
  plinth = await openTestPlinth({ application });
});
after(() => plinth.close());

const invoice = { client: 'Acme', country: 'DE', items: [{ text: 'A week of work', cents: 100_000 }] };

test('an invoice has tax, is sent once, and is seen by its organization alone', async () => {
  const [ours, theirs] = [await plinth.makeOrganization('Ours'), await plinth.makeOrganization('Theirs')];
  const made = await plinth.call('POST', '/v1/invoices', { key: ours.key, body: invoice });
  assert.equal(made.status, 201, made.text);
  assert.equal(String(made.body['gross_cents']), '119000');
  const send = `/v1/invoices/${String(made.body['id'])}/send`;
  assert.equal((await plinth.call('POST', send, { key: ours.key })).status, 200);
  const again = await plinth.call('POST', send, { key: ours.key });
  assert.deepEqual([again.status, String(again.body['code'])], [409, 'invoice_not_draft']);
  const foreign = await plinth.call('POST', send, { key: theirs.key });
  assert.equal(foreign.status, 404);
  const seen = await plinth.call('GET', '/rest/v1/invoices?select=client,invoice_items(text,cents)', { key: ours.key });
  assert.deepEqual(JSON.parse(seen.text), [
    { client: 'Acme', invoice_items: [{ text: 'A week of work', cents: 100000 }] },
  ]);
  const hidden = await plinth.call('GET', '/rest/v1/invoices', { key: theirs.key });
  assert.deepEqual(JSON.parse(hidden.text), []);
});

test('a note is seen by who wrote it, whom it is shared with, and the admins', async () => {
  const ours = await plinth.makeOrganization('Notes');
  const made = await plinth.call('POST', '/v1/invoices', { key: ours.key, body: invoice });
  const people = await Promise.all(
    ['writer', 'colleague', 'stranger'].map(async () => {
      const { id } = await plinth.makeUser({ organizationId: ours.id, role: 'member' });
      const { key } = await plinth.makeKey({ organizationId: ours.id, userId: id });
      return { id, key };
    }),
  );
  const [writer, colleague, stranger] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]];
  const note = { invoice_id: made.body['id'], text: 'Pays late.', shared_with: [colleague.id] };
  const written = await plinth.call('POST', '/rest/v1/invoice_notes', { key: writer.key, body: note });
  assert.equal(written.status, 201, written.text);
  const seenBy = async (key: string) =>
    JSON.parse((await plinth.call('GET', '/rest/v1/invoice_notes?select=text', { key })).text).length;
  assert.deepEqual(await Promise.all([writer.key, colleague.key, ours.key, stranger.key].map(seenBy)), [1, 1, 1, 0]);
  const change = await plinth.call('PATCH', '/rest/v1/invoice_notes?text=eq.Pays%20late.', {
    key: colleague.key,
    body: { text: 'Pays never.' },
  });
  assert.ok(change.status < 500, change.text);
  const after = await plinth.call('GET', '/rest/v1/invoice_notes?select=text', { key: writer.key });
  assert.deepEqual(JSON.parse(after.text), [{ text: 'Pays late.' }]);
});
