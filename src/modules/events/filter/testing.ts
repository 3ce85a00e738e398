import fc from 'fast-check';
import { comparisonOps, type Filter, type FilterScalar, textOps } from './tree.ts';

/** Few names and values, so that random filters and events meet; each value is there for a rule that could differ. */
const names = ['a', 'b', 'payload', 'x-y', '__proto__', 'é'];
const texts = [
  '',
  'a',
  'A',
  'ab',
  'b',
  'ä',
  'a\u0308',
  'ﬀ',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
  '1',
  'true',
  'null',
  'a%_\\*',
  ' ',
  'a ',
];
const numbers = [
  0,
  1,
  -1,
  0.1,
  0.30000000000000004,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 31),
  1e21,
  1.5e-7,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  2.2250738585072014e-308,
  1e-310,
  Number.MIN_VALUE,
];

export const scalars: fc.Arbitrary<FilterScalar> = fc.oneof(
  fc.constantFrom(...texts),
  fc.constantFrom(...numbers),
  fc.boolean(),
  fc.constant(null),
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }).filter((text) => !text.includes('\0')) },
  {
    weight: 1,
    arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  },
);

const paths = fc
  .tuple(
    fc.constantFrom('a', 'b', 'payload'),
    fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...names) }, { weight: 2, arbitrary: fc.nat(2) }), {
      maxLength: 3,
    }),
  )
  .map(([root, rest]) => [root, ...rest]);

const pathOperands = fc.record({ path: paths });
const operands = fc.oneof(pathOperands, fc.record({ value: scalars }));
const lists = fc.oneof(pathOperands, fc.record({ value: fc.array(scalars, { maxLength: 5 }) }));

/** Filters of every form, up to 6 levels. */
export const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    fc.record({ op: fc.constantFrom(...comparisonOps, ...textOps), left: operands, right: operands }),
    fc.record({ op: fc.constant('in' as const), left: operands, right: lists }),
    fc.record({ op: fc.constant('has' as const), path: paths }),
    fc.record({ op: fc.constant('test' as const), operand: operands }),
    fc.record({
      op: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { minLength: 2, maxLength: 4 }),
    }),
    fc.record({ op: fc.constant('not' as const), filter: tie('filter') }),
  ),
})).filter;

/** Half way from the largest double to the next power of two: from here on a number reads as infinite. */
const overflow = 2n ** 1024n - 2n ** 970n;

/** Numbers as written in a payload: more digits than a double has, beyond its range, or in another notation. */
export const numberTexts: readonly string[] = [
  ...numbers.map(String),
  '9007199254740993',
  '0.1000000000000000055511151231257827',
  '1.0',
  '-0',
  '-0.0',
  '1E+21',
  '1e293',
  '1e308',
  '1e400',
  '-1e400',
  '1e-400',
  '1e-322',
  '4e-324',
  '2.4e-324',
  '2.2250738585072011e-308',
  '2.2250738585072013e-308',
  '1.7976931348623158e308',
  String(overflow),
  String(-overflow),
  String(overflow - 1n),
];

const scalarTexts = fc.oneof(
  { weight: 5, arbitrary: scalars.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.constantFrom(...numberTexts) },
);
const keys = fc.constantFrom(...names).map((name) => JSON.stringify(name));

const values = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    scalarTexts,
    fc
      .array(fc.tuple(keys, tie('value')), { maxLength: 4 })
      .map((all) => `{${all.map((pair) => pair.join(':')).join(',')}}`),
    fc.array(tie('value'), { maxLength: 3 }).map((all) => `[${all.join(',')}]`),
  ),
})).value;

/** JSON texts of events; keys may be there twice. */
export const eventTexts: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(values, values, values).map(([a, b, payload]) => `{"a":${a},"b":${b},"payload":${payload}}`),
  },
  { weight: 1, arbitrary: values },
);
