import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { extractGithub } from '../extract/github.ts';
import { eventLimits } from '../limits.ts';
import { compareText, compileFilter } from './evaluate.ts';
import {
  compileSubscription,
  type FilterableEvent,
  filterableEvent,
  matchesSubscription,
  nameMatches,
} from './subscription.ts';
import { eventTexts, filters } from './testing.ts';
import { formatFilter, parseFilter } from './text.ts';
import { checkFilter, type Filter, FilterSchema } from './tree.ts';

const push: FilterableEvent = {
  source: 'github',
  type: 'push',
  category: 'code',
  title: null,
  repository: 'octo/repo',
  commit: null,
  branch: 'main',
  actor: 'octocat',
  payload: {
    ref: 'refs/heads/main',
    deleted: false,
    size: 3,
    base_ref: null,
    labels: ['bug', 'ci', 7],
    commits: [{ id: 'abc', 'x-y': 1 }],
  },
};
const matches = (text: string, event: unknown = push) => compileFilter(parseFilter(text))(event);
const failing = (code: string) => expect.objectContaining({ code, status: 422 });

describe('what filters say', () => {
  test.each([
    ['type == "push" && payload.ref.startsWith("refs/heads/")', true],
    ["type == 'push'", true],
    ['type in ["create", "push"]', true],
    ['type in []', false],
    ['"bug" in payload.labels', true],
    ['7 in payload.labels && !("7" in payload.labels)', true],
    ['payload.commits[0].id == "abc"', true],
    ['payload.commits[0]["x-y"] == 1.0', true],
    ['payload["ref"].endsWith("/main")', true],
    ['payload.ref.contains("heads") && payload.ref.contains("")', true],
    ['has(payload.ref) && !has(payload.nothing) && !has(payload.nothing.below)', true],
    ['has(payload.base_ref)', true],
    ['payload.base_ref == null', true],
    ['payload.size >= 3 && payload.size < 3.5 && payload.size != 4', true],
    ['!payload.deleted', true],
    ['payload.deleted', false],
    ['payload.deleted || branch == "main"', true],
    ['branch == "main" && (actor == "x" || actor == "octocat")', true],
    ['"refs/heads/main".startsWith(payload.ref)', true],
  ])('%s is %s', (text, expected) => {
    expect(matches(text)).toBe(expected);
  });

  test('of different types nothing is equal, and nothing comes before the other', () => {
    expect(matches('payload.size == "3"')).toBe(false);
    expect(matches('payload.size != "3"')).toBe(true);
    for (const op of ['<', '<=', '>', '>='])
      expect(matches(`payload.size ${op} "3" || !(payload.size ${op} "3")`)).toBe(false);
  });

  test('what is missing is unknown: neither it nor its contrary matches, and others decide', () => {
    expect(matches('payload.nothing == 1')).toBe(false);
    expect(matches('!(payload.nothing == 1)')).toBe(false);
    expect(matches('payload.nothing != 1')).toBe(false);
    expect(matches('payload.nothing == 1 || type == "push"')).toBe(true);
    expect(matches('type == "push" || payload.nothing == 1')).toBe(true);
    expect(matches('!(payload.nothing == 1 && type == "other")')).toBe(true);
    expect(matches('!payload.size')).toBe(false);
  });

  test('text is ordered by code point', () => {
    const sorted = ['', 'A', 'Z', 'a', 'a\u0308', 'ä', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'];
    for (let at = 1; at < sorted.length; at++) {
      expect(compareText(sorted[at - 1]!, sorted[at]!)).toBeLessThan(0);
      expect(compareText(sorted[at]!, sorted[at - 1]!)).toBeGreaterThan(0);
      expect(compareText(sorted[at]!, sorted[at]!)).toBe(0);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  test('prototypes are no part of an event', () => {
    for (const path of [
      'payload.constructor',
      'payload.__proto__',
      'payload.labels.length',
      'payload.ref.length',
      'toString',
    ]) {
      expect(matches(`has(${path})`)).toBe(false);
    }
  });

  test('a text longer than may be searched is unknown to contains', () => {
    const event = (text: string) => ({ payload: text });
    const most = eventLimits.filter_search_chars;
    expect(matches('payload.contains("b")', event(`${'a'.repeat(most - 1)}b`))).toBe(true);
    expect(matches('payload.contains("b")', event(`${'a'.repeat(most)}b`))).toBe(false);
    expect(matches('payload.contains("b")', event(`${'\u{1f600}'.repeat(most - 1)}b`))).toBe(true);
    expect(matches('payload.endsWith("b")', event(`${'a'.repeat(most)}b`))).toBe(true);
  });

  test('any valid filter gives an answer for any event', () => {
    fc.assert(
      fc.property(
        filters,
        fc.oneof(
          eventTexts.map((text): unknown => JSON.parse(text)),
          fc.anything(),
        ),
        (filter, event) => {
          expect(typeof compileFilter(filter)(event)).toBe('boolean');
        },
      ),
    );
  });
});

describe('the text form', () => {
  test('formats to text that parses to the same tree', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(parseFilter(formatFilter(filter))).toEqual(filter);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['a == 1 && b == 2 || a == 3', 'or(and(eq,eq),eq)'],
    ['a == 1 && (b == 2 || a == 3)', 'and(eq,or(eq,eq))'],
    ['a && b && a', 'and(test,test,test)'],
    ['!a && !(b == 1) || !!a', 'or(and(not(test),not(eq)),not(not(test)))'],
    ['a.contains == "x"', 'eq'],
    ['a.contains.contains("x")', 'contains'],
    ['  a\n==\t1  ', 'eq'],
  ])('%s', (text, shape) => {
    const shapeOf = (filter: Filter): string => {
      if ('filters' in filter) return `${filter.op}(${filter.filters.map(shapeOf).join(',')})`;
      return filter.op === 'not' ? `not(${shapeOf(filter.filter)})` : filter.op;
    };
    expect(shapeOf(parseFilter(text))).toBe(shape);
  });

  test.each([
    ['', 1, 'a path or a value is expected'],
    ['a ==', 5, 'a path or a value is expected'],
    ['a = 1', 3, 'not expected'],
    ['a == 1 b', 8, 'the end is expected'],
    ['(a', 3, '")" is expected'],
    ['a & b', 3, 'not expected'],
    ['a == "x', 6, 'not expected'],
    ['a == "\\q"', 6, 'there is no escape \\q'],
    ['a.b("x")', 4, 'can be called'],
    ['contains("x")', 9, 'can be called'],
    ['a["contains"]("x")', 14, 'can be called'],
    ['!a == 1', 4, 'the end is expected'],
    ['a == b == a', 8, 'the end is expected'],
    ['true.b == 1', 6, 'startsWith'],
    ['in == 1', 1, 'a path or a value is expected'],
    ['a[true] == 1', 3, 'a text or an index is expected'],
    ['a in [b]', 7, 'a path or a value is expected'],
    ['a == 01', 7, 'the end is expected'],
    ['has(has)', 5, 'a name is expected'],
    ['a == [1]', 6, 'a path or a value is expected'],
  ])('%s is refused at character %i: %s', (text, character, message) => {
    expect(() => parseFilter(text)).toThrowError(
      expect.objectContaining({
        code: 'filter_invalid',
        detail: expect.stringMatching(
          new RegExp(`^At character ${character}: .*${message.replace(/[()\\[\]"]/g, '\\$&')}`),
        ),
      }),
    );
  });

  test('places in the tree are checked too', () => {
    expect(() => parseFilter('a[-1] == 1')).toThrowError(failing('filter_invalid'));
    expect(() => parseFilter('a[1.5] == 1')).toThrowError(failing('filter_invalid'));
    expect(() => parseFilter('a == 1e999')).toThrowError(failing('filter_invalid'));
    expect(() => parseFilter('a == "\\u0000"')).toThrowError(failing('filter_invalid'));
    expect(() => parseFilter('a == "\\ud800"')).toThrowError(failing('filter_invalid'));
  });

  test('length and depth are bounded before they can hurt', () => {
    expect(() => parseFilter(`${'('.repeat(9_999)}a`)).toThrowError(failing('filter_too_large'));
    expect(() => parseFilter('!'.repeat(9_999))).toThrowError(failing('filter_too_large'));
    expect(() => parseFilter(`${'!'.repeat(16)}a`)).toThrowError(failing('filter_too_large'));
    expect(parseFilter(`${'!'.repeat(15)}a`)).toBeDefined();
    expect(() => parseFilter(Array(201).fill('a').join('&&'))).toThrowError(failing('filter_too_large'));
    expect(() => parseFilter(Array(21).fill('a.contains(b)').join('||'))).toThrowError(failing('filter_too_large'));
    expect(() => parseFilter(' '.repeat(10_001))).toThrowError(failing('filter_too_large'));
  });

  test('any text gives a filter or an error of the catalogue', () => {
    const bits = [
      'a',
      '.',
      'b',
      '==',
      '!',
      '(',
      ')',
      '"x"',
      '1',
      '-1',
      '[',
      ']',
      'in',
      'has',
      '&&',
      '||',
      ',',
      'contains',
      ' ',
      "'",
      '\\',
      'true',
      'null',
      '<',
    ];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(fc.constantFrom(...bits)).map((all) => all.join('')),
          fc.string(),
        ),
        (text) => {
          try {
            checkFilter(parseFilter(text));
          } catch (error) {
            expect(error).toMatchObject({ name: 'PlinthError', status: 422 });
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('the examples of the reference are filters', () => {
  const reference = readFileSync(new URL('../../../../docs/reference/event-filters.md', import.meta.url), 'utf8');
  const lines = reference.split('```')[1]!.trim().split('\n');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect(formatFilter(parseFilter(line))).toBe(line);
});

describe('the tree', () => {
  test('what is accepted fits the schema of the API', () => {
    fc.assert(
      fc.property(filters, (filter) => {
        expect(Value.Check(FilterSchema, checkFilter(filter))).toBe(true);
      }),
    );
  });

  test.each<[unknown, string]>([
    [null, ''],
    [[], ''],
    ['type == "push"', ''],
    [{ op: 'xor', filters: [] }, '/op'],
    [{ op: 'constructor' }, '/op'],
    [{ op: 'and', filters: [{ op: 'has', path: ['a'] }] }, '/filters'],
    [{ op: 'not', filter: { op: 'has', path: [] } }, '/filter/path'],
    [{ op: 'has', path: ['x-y'] }, '/path/0'],
    [{ op: 'has', path: ['in'] }, '/path/0'],
    [{ op: 'has', path: [0] }, '/path/0'],
    [{ op: 'has', path: ['a', -1] }, '/path/1'],
    [{ op: 'has', path: ['a', 1_000_000] }, '/path/1'],
    [{ op: 'has', path: Array(17).fill('a') }, '/path'],
    [{ op: 'has', path: ['a'], also: 1 }, '/also'],
    [{ op: 'eq', left: { path: ['a'] }, right: { value: {} } }, '/right/value'],
    [{ op: 'eq', left: { path: ['a'] }, right: { value: Number.NaN } }, '/right/value'],
    [{ op: 'eq', left: { path: ['a'], value: 1 }, right: { value: 1 } }, '/left'],
    [{ op: 'eq', left: { path: ['a'] } }, '/right'],
    [{ op: 'eq', left: { path: ['a'] }, right: { value: 'x'.repeat(501) } }, '/right/value'],
    [{ op: 'in', left: { path: ['a'] }, right: { value: 1 } }, '/right/value'],
    [{ op: 'in', left: { path: ['a'] }, right: { value: [1, []] } }, '/right/value/1'],
    [{ op: 'in', left: { path: ['a'] }, right: { value: Array(101).fill(1) } }, '/right/value'],
  ])('%j is refused at %s', (tree, path) => {
    expect(() => checkFilter(tree)).toThrowError(
      expect.objectContaining({
        code: 'filter_invalid',
        errors: expect.arrayContaining([expect.objectContaining({ path })]),
      }),
    );
    expect(() => compileFilter(tree)).toThrowError(failing('filter_invalid'));
  });

  test('a tree too deep for any recursion is refused', () => {
    let deep: unknown = { op: 'has', path: ['a'] };
    for (let level = 0; level < 100_000; level++) deep = { op: 'not', filter: deep };
    expect(() => checkFilter(deep)).toThrowError(failing('filter_too_large'));
  });

  test('any value is a filter or refused', () => {
    const bits = fc.oneof(fc.anything(), filters);
    const near = fc.record(
      {
        op: fc.constantFrom('and', 'eq', 'in', 'has', 'not', 'x'),
        filters: bits,
        filter: bits,
        left: bits,
        right: bits,
        path: bits,
      },
      { requiredKeys: ['op'] },
    );
    fc.assert(
      fc.property(fc.oneof(bits, near), (value) => {
        try {
          expect(checkFilter(value)).toBe(value);
        } catch (error) {
          expect(error).toMatchObject({ name: 'PlinthError', status: 422 });
        }
      }),
    );
  });
});

describe('subscriptions', () => {
  test.each([
    ['*', 'anything', true],
    ['', '', true],
    ['', 'x', false],
    ['*', '', true],
    ['push', 'push', true],
    ['push', 'pushed', false],
    ['pull_request.*', 'pull_request.opened', true],
    ['pull_request.*', 'pull_request', false],
    ['pull_request.*', 'pull_request_review.submitted', false],
    ['*.created', 'issue_comment.created', true],
    ['*review*.sub*', 'pull_request_review.submitted', true],
    ['a*b*c', 'abbbcbc', true],
    ['a**c', 'ac', true],
    ['Push', 'push', false],
    ['p.sh', 'push', false],
    ['p_sh', 'push', false],
  ])('name %s fits %s: %s', (pattern, name, expected) => {
    expect(nameMatches(pattern, name)).toBe(expected);
  });

  test('names agree with a regular expression', () => {
    const pieces = fc.array(fc.constantFrom('a', 'b', '*', '.'), { maxLength: 8 }).map((all) => all.join(''));
    fc.assert(
      fc.property(pieces, pieces, (pattern, name) => {
        const expected = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`).test(name);
        expect(nameMatches(pattern, name)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test('many stars stay cheap', () => {
    expect(nameMatches(`${'*a'.repeat(100)}`, 'a'.repeat(99))).toBe(false);
    expect(nameMatches(`${'a*'.repeat(99)}b`, 'a'.repeat(100_000))).toBe(false);
  });

  test('source, category, names and filter all have to fit; empty means any', () => {
    const event = push;
    expect(matchesSubscription({}, event)).toBe(true);
    expect(matchesSubscription({ sources: [], categories: null, names: [], filter: null }, event)).toBe(true);
    const rule = {
      sources: ['slack', 'github'],
      categories: ['code'],
      names: ['pull_request.*', 'push'],
      filter: parseFilter('branch == "main"'),
    };
    expect(matchesSubscription(rule, event)).toBe(true);
    expect(matchesSubscription({ ...rule, sources: ['slack'] }, event)).toBe(false);
    expect(matchesSubscription({ ...rule, categories: ['review'] }, event)).toBe(false);
    expect(matchesSubscription({ ...rule, names: ['pull_request.*'] }, event)).toBe(false);
    expect(matchesSubscription({ ...rule, filter: parseFilter('branch == "next"') }, event)).toBe(false);
  });

  test('an event as filters see it', () => {
    const payload = { ref: 'refs/heads/main', repository: { full_name: 'octo/repo' }, sender: { login: 'octocat' } };
    const event = filterableEvent('github', extractGithub('push', payload).event, payload);
    expect(matches('type == "push" && category == "code" && branch == "main" && actor == "octocat"', event)).toBe(true);
    expect(matches('repository == "octo/repo" && commit == null && source == "github"', event)).toBe(true);
  });

  test('rules that cannot be used are refused when compiled', () => {
    expect(() => compileSubscription({ filter: { op: 'x' } })).toThrowError(failing('filter_invalid'));
    expect(() => compileSubscription({ names: Array(101).fill('a') })).toThrowError(failing('filter_too_large'));
    expect(() => compileSubscription({ names: ['a'.repeat(201)] })).toThrowError(failing('filter_too_large'));
  });
});
