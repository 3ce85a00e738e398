import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { uuidv7 } from '../ids.ts';
import {
  checkMasterKey,
  createDataKey,
  type DataKey,
  DataKeyCache,
  MasterKey,
  type MasterKeyRing,
  masterKeyFingerprint,
  open,
  openText,
  parseMasterKey,
  rewrapDataKey,
  type SealContext,
  seal,
  sealedKeyId,
  unwrapDataKey,
} from './index.ts';

const organizationId = '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42';
const otherOrganizationId = '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e43';
const master = new MasterKey(randomBytes(32));
const ring: MasterKeyRing = { current: master, previous: [] };
const scope = { organizationId, purpose: 'secrets' };
const { key, row } = createDataKey(master, scope);
const context: SealContext = { organizationId, table: 'event_sources', column: 'secret', rowId: uuidv7() };
const code = (name: string) => expect.objectContaining({ code: name });

test('what was sealed opens in its place, each time in other words', () => {
  const sealed = seal(key, 'whsec_Grüße', context);
  expect(sealed).toMatch(/^v1\.[0-9a-f-]{36}\.[\w-]{16}\.[\w-]+$/);
  expect(sealedKeyId(sealed)).toBe(key.id);
  expect(openText(key, sealed, context)).toBe('whsec_Grüße');
  expect(seal(key, 'whsec_Grüße', context)).not.toBe(sealed);
  expect(open(key, seal(key, '', context), context)).toHaveLength(0);
});

test('bytes of any length come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(open(key, seal(key, bytes, context), context)).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 200 },
  );
});

test.each<[string, Partial<SealContext>]>([
  ['row', { rowId: uuidv7() }],
  ['column', { column: 'previous_secret' }],
  ['table', { table: 'subscriptions' }],
  ['organization', { organizationId: otherOrganizationId }],
  ['no organization', { organizationId: null }],
  ['a shifted boundary', { table: 'event_source', column: 'ssecret' }],
  ['case', { column: 'Secret' }],
])('moved to another place it does not open: %s', (_name, change) => {
  expect(() => open(key, seal(key, 'x', context), { ...context, ...change })).toThrow(code('decryption_failed'));
});

test('another tenant’s key neither seals nor opens, also when its row is relabelled', () => {
  const other = createDataKey(master, { organizationId: otherOrganizationId, purpose: 'secrets' });
  expect(() => seal(other.key, 'x', context)).toThrow(TypeError);
  expect(() => open(other.key, seal(key, 'x', context), context)).toThrow(code('decryption_failed'));
  expect(() => unwrapDataKey(ring, { ...other.row, organizationId })).toThrow(code('decryption_failed'));
  expect(() => unwrapDataKey(ring, { ...row, purpose: 'personal' })).toThrow(code('decryption_failed'));
  expect(() => unwrapDataKey(ring, { ...row, id: uuidv7() })).toThrow(code('decryption_failed'));
});

test('any changed character of a sealed value is refused, in the same words', () => {
  const sealed = seal(key, 'a secret of some length', context);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ';
  const messages = new Set<string>();
  fc.assert(
    fc.property(fc.nat(sealed.length - 1), fc.constantFrom(...alphabet), (at, character) => {
      fc.pre(sealed[at] !== character);
      try {
        open(key, sealed.slice(0, at) + character + sealed.slice(at + 1), context);
      } catch (error) {
        messages.add(String(error));
        return;
      }
      throw new Error(`position ${at} may be ${character}`);
    }),
    { numRuns: 2000 },
  );
  expect(messages.size).toBe(1);
  for (const other of [
    '',
    'v1',
    `${sealed}.`,
    `${sealed}A`,
    sealed.slice(0, -1),
    sealed.replace('v1', 'v2'),
    'x'.repeat(1e6),
  ]) {
    expect(() => open(key, other, context)).toThrow(code('decryption_failed'));
  }
});

test('what is no secret’s size or no text is not sealed', () => {
  expect(() => seal(key, Buffer.alloc(64 * 1024 + 1), context)).toThrow(RangeError);
  expect(open(key, seal(key, Buffer.alloc(64 * 1024), context), context)).toHaveLength(64 * 1024);
  expect(() => seal(key, '\ud800', context)).toThrow(TypeError);
});

test('a flipped bit in a wrapped key is refused', () => {
  for (let at = 0; at < row.wrapped.length; at++) {
    const wrapped = Buffer.from(row.wrapped);
    wrapped[at]! ^= 1;
    expect(() => unwrapDataKey(ring, { ...row, wrapped })).toThrow(code('decryption_failed'));
  }
  expect(() => unwrapDataKey(ring, { ...row, wrapped: row.wrapped.subarray(1) })).toThrow(code('decryption_failed'));
});

test('rotation wraps the keys anew and leaves every sealed value as it is', () => {
  const sealed = seal(key, 'kept', context);
  const next = new MasterKey(randomBytes(32));
  const during: MasterKeyRing = { current: next, previous: [master] };
  expect(checkMasterKey(during, masterKeyFingerprint(master))).toBe('rotation_pending');
  expect(openText(unwrapDataKey(during, row), sealed, context)).toBe('kept');
  const moved = rewrapDataKey(during, row);
  expect(moved).toMatchObject({ id: row.id, masterKey: next.fingerprint, organizationId, purpose: 'secrets' });
  expect(rewrapDataKey(during, moved)).toBe(moved);

  const after: MasterKeyRing = { current: next, previous: [] };
  expect(checkMasterKey(after, masterKeyFingerprint(next))).toBe('current');
  expect(openText(unwrapDataKey(after, moved), sealed, context)).toBe('kept');
  expect(() => unwrapDataKey(after, row)).toThrow(code('master_key_mismatch'));
  expect(() => unwrapDataKey(after, { ...row, masterKey: next.fingerprint })).toThrow(code('decryption_failed'));
});

test('a master key that is not the data’s is refused without naming either', () => {
  const other = new MasterKey(randomBytes(32));
  expect(() => checkMasterKey({ current: other, previous: [] }, master.fingerprint)).toThrow(
    code('master_key_mismatch'),
  );
});

test('one key has one fingerprint in each spelling', () => {
  const bytes = Buffer.from('8f3a1c5e7b9d2f4068ace013579bdf2436587a9cbed0f1e2d3c4b5a697887969', 'hex');
  const spellings = [
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64'),
    ` ${bytes.toString('base64url')}\n`,
  ];
  const prints = spellings.map((text) => parseMasterKey(text).fingerprint);
  expect(new Set(prints).size).toBe(1);
  expect(prints[0]).toMatch(/^[0-9a-f]{32}$/);
});

test.each([
  ['', 'empty'],
  ['   ', 'empty'],
  ['change me', 'neither hex nor base64'],
  ['ab'.repeat(31), '62 hex digits instead of 64'],
  [Buffer.alloc(31, 'x').toString('base64'), '31 bytes'],
  [randomBytes(33).toString('base64'), '33 bytes'],
  ['00'.repeat(32), 'repeated pattern'],
  ['0123456789abcdef'.repeat(4), 'repeated pattern'],
])('the master key %j is refused: %s', (text, reason) => {
  expect(() => parseMasterKey(text)).toThrow(code('master_key_invalid'));
  expect(() => parseMasterKey(text)).toThrow(reason);
});

test('keys do not print, log or serialise', () => {
  const bytes = randomBytes(32);
  const secret = [bytes.toString('hex'), bytes.toString('base64'), inspect(bytes).slice(8, 40)];
  const shown = [new MasterKey(bytes), createDataKey(master, scope).key].flatMap((shy) => [
    inspect(shy, { depth: 9, showHidden: true }),
    JSON.stringify({ shy }),
    JSON.stringify({ ...shy }),
  ]);
  for (const text of shown) for (const part of secret) expect(text).not.toContain(part);
});

test('a destroyed key is zero and refuses', () => {
  const { key: mortal } = createDataKey(master, scope);
  let bytes: Uint8Array = Buffer.alloc(0);
  mortal.withBytes((inside) => {
    bytes = inside;
  });
  mortal.destroy();
  expect(bytes.every((byte) => byte === 0)).toBe(true);
  expect(() => seal(mortal, 'x', context)).toThrow('destroyed');
});

function makeKeys(count: number) {
  const rows = Array.from({ length: count }, () => createDataKey(master, scope).row);
  const opened: DataKey[] = [];
  const load = (index: number) => async () => {
    const loaded = unwrapDataKey(ring, rows[index]!);
    opened.push(loaded);
    return loaded;
  };
  return { rows, opened, load };
}

test('the cache is bounded, evicts the least recently used, and zeroes it', async () => {
  const { rows, opened, load } = makeKeys(3);
  const cache = new DataKeyCache({ keys_max: 2 });
  const use = (index: number) => cache.withKey(rows[index]!.id, load(index), (lent) => lent.id);
  await use(0);
  await use(1);
  await use(0);
  await use(2);
  expect(cache.size).toBe(2);
  expect(opened.map((one) => one.destroyed)).toEqual([false, true, false]);
  expect(await use(1)).toBe(rows[1]!.id);
  expect(opened).toHaveLength(4);
  cache.clear();
  expect(opened.every((one) => one.destroyed)).toBe(true);
});

test('callers at once share one load; a failed load is not remembered', async () => {
  const { rows, opened, load } = makeKeys(1);
  const cache = new DataKeyCache();
  const id = rows[0]!.id;
  await expect(
    cache.withKey(
      id,
      () => Promise.reject(new Error('down')),
      (lent) => lent.id,
    ),
  ).rejects.toThrow('down');
  expect(await Promise.all([1, 2, 3].map(() => cache.withKey(id, load(0), (lent) => lent.id)))).toEqual([id, id, id]);
  expect(opened).toHaveLength(1);
  await expect(cache.withKey(uuidv7(), load(0), (lent) => lent.id)).rejects.toThrow('asked for');
});

test('a key expires, and a forgotten one is gone even while it is loaded', async () => {
  let now = 0;
  const clock: Clock = { now: () => new Date(now), sleep: () => Promise.resolve() };
  const { rows, opened, load } = makeKeys(1);
  const cache = new DataKeyCache({ clock, age_ms_max: 1000 });
  const id = rows[0]!.id;
  const use = () => cache.withKey(id, load(0), (lent) => lent.id);
  await use();
  now = 999;
  await use();
  expect(opened).toHaveLength(1);
  now = 1000;
  await use();
  expect(opened.map((one) => one.destroyed)).toEqual([true, false]);

  cache.forget(id);
  const waiting = use();
  cache.forget(id);
  expect(await waiting).toBe(id);
  expect(opened.map((one) => one.destroyed)).toEqual([true, true, true, false]);
});
