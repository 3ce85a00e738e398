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
