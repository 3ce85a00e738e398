import { readFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventLimits } from '../limits.ts';
import { compileFilter } from './evaluate.ts';
import { nameMatches } from './subscription.ts';
import { eventTexts, filters, numberTexts } from './testing.ts';
import { parseFilter } from './text.ts';

/** The functions alone: this test runs them in a bare instance, which has no registry. */
const sql = readFileSync(new URL('../migrations/0003_filter.up.sql', import.meta.url), 'utf8').replace(
  /^select plinth\.register_function.*$/gm,
  '',
);
let db: PGlite;

beforeAll(async () => {
  db = new PGlite();
  await db.exec(`create schema plinth;\n${sql}`);
});
afterAll(async () => {
  await db.close();
});

async function sqlMatches(filter: unknown, eventText: string): Promise<boolean> {
  const result = await db.query<{ matches: boolean }>(
    'select plinth.event_filter_matches($1::jsonb, $2::jsonb) as matches',
    [JSON.stringify(filter), eventText],
  );
  return result.rows[0]!.matches;
}

describe('plinth.event_filter_matches', () => {
  test('agrees with the evaluator in TypeScript on random filters and events', async () => {
    let matched = 0;
    await fc.assert(
      fc.asyncProperty(filters, eventTexts, async (filter, eventText) => {
        const expected = compileFilter(filter)(JSON.parse(eventText));
        if (expected) matched++;
        expect(await sqlMatches(filter, eventText)).toBe(expected);
      }),
      { numRuns: 4000 },
    );
    // Random filters that never match would prove little.
    expect(matched).toBeGreaterThan(400);
  });

  test('agrees on comparisons of two values of one event, in every pair of types', async () => {
    const comparison = fc.constantFrom('==', '!=', '<', '<=', '>', '>=').map((op) => `a ${op} b`);
    const text = fc.constantFrom('a.startsWith(b)', 'a.endsWith(b)', 'a.contains(b)', 'a in b', 'a', '!a');
    await fc.assert(
      fc.asyncProperty(fc.oneof(comparison, text), eventTexts, async (source, eventText) => {
        const filter = parseFilter(source);
        expect(await sqlMatches(filter, eventText)).toBe(compileFilter(filter)(JSON.parse(eventText)));
      }),
      { numRuns: 3000 },
    );
  });

  test('agrees on every pair of awkward numbers', async () => {
    const pairs = numberTexts.flatMap((a) => numberTexts.map((b) => `{"a":${a},"b":${b}}`));
    for (const source of ['a == b', 'a < b', 'a <= b']) {
      const filter = parseFilter(source);
      const result = await db.query<{ event: string; matches: boolean }>(
        'select event, plinth.event_filter_matches($1::jsonb, event::jsonb) as matches from unnest($2::text[]) as event',
        [JSON.stringify(filter), pairs],
      );
      const matches = compileFilter(filter);
      expect(result.rows).toEqual(pairs.map((event) => ({ event, matches: matches(JSON.parse(event)) })));
    }
  });

  test('no filter matches everything, a tree that is none matches nothing and raises nothing', async () => {
    const none = await db.query('select plinth.event_filter_matches(null, $1::jsonb) as matches', ['{}']);
    expect(none.rows).toEqual([{ matches: true }]);
    const has = { op: 'has', path: ['a'] };
    for (const filter of [
      null,
      1,
      'x',
      [],
      {},
      { op: null },
      { op: 'xor', filters: [has, has] },
      { op: 'and' },
      { op: 'and', filters: {} },
      { op: 'not' },
      { op: 'has' },
      { op: 'has', path: 1 },
      { op: 'has', path: ['a', 1.5] },
      { op: 'has', path: ['b', 1e100] },
      { op: 'has', path: ['b', -1] },
      { op: 'has', path: [null] },
      { op: 'eq', left: 1, right: 1 },
      { op: 'eq', left: { value: {} }, right: { value: {} } },
      { op: 'in', left: { value: 1 }, right: { value: 1 } },
    ]) {
      expect(await sqlMatches(filter, '{"a":1,"b":[1,2]}'), JSON.stringify(filter)).toBe(false);
    }
  });

  test('depth and size are bounded', async () => {
    const has = { op: 'has', path: ['a'] };
    const nested = (levels: number) => {
      let filter: unknown = has;
      for (let level = 1; level < levels; level++) filter = { op: 'not', filter };
      return filter;
    };
    expect(await sqlMatches(nested(15), '{"a":1}')).toBe(true);
    expect(await sqlMatches(nested(17), '{"a":1}')).toBe(false);
    expect(await sqlMatches(nested(91), '{"a":1}')).toBe(false);
    const wide = { op: 'and', filters: Array(199).fill(has) };
    expect(await sqlMatches(wide, '{"a":1}')).toBe(true);
    expect(await sqlMatches({ op: 'and', filters: Array(2000).fill(has) }, '{"a":1}')).toBe(false);
    const contains = { op: 'contains', left: { value: 'a' }, right: { value: 'a' } };
    expect(await sqlMatches({ op: 'and', filters: Array(20).fill(contains) }, '{}')).toBe(true);
    expect(await sqlMatches({ op: 'and', filters: Array(21).fill(contains) }, '{}')).toBe(false);
  });

  test('the limits in the SQL are those of the TypeScript', () => {
    expect(sql).toContain(`length(l_text) <= ${eventLimits.filter_search_chars}`);
    expect(sql).toContain(`length(r_text) <= ${eventLimits.filter_search_part_chars} `);
    expect(sql).toContain(`depth > ${eventLimits.filter_depth} `);
    expect(sql).toContain(`searches > ${eventLimits.filter_searches} `);
    expect(sql).toContain(`jsonb_array_length(path) > ${eventLimits.filter_path_segments}`);
  });

  test('long texts: both stop searching at the same character', async () => {
    const { filter_search_chars: most, filter_search_part_chars: part } = eventLimits;
    const filter = parseFilter('a.contains(b)');
    const smile = '\u{1f600}';
    for (const [a, b, expected] of [
      [`${smile.repeat(most - 1)}b`, 'b', true],
      [`${'a'.repeat(most)}b`, 'b', false],
      [`${smile.repeat(most)}b`, 'b', false],
      [smile.repeat(300), smile.repeat(part), true],
      [smile.repeat(300), smile.repeat(part + 1), false],
    ] as const) {
      const eventText = JSON.stringify({ a, b });
      expect(await sqlMatches(filter, eventText)).toBe(expected);
      expect(compileFilter(filter)(JSON.parse(eventText))).toBe(expected);
    }
  });

  test('is immutable and safe in any session', async () => {
    const { rows } = await db.query<Record<string, unknown>>(
      `select p.proname, p.provolatile, p.proconfig, l.lanname, p.prosecdef
       from pg_proc p join pg_language l on l.oid = p.prolang
       where p.pronamespace = 'plinth'::regnamespace`,
    );
    expect(rows.length).toBe(6);
    for (const row of rows) {
      expect(row).toMatchObject({
        provolatile: 'i',
        proconfig: ['search_path=pg_catalog'],
        lanname: 'plpgsql',
        prosecdef: false,
      });
    }
    expect(sql).not.toMatch(/\bexecute\b/i);
  });
});

test('plinth.event_name_matches agrees with nameMatches', async () => {
  const pieces = fc
    .array(fc.constantFrom('a', 'b', '*', '.', '%', '_', '\\', 'é'), { maxLength: 8 })
    .map((all) => all.join(''));
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 3 }), pieces, async (patterns, name) => {
      const expected = patterns.length === 0 || patterns.some((pattern) => nameMatches(pattern, name));
      const result = await db.query('select plinth.event_name_matches($1::text[], $2) as matches', [patterns, name]);
      expect(result.rows).toEqual([{ matches: expected }]);
    }),
    { numRuns: 1000 },
  );
});
