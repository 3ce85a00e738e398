import { expect, test } from 'vitest';
import { isUuid } from './ids.ts';
import { createLogger, type LogLevel, requestId } from './log.ts';
import { mintToken } from './tokens.ts';

const SECRET = 'hunter2-Zx9';
const { token } = mintToken('api_key', '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42');

function capture(level: LogLevel = 'trace', base: Record<string, unknown> = {}) {
  const lines: string[] = [];
  const logger = createLogger({ level, base, destination: { write: (line: string) => void lines.push(line) } });
  return { logger, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('one JSON object a line, with level, time and message', () => {
  const { logger, parsed } = capture('info', { process: 'worker' });
  logger.debug('not written');
  logger.info({ count: 3 }, 'claimed %d tasks of %s', 3, 'acme');
  expect(parsed()).toMatchObject([{ level: 'info', process: 'worker', count: 3, message: 'claimed 3 tasks of acme' }]);
  expect(new Date(parsed()[0]!['time'] as string).getTime()).toBeGreaterThan(0);
});

test('no secret reaches a line, whichever way it goes', () => {
  const { logger, lines, parsed } = capture('trace', { token: SECRET });
  const databaseError = Object.assign(new Error(`invalid input syntax for type uuid: "${SECRET}"`), {
    code: '22P02',
    severity: 'ERROR',
    query: SECRET,
    parameters: [SECRET],
  });
  logger.info({ password: SECRET, nested: [{ headers: { cookie: SECRET } }] }, `posted to /hooks/${token}`);
  logger.info(`password=${SECRET}`);
  logger.info('%s and %o', `Bearer ${SECRET}`, { secret: SECRET });
  logger.info('%j', { secret: SECRET });
  logger.info({ [`/hooks/${token}`]: token });
  logger.error(databaseError);
  logger.error(databaseError, 'failed');
  logger.error({ err: databaseError });
  logger.error({ error: databaseError }, 'failed');
  logger.error({ error: databaseError });
  logger.error(new Error('outer', { cause: databaseError }));
  const child = logger.child({ token: SECRET, at: `https://u:${SECRET}@example.com` });
  child.info('child');
  child.child({ apiKey: SECRET, error: databaseError }).warn('grandchild');
  child.setBindings({ secret: SECRET });
  child.info('again');
  const own = logger.child(
    {},
    { serializers: { err: (error: Error) => ({ ...error }), x: () => `pl${token.slice(2)}` } },
  );
  own.info({ err: databaseError, x: 1 });
  expect(lines.join('')).not.toContain(SECRET);
  expect(lines.join('')).not.toContain(token);
  expect(lines.join('')).not.toContain(token.slice(-20));
  expect(parsed()).toHaveLength(lines.length);
  expect(parsed()[5]).toMatchObject({
    error: { type: 'Error', code: '22P02' },
    message: expect.stringContaining('[value]'),
  });
});

test('of a request and an answer only what was asked for is written', () => {
  const { logger, lines, parsed } = capture();
  const socket = { password: SECRET };
  const req = {
    id: 'r-1',
    method: 'GET',
    url: `/x?token=${SECRET}`,
    headers: { cookie: SECRET },
    body: SECRET,
    socket,
  };
  logger.info({ req, res: { statusCode: 200, body: SECRET } }, 'done');
  expect(parsed()).toMatchObject([
    { req: { id: 'r-1', method: 'GET', url: '/x?token=[redacted]' }, res: { statusCode: 200 } },
  ]);
  expect(lines.join('')).not.toContain(SECRET);
});

test('input can neither forge a line nor drive a terminal', () => {
  const { logger, lines, parsed } = capture();
  const forged = 'x\r\n{"level":"fatal"}\u001b[2J\u009b31m\u2028\u202e';
  logger.info({ [forged]: forged }, forged);
  logger.child({ forged }).info('%s', forged);
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^[^\p{Cc}\u2028\u202e]*\n$/u);
  expect(parsed().every(({ level }) => level === 'info')).toBe(true);
});

test('an enormous field is cut and the line stays JSON', () => {
  const { logger, lines, parsed } = capture();
  logger.info({ text: 'a"\n'.repeat(1e6), items: Array.from({ length: 1e5 }, () => 'x') }, 'b'.repeat(1e6));
  expect(lines[0]!.length).toBeLessThan(50_000);
  expect(parsed()).toHaveLength(1);
});

test('a caller’s request id is kept when it is plain', () => {
  expect(requestId('01JD-abc.def_9')).toBe('01JD-abc.def_9');
  for (const other of [
    '',
    'short',
    'x'.repeat(65),
    'has space here',
    'a\r\nb-injected',
    undefined,
    ['a'.repeat(10)],
    token,
    'é'.repeat(9),
  ]) {
    expect(isUuid(requestId(other))).toBe(true);
  }
});
