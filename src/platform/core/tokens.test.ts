import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BASE62_ALPHABET, base62FromBytes, base62FromInteger, bytesFromBase62 } from './base62.ts';
import {
  hashesEqual,
  mintToken,
  NO_ORGANIZATION_ID,
  parseToken,
  TOKEN_CHARS,
  TOKEN_SCAN_PATTERN,
  type TokenKind,
  tokenChecksum,
  tokenPrefixes,
} from './tokens.ts';

const organizationId = '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42';
const kinds = Object.keys(tokenPrefixes) as TokenKind[];
const anyToken = fc.tuple(fc.constantFrom(...kinds), fc.uuid()).map(([kind, id]) => mintToken(kind, id).token);

test('the checksum is CRC-32 in base62, as in GitHub’s published example', () => {
  expect(crc32('123456789').toString(16)).toBe('cbf43926');
  expect(tokenChecksum('zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ')).toBe('0mLq17');
});

test('a token carries its kind and organization and is stored as a hash', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.uuid(), (kind, id) => {
      const minted = mintToken(kind, id);
      expect(minted.token).toHaveLength(TOKEN_CHARS);
      expect(minted.token.startsWith(`${minted.prefix}_`)).toBe(true);
      expect(minted.token.endsWith(minted.last4)).toBe(true);
      expect(minted.hash).toEqual(createHash('sha256').update(minted.token).digest());
      expect(parseToken(minted.token)).toEqual({ kind, organizationId: id, hash: minted.hash });
      expect(parseToken(minted.token, kind)).toBeDefined();
      for (const other of kinds) if (other !== kind) expect(parseToken(minted.token, other)).toBeUndefined();
    }),
  );
});

test('ids with zeros in front and all ones survive', () => {
  for (const id of [NO_ORGANIZATION_ID, 'ffffffff-ffff-ffff-ffff-ffffffffffff']) {
    expect(parseToken(mintToken('session', id).token)?.organizationId).toBe(id);
  }
});

test('every single changed character is noticed without a query', () => {
  const replacements = `${BASE62_ALPHABET}_- é`;
  fc.assert(
    fc.property(anyToken, fc.nat(TOKEN_CHARS - 1), fc.constantFrom(...replacements), (token, at, character) => {
      fc.pre(token[at] !== character);
      expect(parseToken(token.slice(0, at) + character + token.slice(at + 1))).toBeUndefined();
    }),
    { numRuns: 5000 },
  );
});

test('two exchanged characters are noticed, or at least give another hash', () => {
  fc.assert(
    fc.property(anyToken, fc.nat(TOKEN_CHARS - 1), fc.nat(TOKEN_CHARS - 1), (token, a, b) => {
      const characters = [...token];
      [characters[a], characters[b]] = [characters[b]!, characters[a]!];
      const changed = characters.join('');
      fc.pre(changed !== token);
      const parsed = parseToken(changed);
      if (Math.abs(a - b) === 1) expect(parsed).toBeUndefined();
      else expect(parsed?.hash.equals(parseToken(token)!.hash) ?? false).toBe(false);
    }),
    { numRuns: 5000 },
  );
});

test('a lost or doubled character, space around it, and other types are no token', () => {
  const { token } = mintToken('api_key', organizationId);
  const others = [` ${token}`, `${token}\n`, `${token}0`, token.slice(1), token.slice(0, -1), token.toUpperCase(), ''];
  for (const other of [...others, 'x'.repeat(1e7), null, undefined, 7, [token], { toString: () => token }]) {
    expect(parseToken(other)).toBeUndefined();
  }
});

test('an organization or secret beyond its bits is refused though its checksum holds: one spelling each', () => {
  const beyondOrganization = `plk_${'z'.repeat(22)}_${'0'.repeat(27)}`;
  const beyondSecret = `plk_${'0'.repeat(22)}_${'z'.repeat(27)}`;
  const within = `plk_${'0'.repeat(22)}_${'0'.repeat(27)}`;
  const [a, b, c] = [beyondOrganization, beyondSecret, within].map((body) => parseToken(body + tokenChecksum(body)));
  expect([a, b]).toEqual([undefined, undefined]);
  expect(c).toMatchObject({ organizationId: NO_ORGANIZATION_ID });
});

test('secrets do not repeat, and an organization must be an id', () => {
  expect(new Set(Array.from({ length: 500 }, () => mintToken('hook', organizationId).token)).size).toBe(500);
  expect(() => mintToken('hook', 'acme')).toThrow(TypeError);
});

test('the scan pattern finds each kind inside text and nothing longer', () => {
  const scan = new RegExp(TOKEN_SCAN_PATTERN, 'g');
  const tokens = kinds.map((kind) => mintToken(kind, organizationId).token);
  expect(`key=${tokens.join('",\n"')}.`.match(scan)).toEqual(tokens);
  expect(`${tokens[0]}a`.match(scan)).toBeNull();
});

test('hashes compare by content; different lengths are unequal, not an error', () => {
  const { hash } = mintToken('share', organizationId);
  expect(hashesEqual(hash, Buffer.from(hash))).toBe(true);
  expect(hashesEqual(hash, Buffer.alloc(32))).toBe(false);
  expect(hashesEqual(hash, hash.subarray(1))).toBe(false);
});

test('base62 keeps bytes, and refuses what does not fit', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      expect(bytesFromBase62(base62FromBytes(bytes, 22), 16)).toEqual(Buffer.from(bytes));
    }),
  );
  expect(() => base62FromInteger(62n, 1)).toThrow(RangeError);
  expect(() => base62FromInteger(-1n, 1)).toThrow(RangeError);
  expect(bytesFromBase62('!', 1)).toBeUndefined();
  expect(bytesFromBase62('48', 1)).toBeUndefined();
});
