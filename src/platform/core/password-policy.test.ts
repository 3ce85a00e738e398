import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commonWords } from './common-words.ts';
import { assertPassword, isCommon, passwordRefusal } from './password-policy.ts';

const argon = { algorithm: 'argon2id' } as const;

test.each([
  ['correct horse battery staple'],
  ['tzu9-Kquvb'],
  ['der Hund bellt nachts'],
  ['😀😀😀😀🎉🍕🚗🌧'],
  ['👨‍👩‍👧‍👦🐘🌍🎸🥝🚲🧊🪁'.repeat(2)],
  ['gZ4!vbn-x'],
  ['malice-aforethought'],
  ['дождь идёт весь день'],
  ['zkw qvb r'],
])('%s is accepted', (password) => {
  expect(passwordRefusal(password, { ...argon, email: 'alice@example.com', words: ['Acme'] })).toBeUndefined();
});

test('64 characters of any kind are accepted, letters and emoji', () => {
  const letters = Array.from({ length: 64 }, (_, at) => 'qzjxkvbw'[(at * at + 3 * at) % 8]).join('');
  const emoji = Array.from({ length: 64 }, (_, at) => ['😀', '🎉', '🍕', '🚗', '🌧', '🐘', '🥝'][(at * at) % 7]).join(
    '',
  );
  expect(passwordRefusal(letters, argon)).toBeUndefined();
  expect([...emoji]).toHaveLength(64);
  expect(passwordRefusal(emoji, argon)).toBeUndefined();
  expect(passwordRefusal(emoji, { algorithm: 'bcrypt' })).toBe('too_long');
});

test.each([
  'password',
  'password123',
  'Password1!',
  'P@ssw0rd',
  'p455w0rd!!',
  'PASSWORD',
  'ＰＡＳＳＷＯＲＤ',
  'pässwörd',
  'drowssap',
  'passwordpassword',
  'password'.repeat(20),
  'qwerty123',
  'qwertyuiop',
  'asdfghjkl',
  '1qaz2wsx',
  'zaq12wsx',
  '1q2w3e4r5t',
  'abcdefgh',
  'abc123456',
  '12345678',
  '87654321',
  '11111111',
  'aaaaaaaa',
  'abcabcabc',
  '121212121212',
  '19870412',
  '12.04.1987',
  '1987-04-12',
  '20261122',
  '0123456789',
  'iloveyou1',
  'letmein!!',
  'Summer2026!',
  'Winter24!',
  'welcome1',
  'trustno1',
  'dragon99',
  'monkeydragon',
  'superman123',
  'administrator',
  'changeme!',
  'swordfis',
  'motdepasse',
  'йцукенгш',
])('%s is common', (password) => expect(passwordRefusal(password, argon)).toBe('common'));

test.each([
  ['john.smythe42', 'john.smythe42@example.com'],
  ['JohnSmythe2026', 'john.smythe@example.com'],
  ['j0hn.smyth3!', 'john.smythe@example.com'],
  ['examplecorp1', 'x@examplecorp.com'],
  ['Globex-2026', 'x@y.zz'],
  ['plinth-2026', 'x@y.zz'],
])('%s is made of what is known about %s', (password, email) => {
  expect(passwordRefusal(password, { ...argon, email, words: ['Globex GmbH'] })).toBe('contextual');
});

test('length in characters, not in UTF-16 units; bounded before any work', () => {
  expect(passwordRefusal('kq7-vbz', argon)).toBe('too_short');
  expect(passwordRefusal('😀🎉🍕🚗🌧🐘🥝', argon)).toBe('too_short');
  expect(passwordRefusal('', argon)).toBe('too_short');
  expect(passwordRefusal('x'.repeat(10_000_000), argon)).toBe('too_long');
  expect(passwordRefusal('ﷺ'.repeat(1000), argon)).toBe('too_long');
  expect(passwordRefusal('kq7-vbz wjx '.repeat(7), { algorithm: 'bcrypt' })).toBe('too_long');
  expect(passwordRefusal('kq7-vbz wjx '.repeat(7), argon)).toBeUndefined();
});

test('a lone surrogate and a zero byte are no text', () => {
  expect(passwordRefusal('kq7-vbz\ud800wjx', argon)).toBe('not_text');
  expect(passwordRefusal('kq7-vbz\u0000wjx', argon)).toBe('not_text');
});

test('every word of the list, decorated, is refused', () => {
  const longEnough = [...commonWords].filter((word) => word.length >= 5);
  const refuse = (word: string) => expect(isCommon(`${word[0]!.toUpperCase()}${word.slice(1)}2026!`), word).toBe(true);
  for (const word of longEnough) refuse(word);
});

test('random passwords are not refused', () => {
  const alphabet = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789-_.!';
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...alphabet), minLength: 16, maxLength: 24 }), (password) => {
      fc.pre(new Set(password.toLowerCase()).size > 8);
      expect(passwordRefusal(password, argon)).toBeUndefined();
    }),
    { seed: 20261122, numRuns: 2000 },
  );
});

test('hostile input of the full length is judged quickly and does not throw', () => {
  for (const unit of ['1', '!a', 'a!', ' ', 'ab1', 'é', 'i1', '!']) {
    const password = `x${unit.repeat(1000 / unit.length)}`;
    expect(() =>
      passwordRefusal(password, { ...argon, email: `${'a.'.repeat(500)}@${'b.'.repeat(500)}` }),
    ).not.toThrow();
  }
});

test('the error names the reason, not the password', () => {
  try {
    assertPassword('Password1!', argon);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: 'password_refused', status: 422, field: 'password' });
    expect(JSON.stringify(error) + String(error)).not.toContain('Password1');
  }
  expect(() => assertPassword('kq7-vbz wjx', argon)).not.toThrow();
});
