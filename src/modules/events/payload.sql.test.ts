import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventTexts, numberTexts } from './filter/testing.ts';
import { readPayload } from './payload.ts';

let db: PGlite;
beforeAll(async () => {
  db = new PGlite();
  await db.waitReady;
});
afterAll(async () => {
  await db.close();
});

const stored = async (text: string) =>
  (await db.query<{ kept: string }>('select ($1::text)::jsonb::text as kept', [text])).rows[0]!.kept;

const accepted = (text: string): unknown => {
  try {
    return readPayload(Buffer.from(text)).json;
  } catch {
    return undefined;
  }
};

/** Texts near the border of what is JSON and what jsonb holds. */
const pieces = [
  '{',
  '}',
  '[',
  ']',
  '"',
  '\\u0000',
  '\\ud83d',
  '\\ude00',
  '\\\\',
  '\\"',
  ',',
  ':',
  '1',
  '-',
  '.',
  'e400',
  'E-7',
  'true',
  'a',
  ' ',
  'é',
];
const strings = fc.array(fc.constantFrom(...pieces)).map((all) => `["${all.join('')}"]`);
const near = fc.oneof(
  eventTexts,
  strings,
  fc.array(fc.constantFrom(...pieces)).map((all) => `[${all.join('')}]`),
  fc
    .constantFrom(...numberTexts, '1e131072', '1e16384', '0e-20000', `0.${'0'.repeat(750)}1`, `${'9'.repeat(308)}`)
    .map((text) => `[${text}]`),
  fc.json({ stringUnit: 'binary' }),
);

test('what is read is stored, and what jsonb gives back is what was read', async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(near, async (text) => {
      const json = accepted(text);
      if (json === undefined) return;
      count++;
      // jsonb has no negative zero; JSON.stringify writes none either.
      expect(JSON.parse(await stored(text))).toEqual(JSON.parse(JSON.stringify(json)));
    }),
    { numRuns: 3000 },
  );
  expect(count).toBeGreaterThan(1000);
});

test('what is refused as not storable: jsonb refuses it too, or a double cannot hold it', async () => {
  for (const text of ['["\\u0000"]', '["\\ud83d"]', '["\\ude00"]', '[1e131072]', '[0e-20000]']) {
    expect(accepted(text)).toBeUndefined();
    await expect(stored(text)).rejects.toThrow();
  }
  expect(accepted('[1e400]')).toBeUndefined();
  expect(JSON.parse('1e400')).toBe(Number.POSITIVE_INFINITY);
});

test('digits a double has not are kept by the raw text', async () => {
  const text = '{"id": 90071992547409931234}';
  expect(await stored(readPayload(Buffer.from(text)).rawText)).toBe(text);
});
