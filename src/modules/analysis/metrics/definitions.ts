import type { LanguageFamily } from '../languages/definition.ts';

/** Every metric by its stable name. */
export const metricNames = [
  'lines_total',
  'lines_code',
  'lines_comment',
  'lines_blank',
  'lines_logical',
  'cyclomatic',
  'cognitive',
  'cognitive_own',
  'nesting_max',
  'parameters',
  'functions',
  'classes',
  'halstead_distinct_operators',
  'halstead_distinct_operands',
  'halstead_operators',
  'halstead_operands',
  'halstead_vocabulary',
  'halstead_length',
  'halstead_estimated_length',
  'halstead_volume',
  'halstead_difficulty',
  'halstead_effort',
  'halstead_time_seconds',
  'halstead_bugs',
  'maintainability_index',
] as const;
export type MetricName = (typeof metricNames)[number];

/** Values by metric; a metric that does not apply is absent. */
export type Metrics = Partial<Record<MetricName, number>>;

/** What a value was counted by: kept with each value, so that an old one is never compared with a new one. */
export interface DefinitionRef {
  readonly definition: string;
  readonly version: string;
}

export type MetricLevel = 'file' | 'class' | 'function';

/** A row of the table `metric_definitions`. */
export interface MetricDefinition extends DefinitionRef {
  readonly metric: MetricName;
  readonly unit: 'lines' | 'points' | 'levels' | 'count' | 'bits' | 'seconds' | 'errors' | 'index 0-100';
  readonly families: readonly LanguageFamily[];
  readonly levels: readonly MetricLevel[];
  readonly source: string;
  readonly formula: string;
}

const both: readonly LanguageFamily[] = ['ecmascript', 'python'];
const everywhere: readonly MetricLevel[] = ['file', 'class', 'function'];
const fileAndFunction: readonly MetricLevel[] = ['file', 'function'];

const plinthLines = {
  definition: 'plinth-lines',
  version: '1',
  unit: 'lines',
  families: both,
  levels: everywhere,
} as const;
const linesSource =
  'Plinth; agrees with radon raw (sloc, multi + single comments, blank) but for the cases in "Differences"';

const halsteadSource = 'M. H. Halstead, Elements of Software Science, 1977';
const pythonCounts = 'radon.visitors.HalsteadVisitor';
const ecmascriptCounts = 'Plinth, on the tokens of the syntax tree';

type HalsteadRow = readonly [name: string, unit: MetricDefinition['unit'], formula: string];

const countRows = (ofOperators: string, ofOperands: string): readonly HalsteadRow[] => [
  ['distinct_operators', 'count', `n1: different operators. ${ofOperators}`],
  ['distinct_operands', 'count', `n2: different operands. ${ofOperands}`],
  ['operators', 'count', `N1: all operators. ${ofOperators}`],
  ['operands', 'count', `N2: all operands. ${ofOperands}`],
];

const derivedRows: readonly HalsteadRow[] = [
  ['vocabulary', 'count', 'n = n1 + n2'],
  ['length', 'count', 'N = N1 + N2'],
  ['estimated_length', 'count', 'n1 log2 n1 + n2 log2 n2; 0 when either is 0'],
  ['volume', 'bits', 'V = N log2 n'],
  ['difficulty', 'points', 'D = n1/2 * N2/n2'],
  ['effort', 'points', 'E = D * V'],
  ['time_seconds', 'seconds', 'T = E / 18'],
  ['bugs', 'errors', 'B = V / 3000'],
];

function halstead(
  family: LanguageFamily,
  definition: string,
  source: string,
  rows: readonly HalsteadRow[],
): MetricDefinition[] {
  return rows.map(([name, unit, formula]) => ({
    metric: `halstead_${name}` as MetricName,
    definition,
    version: '1',
    unit,
    families: [family],
    levels: fileAndFunction,
    source,
    formula,
  }));
}

/** Every definition in use. A change of how a value is counted is a new version here, never an edit of an old one. */
export const metricDefinitions: readonly MetricDefinition[] = [
  {
    ...plinthLines,
    metric: 'lines_total',
    source: linesSource,
    formula: 'code + comment + blank. A line ends at a line feed; text after the last one is a line.',
  },
  {
    ...plinthLines,
    metric: 'lines_code',
    source: linesSource,
    formula: 'Lines with at least one token that is not a comment; a line with code and a comment is a code line.',
  },
  {
    ...plinthLines,
    metric: 'lines_comment',
    source: linesSource,
    formula:
      'Lines with nothing but comments. A Python string that is a statement by itself (a docstring) is a comment; so is a #! line.',
  },
  {
    ...plinthLines,
    metric: 'lines_blank',
    source: linesSource,
    formula: 'Lines of white space only, also inside comments, docstrings and strings.',
  },
  {
    metric: 'lines_logical',
    definition: 'radon',
    version: '1',
    unit: 'lines',
    families: ['python'],
    levels: everywhere,
    source: 'radon.raw.analyze (lloc)',
    formula:
      'Statements by tokens: each part between semicolons counts 1, or 2 when anything follows its last colon on the logical line.',
  },
  {
    metric: 'cyclomatic',
    definition: 'sonar-js',
    version: '1',
    unit: 'points',
    families: ['ecmascript'],
    levels: everywhere,
    source: 'SonarJS rule S1541',
    formula:
      'Function: 1 + if, for, for-in, for-of, while, do, case (not default), ?:, &&, ||, ??; functions inside count for themselves. Class and file: the number of functions + all decisions inside.',
  },
  {
    metric: 'cyclomatic',
    definition: 'radon',
    version: '1',
    unit: 'points',
    families: ['python'],
    levels: everywhere,
    source: 'radon.visitors.ComplexityVisitor (6.x)',
    formula:
      'Function: 1 + if, elif, for, while, except, assert, conditional expression, each boolean operator, each comprehension and each if in it, else of a loop or try, each case (less one if any matches everything). A lambda counts for what encloses it, and by itself. Class: 1 + decisions of its body + its methods. File: 1 + decisions outside + (function - 1) + (class - 1) over top-level functions and classes.',
  },
  {
    metric: 'cognitive',
    definition: 'sonar-whitepaper',
    version: '1',
    unit: 'points',
    families: both,
    levels: everywhere,
    source: 'G. Ann Campbell, Cognitive Complexity: a new way of measuring understandability, SonarSource',
    formula:
      '+1 for if, else if, else, ?:, switch or match, loops, catch or except, labelled break and continue, each run of like && || and or, each function in a cycle of calls; if, ?:, switch, loops and catch add the number of structures and functions they stand in. Functions inside a function are part of its value. Class and file: the sum of what is inside.',
  },
  {
    metric: 'cognitive_own',
    definition: 'sonar-whitepaper-own',
    version: '1',
    unit: 'points',
    families: both,
    levels: everywhere,
    source: 'as cognitive; SonarJS rule S3776 reports functions this way',
    formula:
      'As cognitive, but without the functions inside: nesting begins at the function itself. File: code outside any element.',
  },
  {
    metric: 'nesting_max',
    definition: 'sonar-s134',
    version: '1',
    unit: 'levels',
    families: both,
    levels: everywhere,
    source: 'Sonar rule S134',
    formula:
      'The most if, for, while, do, switch, match, try and (Python) with that stand inside one another; an else if is as deep as its if; a function begins again at 0. Class and file: the highest inside.',
  },
  {
    metric: 'parameters',
    definition: 'declared',
    version: '1',
    unit: 'count',
    families: both,
    levels: ['function'],
    source: 'Sonar rule S107',
    formula:
      'Declared parameters, rest parameters included. Not counted: the this pseudo-parameter of TypeScript, the first parameter of a Python method that is not static, the markers * and /.',
  },
  {
    metric: 'functions',
    definition: 'listed-elements',
    version: '1',
    unit: 'count',
    families: both,
    levels: ['file', 'class'],
    source: 'Plinth',
    formula:
      'Functions, methods, constructors, accessors, arrow functions and lambdas. Class: its direct members only.',
  },
  {
    metric: 'classes',
    definition: 'listed-elements',
    version: '1',
    unit: 'count',
    families: both,
    levels: ['file'],
    source: 'Plinth',
    formula: 'Classes, also those inside functions and classes.',
  },
  ...halstead('python', 'radon', `${halsteadSource}; counted as ${pythonCounts}`, [
    ...countRows(
      'Binary, unary, boolean and comparison operators and those of augmented assignment; a and b and c is one; parameters and decorators of functions are not visited.',
      'What stands beside an operator: names, attributes and constants by value within one function name, any other expression by itself.',
    ),
    ...derivedRows,
  ]),
  ...halstead('ecmascript', 'plinth-tokens', `${halsteadSource}; counted by ${ecmascriptCounts}`, [
    ...countRows(
      'Keywords, signs, calls and [; not ; , ( ) { } nor closing brackets nor anything that belongs to types only.',
      'Identifiers and literals by their text; nothing that belongs to types only.',
    ),
    ...derivedRows,
  ]),
  {
    metric: 'maintainability_index',
    definition: 'radon',
    version: '1',
    unit: 'index 0-100',
    families: ['python'],
    levels: fileAndFunction,
    source: 'radon.metrics.mi_visit (multi-line strings count as comments)',
    formula:
      'max(0, min(100, 100/171 * (171 - 5.2 ln V - 0.23 G - 16.2 ln L + 50 sin sqrt(2.46 radians(C))))), V volume, G cyclomatic, L logical lines, C comment and docstring lines per 100 source lines; 100 without volume or lines.',
  },
  {
    metric: 'maintainability_index',
    definition: 'visual-studio',
    version: '1',
    unit: 'index 0-100',
    families: ['ecmascript'],
    levels: fileAndFunction,
    source: 'Microsoft, Code metrics: maintainability index range and meaning',
    formula:
      'max(0, min(100, 100/171 * (171 - 5.2 ln V - 0.23 G - 16.2 ln L))), V volume, G cyclomatic, L code lines; 100 without volume or lines. Not rounded.',
  },
];

const byFamily: Record<LanguageFamily, Partial<Record<MetricName, DefinitionRef>>> = { ecmascript: {}, python: {} };
for (const { metric, definition, version, families } of metricDefinitions) {
  for (const family of families) byFamily[family][metric] = { definition, version };
}

/** The definition in use for each metric of a language family. */
export function definitionsOf(family: LanguageFamily): Readonly<Partial<Record<MetricName, DefinitionRef>>> {
  return byFamily[family];
}

export interface MetricValue extends DefinitionRef {
  readonly metric: MetricName;
  readonly value: number;
}

/** The values of a file or element as rows, each with its definition and version, in the order of `metricNames`. */
export function metricRows(family: LanguageFamily, metrics: Metrics): MetricValue[] {
  return metricNames.flatMap((metric) => {
    const value = metrics[metric];
    const reference = byFamily[family][metric];
    return value === undefined || reference === undefined ? [] : [{ metric, value, ...reference }];
  });
}
