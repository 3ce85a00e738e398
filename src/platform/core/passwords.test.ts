import argon2 from '@node-rs/argon2';
import bcrypt from '@node-rs/bcrypt';
import { expect, test } from 'vitest';
import { Gate } from './gate.ts';
import { isUsablePasswordHash, passwordHasher } from './passwords.ts';

const argon2id = passwordHasher({ algorithm: 'argon2id' });
const bcrypt12 = passwordHasher({ algorithm: 'bcrypt' });
const no = { ok: false, needsRehash: false };

test('argon2id with OWASP’s minimum, salted', async () => {
  const hash = await argon2id.hash('correct horse battery');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await argon2id.hash('correct horse battery')).not.toBe(hash);
  expect(await argon2id.verify('correct horse battery', hash)).toEqual({ ok: true, needsRehash: false });
  expect(await argon2id.verify('correct horse batterz', hash)).toEqual(no);
  expect(await argon2id.verify('', hash)).toEqual(no);
});

test('bcrypt with cost 12 is offered, and refuses what it would cut off', async () => {
  const hash = await bcrypt12.hash('a'.repeat(72));
  expect(hash).toMatch(/^\$2[aby]\$12\$/);
  expect(await bcrypt12.verify('a'.repeat(72), hash)).toEqual({ ok: true, needsRehash: false });
  expect(await bcrypt12.verify(`${'a'.repeat(72)}X`, hash)).toEqual(no);
  await expect(bcrypt12.hash('a'.repeat(73))).rejects.toThrow(RangeError);
  await expect(bcrypt12.hash('ü'.repeat(37))).rejects.toThrow(RangeError);
});

test('a hash of the other algorithm, or a weaker one, verifies and asks to be replaced', async () => {
  const weakBcrypt = await bcrypt.hash('old password', 5);
  const goodBcrypt = await bcrypt.hash('old password', 12);
  const weakArgon = await argon2.hash('old password', { memoryCost: 1024, timeCost: 1 });
  const goodArgon = await argon2id.hash('old password');
  const replace = { ok: true, needsRehash: true };
  expect(await argon2id.verify('old password', weakBcrypt)).toEqual(replace);
  expect(await argon2id.verify('old password', goodBcrypt)).toEqual(replace);
  expect(await argon2id.verify('old password', weakArgon)).toEqual(replace);
  expect(await bcrypt12.verify('old password', weakBcrypt)).toEqual(replace);
  expect(await bcrypt12.verify('old password', goodArgon)).toEqual(replace);
  expect(await argon2id.verify('not it at all', weakArgon)).toEqual(no);
});

test('one password in two Unicode spellings is one password', async () => {
  const hash = await argon2id.hash('Grüße ﬁnal ＡＢＣ');
  expect((await argon2id.verify('Grüße final ABC', hash)).ok).toBe(true);
  expect((await argon2id.verify('Gruße final ABC', hash)).ok).toBe(false);
});

test.each([
  '',
  'plain text',
  '$2b$31$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZABCDE',
  '$2b$03$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZABCDE',
  '$2b$12$short',
  '$argon2id$garbage',
  `$argon2id$v=19$m=99999999,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  `$argon2id$v=19$m=19456,t=200,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  `$argon2i$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
  `$argon2id$v=19$m=19456,t=2,p=0$${'A'.repeat(22)}$${'A'.repeat(43)}`,
])('the stored hash %j verifies nothing and costs no more than a good one', async (hash) => {
  expect(isUsablePasswordHash(hash)).toBe(false);
  expect(await argon2id.verify('password', hash)).toEqual(no);
});

test('the hash of nothing is a real one at today’s cost: the same work is done for unknown accounts', async () => {
  const calls: string[] = [];
  const spy = (hasher: typeof argon2 | typeof bcrypt, name: 'verify' | 'compare') => {
    const target = hasher as unknown as Record<string, (...args: string[]) => Promise<boolean>>;
    const original = target[name]!;
    target[name] = (...args) => {
      calls.push(args.find((arg) => arg.startsWith('$')) ?? '');
      return original(...args);
    };
    return () => {
      target[name] = original;
    };
  };
  const restore = [spy(argon2, 'verify'), spy(bcrypt, 'compare')];
  expect(await argon2id.verifyAgainstNothing('anything')).toEqual(no);
  expect(await bcrypt12.verifyAgainstNothing('a'.repeat(100))).toEqual(no);
  for (const undo of restore) undo();
  expect(calls[0]).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(calls[1]).toMatch(/^\$2b\$12\$/);
  expect(calls.map(isUsablePasswordHash)).toEqual([true, true]);
});

test('hashing waits behind a gate and is refused when the queue is full', async () => {
  const gate = new Gate({ in_flight_max: 1, queue_max: 1 });
  const hasher = passwordHasher({ algorithm: 'argon2id', gate });
  const all = await Promise.allSettled([hasher.hash('one'), hasher.verifyAgainstNothing('two'), hasher.hash('three')]);
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(all[2]).toMatchObject({ reason: { code: 'too_busy' } });
});
