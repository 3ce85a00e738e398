import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../platform/core/clock.ts';
import { scopeCovers } from '../../platform/http/actor.ts';
import { normalizeEmail, slugify } from './names.ts';
import { scopeContains } from './roles.ts';
import { attemptBuckets, networkOf } from './throttle.ts';
import { writtenBehind } from './written-behind.ts';

const SEED = 20261122;

describe('names', () => {
  it('make slugs that are slugs, whatever the name', () => {
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
      expect(slugify(name, 'fallback')).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    });
    fc.assert(property, { seed: SEED, numRuns: 2000 });
  });

  it.each([
    [' Ada@Example.ORG ', 'ada@example.org'],
    ['ADA@EXÄMPLE.org', 'ada@exämple.org'],
    ['u\u0308@x.y', 'ü@x.y'],
  ])('%s is the address %s', (given, stored) => expect(normalizeEmail(given)).toBe(stored));

  it.each(['', 'x', '@', 'a@', '@b', 'a b@c.d', 'a@b@c', `${'x'.repeat(250)}@y.zz`, 'a\u0000@b.c'])(
    '%j is no address',
    (text) => expect(() => normalizeEmail(text)).toThrow(expect.objectContaining({ code: 'invalid_value' })),
  );
});

describe('scopes', () => {
  const word = fc.constantFrom('a', 'b', '*');
  const name = fc.constantFrom('x', 'x.y', 'x.*', 'x*', 'y:z');
  const scope = fc.oneof(
    fc.constant('*'),
    fc.tuple(word, word).map((parts) => parts.join(':')),
    fc.tuple(word, word, name).map((parts) => parts.join(':')),
  );
  const permission = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('a', 'b', 'c')).map((p) => p.join(':'));

  it('contained in another open nothing the other does not', () => {
    const property = fc.property(scope, scope, permission, (outer, inner, asked) => {
      if (scopeContains(outer, inner) && scopeCovers(inner, asked)) expect(scopeCovers(outer, asked)).toBe(true);
    });
    fc.assert(property, { seed: SEED, numRuns: 5000 });
  });

  it('that name what they are for contain no wider one', () => {
    for (const [outer, inner, contained] of [
      ['tasks:work', 'tasks:work:mail.send', true],
      ['tasks:*', 'tasks:work:mail.*', true],
      ['tasks:work:mail.*', 'tasks:work:mail.send', true],
      ['tasks:work:mail.*', 'tasks:work:mail.a*', true],
      ['tasks:work:mail.*', 'tasks:work:mail*', false],
      ['tasks:work:mail.send', 'tasks:work', false],
      ['tasks:work:mail.send', 'tasks:work:mail.sender', false],
      ['tasks:work:mail.*', 'tasks:*', false],
      ['tasks:work:a', 'tasks:write', false],
    ] as const) {
      expect(scopeContains(outer, inner), `${outer} ${inner}`).toBe(contained);
    }
  });

  it('are not contained in narrower ones', () => {
    expect(scopeContains('projects:read', 'projects:*')).toBe(false);
    expect(scopeContains('*:read', '*')).toBe(false);
    expect(scopeContains('projects:*', '*:read')).toBe(false);
    expect(scopeContains('*', '*:*')).toBe(true);
  });
});

describe('the throttle', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::ffff', '2001:db8:1:2::/64'],
    ['nonsense', 'unknown'],
  ])('%s is in the network %s', (address, network) => expect(networkOf(address)).toBe(network));

  it('holds no address of a person in its buckets', () => {
    const { account, address } = attemptBuckets('ada@example.org', '192.0.2.1');
    expect(account + address).not.toContain('ada');
    expect(address.startsWith(account)).toBe(true);
  });
});

describe('written behind', () => {
  const open = (fails = false) => {
    const batches: string[][] = [];
    const failures: unknown[] = [];
    const touches = writtenBehind({
      clock: systemClock,
      interval_ms: 60_000,
      delay_ms: 3_600_000,
      rows_max: 3,
      failed: (error) => failures.push(error),
      write: async (batch) => {
        batches.push([...batch.keys()]);
        if (fails) throw new Error('no database');
      },
    });
    return { touches, batches, failures };
  };
  const at = (seconds: number) => new Date(seconds * 1000);

  it('makes one write of many uses, at most one a minute for a row', async () => {
    const { touches, batches } = open();
    for (const second of [1, 2, 3]) touches.note('a', at(1000 + second));
    touches.note('b', at(1001));
    await touches.flush();
    touches.note('a', at(1050));
    await touches.flush();
    touches.note('a', at(1064));
    await touches.flush();
    expect(batches).toEqual([['a', 'b'], ['a']]);
  });

  it('writes nothing that is stored already', async () => {
    const { touches, batches } = open();
    touches.note('a', at(1000), at(990));
    await touches.flush();
    expect(batches).toEqual([]);
  });

  it('stays within its bound, and survives a failure', async () => {
    const { touches, batches, failures } = open(true);
    for (const row of ['a', 'b', 'c', 'd', 'e']) touches.note(row, at(1000));
    await touches.flush();
    expect(batches).toEqual([['a', 'b', 'c']]);
    expect(failures).toHaveLength(1);
    touches.note('a', at(1001));
    await touches.flush();
    expect(batches).toHaveLength(2);
  });
});
