import { expect, test } from 'vitest';
import { isUuid, uuidTime, uuidv7, uuidv7s } from './ids.ts';

test('an id carries the millisecond it was minted from', () => {
  const at = new Date('2026-11-22T10:11:12.345Z');
  const id = uuidv7(at);
  expect(isUuid(id)).toBe(true);
  expect(id[14]).toBe('7');
  expect('89ab').toContain(id[19]);
  expect(uuidTime(id)).toEqual(at);
});

test('ids minted in turn from one time sort in turn', () => {
  const at = new Date('2026-01-01T00:00:00.000Z');
  const ids = Array.from({ length: 4000 }, () => uuidv7(at));
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.every((id) => uuidTime(id).getTime() === at.getTime())).toBe(true);
});

test('ids minted together are in order, more than fit into a millisecond too, and all are version 7 ids of their time', () => {
  const at = new Date('2026-01-01T00:00:00.000Z');
  const ids = uuidv7s(10_000, at);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(10_000);
  expect(ids.every((id) => isUuid(id) && id[14] === '7' && '89ab'.includes(id[19]!))).toBe(true);
  expect([ids[0]!, ids[4095]!, ids[4096]!].map((id) => uuidTime(id).getTime() - at.getTime())).toEqual([0, 0, 1]);
});

test('ids of later milliseconds sort later, ids of one millisecond differ', () => {
  const at = new Date('2026-01-01T00:00:00.000Z');
  const later = new Date(at.getTime() + 1);
  expect(uuidv7(at) < uuidv7(later)).toBe(true);
  expect(new Set(Array.from({ length: 1000 }, () => uuidv7(at))).size).toBe(1000);
});

test.each([
  '',
  'x',
  42,
  null,
  '0190F3A8-7c4e-7d1a-9a53-5b7a2f0c1e42',
  '0190f3a87c4e7d1a9a535b7a2f0c1e42',
  "0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42'",
])('%s is not an id', (text) => expect(isUuid(text)).toBe(false));
