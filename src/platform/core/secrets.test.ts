import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errors } from './errors.ts';
import { isSecretName, oneLine, REDACTED, redact, redactText, Secret, safeError } from './secrets.ts';
import { mintToken } from './tokens.ts';

const SECRET = 'hunter2-Zx9';
const organizationId = '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42';
const shown = (value: unknown) => JSON.stringify(redact(value));

test.each([
  'authorization',
  'Authorization',
  'proxy-authorization',
  'Cookie',
  'set-cookie',
  'password',
  'newPassword',
  'password_hash',
  'PLINTH_MASTER_KEY',
  'apiKey',
  'X-Api-Key',
  'x-plinth-token',
  'accessToken',
  'client_secret',
  'webhookSecret',
  'DATABASE_URL',
  'sessionId',
  'key',
  'totp',
  'token_hash',
  'csrfToken',
])('%s is the name of a secret', (name) => {
  expect(isSecretName(name)).toBe(true);
  expect(shown({ [name]: SECRET })).not.toContain(SECRET);
});

test.each([
  'organization_id',
  'key_id',
  'idempotencyKey',
  'tokenCount',
  'token_prefix',
  'keyboard',
  'monkey',
  'author',
])('%s is not', (name) => {
  expect(isSecretName(name)).toBe(false);
  expect(redact({ [name]: 'x' })).toEqual({ [name]: 'x' });
});

test('counts of tokens are kept, in fields and in text', () => {
  expect(redact({ tokens: 120, input_tokens: 7, token: null })).toEqual({ tokens: 120, input_tokens: 7, token: null });
  expect(redactText('used input_tokens=120, tokens: 30')).toBe('used input_tokens=120, tokens: 30');
});

test.each([
  ['a field', { password: SECRET }],
  ['deep', { a: [{ b: { c: [{ password: SECRET }] } }] }],
  ['a list under a name', { tokens: [SECRET, SECRET] }],
  ['an object under a name', { credentials: { user: 'u', value: SECRET } }],
  ['raw headers', { rawHeaders: ['Host', 'x', 'Cookie', SECRET, 'X-Api-Key', SECRET] }],
  ['header pairs', { headers: [['authorization', SECRET]] }],
  ['Headers', new Headers({ authorization: SECRET })],
  ['a Map', new Map([['token', SECRET]])],
  ['a Set of objects', new Set([{ token: SECRET }])],
  ['a URL object', { at: new URL(`https://u:${SECRET}@example.com/x?token=${SECRET}#token=${SECRET}`) }],
  ['URL text', `see https://u:${SECRET}@example.com/ now`],
  ['URL with @ in the password', `https://u:p@${SECRET}@example.com/`],
  ['connection string', `postgres://u:a/b+${SECRET}@db:5432/app`],
  ['query', `GET /x?a=1&api_key=${SECRET}&b=2`],
  ['fragment', `/sign-in#token=${SECRET}`],
  ['libpq', `host=db user=u password='${SECRET} x' dbname=app`],
  ['JSON in text', `body {"a":1,"password":"${SECRET}"}`],
  ['escaped JSON in text', JSON.stringify(JSON.stringify({ secret: SECRET }))],
  ['header in text', `authorization: Bearer ${SECRET}`],
  ['Bearer', `Bearer ${SECRET}`],
  ['Basic', `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`],
  ['bytes', { note: Buffer.from(SECRET) }],
  ['an error', new Error(`token=${SECRET}`)],
  ['error.cause', new Error('x', { cause: new Error('y', { cause: { password: SECRET } }) })],
  ['error.cause text', new Error('x', { cause: new Error(`password: ${SECRET}`) })],
  ['AggregateError', new AggregateError([new Error(`secret=${SECRET}`)])],
  [
    'an error’s properties',
    Object.assign(new Error('x'), { query: SECRET, parameters: [SECRET], config: { h: SECRET } }),
  ],
  ['an error inside', { a: [Object.assign(new Error('x'), { detail: SECRET })] }],
  ['a name that is a secret', { [`Bearer ${SECRET}`]: 1 }],
  ['toJSON', { toJSON: () => ({ password: SECRET }) }],
  ['Secret', { note: new Secret(SECRET) }],
])('nothing secret is left of %s', (_name, value) => {
  expect(shown(value)).not.toContain(SECRET);
  expect(shown(value)).not.toContain(Buffer.from(`user:${SECRET}`).toString('base64'));
});

test.each([
  mintToken('api_key', organizationId).token,
  mintToken('one_time_link', organizationId).token,
  mintToken('share', organizationId).token.slice(0, 40),
  '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',
  'AKIAIOSFODNN7EXAMPLE',
  'sk-proj-abcdefghijklmnopqrstuvwx',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
  '-----BEGIN PRIVATE KEY-----\nMIIBVQ\n-----END PRIVATE KEY-----',
])('%s is known wherever it stands', (token) => {
  const around = [`x ${token} y`, `/hooks/${token}?a=1`, `"${token}"`, `(${token})`, `${'a '.repeat(4090)}${token}`];
  for (const text of around) expect(redactText(text)).not.toContain(token);
  for (const text of around) expect(redactText(text)).not.toContain(token.slice(-12));
});

test('ordinary text stays as it is', () => {
  for (const text of [
    'relation "users" does not exist',
    'GET /rest/v1/projects?select=id&order=name 200',
    'https://example.com:8080/a@b?x=1',
    'the bearer of bad news; basic research; a password is required',
    'plinth_app has no tokens left',
    '2026-11-22T10:11:12.345Z',
  ]) {
    expect(redactText(text)).toBe(text);
  }
});

test('hostile objects survive: cycles, throwing getters, depth, width, odd keys', () => {
  const cycle: Record<string, unknown> = { name: 'a' };
  cycle['self'] = cycle;
  expect(redact(cycle)).toEqual({ name: 'a', self: '[circular]' });
  const angry = {
    get x(): string {
      throw new Error('no');
    },
    y: 1,
  };
  expect(redact(angry)).toEqual({ x: '[unreadable]', y: 1 });
  let deep: unknown = 'end';
  for (let level = 0; level < 10_000; level++) deep = [deep];
  expect(shown(deep)).toContain('too deep');
  expect(shown(Array.from({ length: 1e5 }, () => 'x')).length).toBeLessThan(1000);
  const polluted = redact(JSON.parse('{"__proto__":{"polluted":1}}')) as object;
  expect('polluted' in polluted).toBe(false);
  expect(redact({ at: new Date(Number.NaN), big: 1n, fn: () => 1 })).toEqual({
    at: 'Invalid Date',
    big: '1',
    fn: '[function]',
  });
  const proxy = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no');
      },
    },
  );
  expect(redact({ proxy })).toEqual({ proxy: '[unreadable]' });
});

test('long hostile text is judged in bounded time', () => {
  for (const unit of [
    'a://',
    ':',
    'token',
    'token=',
    'a-',
    '-----BEGIN PRIVATE KEY-----',
    'eyJaaaaa.',
    'Basic a',
    '\\"',
  ]) {
    const safe = redactText(unit.repeat(200_000 / unit.length));
    expect(safe.length).toBeLessThan(9000);
  }
});

test('any value can be redacted', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true, withDate: true, withNullPrototype: true }), (value) => {
      expect(() => JSON.stringify(redact(value))).not.toThrow();
    }),
  );
});

test('database errors lose the values, keep what helps', () => {
  const badValue = Object.assign(new Error(`invalid input syntax for type integer: "${SECRET}"`), {
    code: '22P02',
    severity: 'ERROR',
    where: `unnamed portal parameter $1 = '${SECRET}'`,
    routine: 'pg_strtoint32_safe',
  });
  const duplicate = Object.assign(new Error('duplicate key value violates unique constraint "users_email_key"'), {
    code: '23505',
    severity: 'ERROR',
    detail: `Key (email)=(${SECRET}) already exists.`,
    table: 'users',
    constraint: 'users_email_key',
  });
  const syntax = Object.assign(new Error(`syntax error at or near "${SECRET}"`), { code: '42601', severity: 'ERROR' });
  const described = [badValue, duplicate, syntax].map(safeError);
  expect(JSON.stringify(described)).not.toContain(SECRET);
  expect(described[0]).toMatchObject({ code: '22P02', message: 'invalid input syntax for type integer: [value]' });
  expect(described[1]).toMatchObject({
    message: 'duplicate key value violates unique constraint "users_email_key"',
    database: { table: 'users', constraint: 'users_email_key', severity: 'ERROR' },
  });
});

test('an error keeps its type, code, stack and causes', () => {
  const error = safeError(errors.internal({ cause: new TypeError('inner') }));
  expect(error).toMatchObject({
    type: 'PlinthError',
    code: 'internal',
    cause: { type: 'TypeError', message: 'inner' },
  });
  expect(error.stack).toContain('secrets.test.ts');
  let chain = new Error('0');
  for (let level = 1; level < 1000; level++) chain = new Error(String(level), { cause: chain });
  expect(JSON.stringify(safeError(chain)).match(/"cause"/g)).toHaveLength(5);
  expect([safeError('text'), safeError(null), safeError({ password: SECRET })].map(({ message }) => message)).toEqual([
    'text',
    'a thrown null',
    'a thrown object',
  ]);
});

test('a Secret shows itself only when asked', () => {
  const secret = new Secret(SECRET);
  expect(
    [`${secret}`, JSON.stringify({ secret }), inspect({ secret }), inspect(secret, { showHidden: true })].join(),
  ).not.toContain(SECRET);
  expect(secret.reveal()).toBe(SECRET);
});

test('one line stays one line, and cannot drive a terminal', () => {
  expect(oneLine('a\r\nb\tc\u001b[31m\u009b\u2028\u202e')).toBe('a\\r\\nb\\tc\\u001b[31m\\u009b\\u2028\\u202e');
  expect(oneLine(`plain – text ${REDACTED}`)).toBe(`plain – text ${REDACTED}`);
});
