import { expect, test } from 'vitest';
import { isInCidr, parseAddress, parseCidr } from './cidr.ts';

const contains = (range: string, address: string) => isInCidr(parseAddress(address)!, parseCidr(range));

test('ranges hold what is in them', () => {
  expect(contains('10.0.0.0/8', '10.255.1.2')).toBe(true);
  expect(contains('10.0.0.0/8', '11.0.0.0')).toBe(false);
  expect(contains('172.16.0.0/12', '172.31.255.255')).toBe(true);
  expect(contains('172.16.0.0/12', '172.32.0.0')).toBe(false);
  expect(contains('0.0.0.0/0', '8.8.8.8')).toBe(true);
  expect(contains('192.0.2.7', '192.0.2.7')).toBe(true);
  expect(contains('192.0.2.7', '192.0.2.8')).toBe(false);
  expect(contains('fd00::/8', 'fdff::1')).toBe(true);
  expect(contains('::/0', '10.0.0.1')).toBe(false);
  expect(contains('0.0.0.0/0', '::1')).toBe(false);
  expect(contains('10.0.0.0/8', '::ffff:10.0.0.1')).toBe(true);
});

test.each([
  '',
  'localhost',
  '127.1',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '012.0.0.1',
  '2130706433',
  '1.2.3.4.5',
  '256.0.0.1',
  'fe80::1%eth0',
  '1::2::3',
  '[::1]',
  ' 10.0.0.1',
  '１.2.3.4',
  ':'.repeat(1e6),
])('%j is no address', (text) => expect(parseAddress(text)).toBeUndefined());

test.each([
  ['10.0.0.5/8', '10.0.0.0/8'],
  ['fd00::1/8', 'fd00::/8'],
  ['10.0.0.0/33', '0 to 32'],
  ['10.0.0.0/', '0 to 32'],
  ['10.0.0.0/-1', '0 to 32'],
  ['::/129', '0 to 128'],
  ['10.0.0.0/8/8', 'range'],
  ['10/8', 'range'],
  ['::ffff:10.0.0.0/104', 'range'],
  ['example.com', 'range'],
])('%s is refused: %s', (text, words) => expect(() => parseCidr(text)).toThrow(words));
