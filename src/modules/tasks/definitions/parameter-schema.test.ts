import { describe, expect, it } from 'vitest';
import type { PlinthError } from '../../../platform/core/errors.ts';
import {
  assertParameterSchema,
  assertParameters,
  type ParameterSchema,
  parameter_schema_depth_max,
  parameter_schema_nodes_max,
} from './parameter-schema.ts';
import { patternProblem } from './pattern.ts';

function refusalOf(work: () => void): Partial<PlinthError> {
  try {
    work();
  } catch (error) {
    return error as PlinthError;
  }
  throw new Error('it was taken');
}

const refusedSchema = (schema: unknown) => refusalOf(() => assertParameterSchema(schema));
const refusedValue = (schema: ParameterSchema, value: unknown, msMax?: number) =>
  refusalOf(() => assertParameters([{ schema, value, path: '/payload' }], msMax));

const address = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  properties: {
    to: { type: 'string', format: 'email' },
    lines: { type: 'array', items: { $ref: '#/$defs/line' }, minItems: 1, maxItems: 3, uniqueItems: true },
    kind: { enum: ['home', 'work'], default: 'home' },
    code: { type: 'string', pattern: '^[A-Z]{2}-[0-9]+$' },
    'a/b~c': { type: 'integer', minimum: 0 },
  },
  required: ['to'],
  additionalProperties: false,
  if: { properties: { kind: { const: 'work' } }, required: ['kind'] },
  ...Object.fromEntries([['then', { required: ['code'] }]]),
  $defs: { line: { type: 'string', maxLength: 40 } },
};

describe('parameter schemas', () => {
  it('what can be stored checks', () => {
    assertParameterSchema(address);
    assertParameterSchema({});
    const good = { to: 'ada@example.org', lines: ['a'], kind: 'work', code: 'DE-1' };
    assertParameters([{ schema: address, value: good, path: '/payload' }]);
  });

  it.each<[value: unknown, path: string]>([
    [{}, '/payload/to'],
    [{ to: 7 }, '/payload/to'],
    [{ to: 'nobody' }, '/payload/to'],
    [{ to: 'a@b.de', lines: [] }, '/payload/lines'],
    [{ to: 'a@b.de', lines: ['x', 3] }, '/payload/lines/1'],
    [{ to: 'a@b.de', other: 1 }, '/payload/other'],
    [{ to: 'a@b.de', kind: 'work' }, '/payload'],
    [{ to: 'a@b.de', code: 'de-1' }, '/payload/code'],
    [{ to: 'a@b.de', 'a/b~c': -1 }, '/payload/a~1b~0c'],
    ['text', '/payload'],
  ])('%j is refused at %s', (value, path) => {
    const { code, errors } = refusedValue(address, value);
    expect(code).toBe('parameters_invalid');
    expect(errors?.map((one) => one.path)).toContain(path);
  });

  it('what no value fits is refused too', () => {
    expect(refusedValue({ properties: { x: false } }, { x: 1 })).toMatchObject({ field: '/payload/x' });
  });

  it.each<[name: string, schema: unknown, path: string]>([
    ['a list', [], ''],
    ['true', true, ''],
    ['a typing error', { requird: ['a'] }, '/requird'],
    ['an unknown type', { properties: { a: { type: 'strin' } } }, '/properties/a/type'],
    ['a foreign reference', { $ref: 'http://169.254.169.254/latest' }, '/$ref'],
    ['a reference to a file', { $ref: 'file:///etc/passwd' }, '/$ref'],
    ['a reference to nothing', { properties: { a: { $ref: '#/$defs/a' } } }, '/properties/a/$ref'],
    ['a reference to a prototype', { $ref: '#/constructor/prototype' }, '/$ref'],
    ['a circle of one', { $ref: '#' }, '/$ref'],
    [
      'a circle of two',
      { $defs: { a: { items: { $ref: '#/$defs/b' } }, b: { items: { $ref: '#/$defs/a' } } }, $ref: '#/$defs/a' },
      '/$defs/a/items/$ref',
    ],
    ['a catastrophic pattern', { pattern: '^(a+)+$' }, '/pattern'],
    ['a catastrophic pattern of names', { patternProperties: { '(a|a)*b': true } }, '/patternProperties/(a|a)*b'],
    ['an anchor of its own', { $id: 'https://example.org/x' }, '/$id'],
    ['a negative length', { maxLength: -1 }, '/maxLength'],
    ['an empty list of choices', { anyOf: [] }, '/anyOf'],
    ['a key called __proto__', JSON.parse('{"__proto__": {"type": "string"}}'), '/__proto__'],
  ])('%s is refused', (_name, schema, path) => {
    const { code, errors } = refusedSchema(schema);
    expect(code).toBe('parameter_schema_invalid');
    expect(errors?.[0]?.path).toBe(path);
  });

  it('size, depth and number of parts are bounded', () => {
    expect(refusedSchema({ description: 'x'.repeat(70_000) })).toMatchObject({ code: 'parameter_schema_invalid' });
    let deep: object = {};
    for (let level = 0; level < parameter_schema_depth_max; level++) deep = { not: deep };
    expect(refusedSchema(deep).detail).toMatch(/deeper than 32/);
    const many = Object.fromEntries(
      Array.from({ length: parameter_schema_nodes_max }, (_, n) => [`p${n}`, { title: '' }]),
    );
    expect(refusedSchema({ properties: many }).detail).toMatch(/more than 1000/);
  });

  it('one that takes exponential time to check is stopped by the clock', () => {
    const layers = 30;
    const $defs: Record<string, unknown> = { d0: { type: 'string' } };
    for (let n = 1; n <= layers; n++)
      $defs[`d${n}`] = { allOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] };
    const schema = { $defs, $ref: `#/$defs/d${layers}` };
    assertParameterSchema(schema);
    expect(refusedValue(schema, 'x', 50)).toMatchObject({ code: 'parameters_invalid', field: '/payload' });
    // and the next one is checked as ever
    assertParameters([{ schema: { type: 'string' }, value: 'x', path: '/payload' }]);
  });

  it('a pattern of polynomial time is stopped by the clock', () => {
    const schema = { pattern: '^a*a*a*a*a*a*b$' };
    assertParameterSchema(schema);
    expect(refusedValue(schema, 'a'.repeat(5_000), 50)).toMatchObject({ code: 'parameters_invalid' });
  });
});

describe('patterns', () => {
  it.each([
    '^a+$',
    '^(foo|bar)$',
    '^(?:foo|bar)+$',
    '^[a-z0-9]+(-[a-z]{2})?$',
    'a{3}',
    '^\\d{4}-\\d{2}$',
    '[(]*',
    '(?<year>\\d{4})',
    '^\\p{L}+$',
  ])('%s may run', (pattern) => expect(patternProblem(pattern)).toBeUndefined());

  it.each([
    '(a+)+',
    '(a*)*',
    '((a+)b?)*',
    '(a|a)+',
    '(a|ab)*c',
    '([a-z]|[a-c])+',
    '(x+x+)+y',
    '(a?){500}(b+){2,}',
    '(.|.)*',
    '(|a)*',
    '(?:a|\\w)+',
    '(?=a)b',
    '(?<!a)b',
    '(a)\\1',
    '(?<n>a)\\k<n>',
    '(',
    'a{2000}',
    'x'.repeat(201),
  ])('%s may not', (pattern) => expect(patternProblem(pattern)).toBeTypeOf('string'));
});
