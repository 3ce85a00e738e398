import { createContext, Script } from 'node:vm';
import type { FieldError } from '../../../platform/core/errors.ts';
import { schemaChecks } from '../../../platform/core/schema-checks.ts';
import { taskErrors } from '../errors.ts';
import { patternProblem } from './pattern.ts';

export const parameter_schema_bytes_max = 64 * 1024;
export const parameter_schema_depth_max = 32;
export const parameter_schema_nodes_max = 1_000;
/** Time all checks of one call may take together; the event loop waits meanwhile. */
export const parameter_check_ms_max = 200;
const enum_values_max = 1_000;
const violations_max = 20;

/** A parameter schema as it is stored: an object of JSON Schema keywords. */
export type ParameterSchema = Readonly<Record<string, unknown>>;

const types = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];
const formats = [
  'date',
  'date-time',
  'time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
  'json-pointer',
];

type KeywordCheck = (value: unknown, path: string, walk: Walk) => void;
interface Walk {
  readonly root: ParameterSchema;
  readonly problems: FieldError[];
  nodes: number;
  /** Where each `$ref` stands, and what it names. */
  readonly references: { from: string; to: string }[];
  depth: number;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const must =
  (what: string, so: (value: unknown) => boolean): KeywordCheck =>
  (value, path, { problems }) => {
    if (!so(value)) problems.push({ path, message: `must be ${what}` });
  };

const aSchema: KeywordCheck = (value, path, walk) => walkSchema(value, path, walk);
const aList: KeywordCheck = (value, path, walk) => {
  if (!Array.isArray(value) || value.length === 0) walk.problems.push({ path, message: 'must be a list of schemas' });
  else for (const [index, one] of value.entries()) walkSchema(one, `${path}/${index}`, walk);
};
const aMap: KeywordCheck = (value, path, walk) => {
  if (!isObject(value)) walk.problems.push({ path, message: 'must be an object of schemas' });
  else for (const [key, one] of Object.entries(value)) walkSchema(one, `${path}/${escapePointer(key)}`, walk);
};
const aCount = must('a whole number from 0 on', (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const aNumber = must('a number', (value) => typeof value === 'number');
const aText = must('text', (value) => typeof value === 'string');
const aFlag = must('true or false', (value) => typeof value === 'boolean');
const names = must('a list of names', (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'));
const anything: KeywordCheck = () => undefined;
const aPattern: KeywordCheck = (value, path, { problems }) => {
  const problem = typeof value === 'string' ? patternProblem(value) : 'must be text';
  if (problem) problems.push({ path, message: problem });
};

/** The keywords there are (of JSON Schema 2020-12, and draft 7's `definitions`); any other is refused, for it may be a typing error. */
const keywords: ReadonlyMap<string, KeywordCheck> = new Map([
  // not a field of an object: that would be a thenable
  ['then', aSchema],
  ...Object.entries<KeywordCheck>({
    type: must(`one of ${types.join(', ')}, or a list of them`, (value) =>
      Array.isArray(value)
        ? value.length > 0 && value.every((one) => types.includes(one))
        : types.includes(value as string),
    ),
    properties: aMap,
    patternProperties: (value, path, walk) => {
      aMap(value, path, walk);
      for (const key of Object.keys(isObject(value) ? value : {})) aPattern(key, `${path}/${escapePointer(key)}`, walk);
    },
    additionalProperties: aSchema,
    propertyNames: aSchema,
    required: names,
    dependentRequired: must(
      'an object of lists of names',
      (value) =>
        isObject(value) &&
        Object.values(value).every((one) => Array.isArray(one) && one.every((name) => typeof name === 'string')),
    ),
    dependentSchemas: aMap,
    minProperties: aCount,
    maxProperties: aCount,
    items: aSchema,
    prefixItems: aList,
    contains: aSchema,
    minContains: aCount,
    maxContains: aCount,
    minItems: aCount,
    maxItems: aCount,
    uniqueItems: aFlag,
    minLength: aCount,
    maxLength: aCount,
    pattern: aPattern,
    format: must(`one of ${formats.join(', ')}`, (value) => formats.includes(value as string)),
    minimum: aNumber,
    maximum: aNumber,
    exclusiveMinimum: aNumber,
    exclusiveMaximum: aNumber,
    multipleOf: must('a number above 0', (value) => typeof value === 'number' && value > 0),
    const: anything,
    enum: must(
      `a list of 1 to ${enum_values_max} values`,
      (value) => Array.isArray(value) && value.length > 0 && value.length <= enum_values_max,
    ),
    allOf: aList,
    anyOf: aList,
    oneOf: aList,
    not: aSchema,
    if: aSchema,
    else: aSchema,
    $ref: (value, path, walk) => {
      if (typeof value !== 'string' || !/^#(\/|$)/.test(value)) {
        walk.problems.push({ path, message: 'must name a part of this schema, such as #/$defs/name' });
      } else walk.references.push({ from: path.slice(0, -'/$ref'.length), to: value.slice(1) });
    },
    $defs: aMap,
    definitions: aMap,
    $schema: must('a known dialect of JSON Schema', (value) =>
      /^https?:\/\/json-schema\.org\/(draft\/2020-12|draft\/2019-09|draft-07)\/schema#?$/.test(String(value)),
    ),
    $comment: aText,
    title: aText,
    description: aText,
    default: anything,
    examples: must('a list', Array.isArray),
    deprecated: aFlag,
    readOnly: aFlag,
    writeOnly: aFlag,
  }),
]);

/**
 * Checks that a schema may be stored: known keywords of the right form, references within itself that lead to a schema
 * and not in a circle, patterns that can not take exponential time, bounded in size, depth and parts. Throws
 * `parameter_schema_invalid` with each fault and its path.
 */
export function assertParameterSchema(schema: unknown): asserts schema is ParameterSchema {
  const problems: FieldError[] = [];
  if (!isObject(schema)) problems.push({ path: '', message: 'must be an object of JSON Schema keywords' });
  else {
    const bytes = Buffer.byteLength(JSON.stringify(schema));
    if (bytes > parameter_schema_bytes_max) {
      problems.push({ path: '', message: `has ${bytes} bytes; the limit is ${parameter_schema_bytes_max}` });
    } else {
      const walk: Walk = { root: schema, problems, nodes: 0, references: [], depth: 0 };
      walkSchema(schema, '', walk);
      if (problems.length === 0) checkReferences(walk);
    }
  }
  if (problems.length === 0) return;
  const [first] = problems;
  throw taskErrors.parameter_schema_invalid({
    field: `parameter_schema${first!.path}`,
    detail: `${first!.path || 'the schema'}: ${first!.message}`,
    errors: problems.slice(0, violations_max),
  });
}

function walkSchema(schema: unknown, path: string, walk: Walk): void {
  const { problems } = walk;
  if (typeof schema === 'boolean' || problems.length >= violations_max) return;
  if (!isObject(schema)) {
    problems.push({ path, message: 'must be a schema: an object, true or false' });
    return;
  }
  if (walk.depth >= parameter_schema_depth_max) {
    problems.push({ path, message: `is nested deeper than ${parameter_schema_depth_max} levels` });
    return;
  }
  walk.depth++;
  for (const [keyword, value] of Object.entries(schema)) {
    if (++walk.nodes > parameter_schema_nodes_max) {
      problems.push({ path, message: `has more than ${parameter_schema_nodes_max} keywords` });
      break;
    }
    const at = `${path}/${escapePointer(keyword)}`;
    const check = keywords.get(keyword);
    if (check) check(value, at, walk);
    else problems.push({ path: at, message: 'is not a keyword that is known here' });
  }
  walk.depth--;
}

/** Each reference leads to a part of the schema, and no part contains itself by way of references. */
function checkReferences({ root, references, problems }: Walk): void {
  for (const { from, to } of references) {
    const target = resolvePointer(root, to);
    if (!isObject(target) && typeof target !== 'boolean') {
      problems.push({ path: `${from}/$ref`, message: 'names nothing in this schema' });
    }
  }
  const within = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  const safe = new Set<string>();
  const open = new Set<string>();
  const leadsBack = (target: string): boolean => {
    if (safe.has(target)) return false;
    if (open.has(target)) return true;
    open.add(target);
    const back = references.some(({ from, to }) => within(from, target) && leadsBack(to));
    open.delete(target);
    if (!back) safe.add(target);
    return back;
  };
  for (const { from, to } of references) {
    if (within(from, to) || leadsBack(to)) {
      problems.push({ path: `${from}/$ref`, message: 'leads back to itself' });
      return;
    }
  }
}

function resolvePointer(root: unknown, pointer: string): unknown {
  let at: unknown = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at)) at = at[Number(key)];
    else at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Parameters to check, and where they stand in the request. */
export interface GivenParameters {
  readonly schema: ParameterSchema;
  readonly value: unknown;
  readonly path: string;
}

const watched = new Script('check()');
const context = createContext({ check: undefined as (() => void) | undefined });

/**
 * Checks parameters against their schemas, under one clock: a schema or value that would hold the program up is stopped
 * after `msMax`. Nothing of a schema becomes code. Throws `parameters_invalid` with the path of each violation.
 */
export function assertParameters(all: readonly GivenParameters[], msMax: number = parameter_check_ms_max): void {
  const checked = all.filter(({ schema }) => Object.keys(schema).length > 0);
  if (checked.length === 0) return;
  let violations: FieldError[] = [];
  let at = checked[0]!;
  context['check'] = () => {
    for (at of checked) {
      if (schemaChecks().Check(at.schema, at.value)) continue;
      violations = violationsOf(at);
      return;
    }
  };
  try {
    watched.runInContext(context, { timeout: msMax });
  } catch (cause) {
    const slow = (cause as { code?: string }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    const detail = slow ? `checking them took longer than ${msMax} ms` : 'they could not be checked';
    throw taskErrors.parameters_invalid({ field: at.path, detail, cause });
  } finally {
    context['check'] = undefined;
  }
  const [first] = violations;
  if (!first) return;
  throw taskErrors.parameters_invalid({
    field: first.path,
    detail: `${first.path} ${first.message}`,
    errors: violations,
  });
}

function violationsOf({ schema, value, path }: GivenParameters): FieldError[] {
  const messages = new Map<string, string>();
  for (const { keyword, instancePath, message, params } of schemaChecks().Errors(schema, value)[1]) {
    const { additionalProperties: extra, requiredProperties: missing } = params as Record<string, string[] | undefined>;
    const at = `${path}${instancePath}`;
    if (extra) for (const name of extra) messages.set(`${at}/${escapePointer(name)}`, 'is not a known field');
    else if (missing) for (const name of missing) messages.set(`${at}/${escapePointer(name)}`, 'is missing');
    // a branch that is `false`: what it stands under says more, where it says anything
    else if (keyword !== 'boolean') messages.set(at, message ?? 'does not match the schema');
    else if (!messages.has(at)) messages.set(at, 'is not allowed');
  }
  if (messages.size === 0) messages.set(path, 'does not match the schema');
  return [...messages].slice(0, violations_max).map(([at, message]) => ({ path: at, message }));
}
