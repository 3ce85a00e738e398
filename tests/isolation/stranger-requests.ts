/** Every request that a documented route takes, made from the API reference: with ids of the caller's, and a stranger's. */
import { textMatching } from '../../src/platform/attack/pattern.ts';

export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly minItems?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly 'x-stream'?: boolean;
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema?: Schema }[];
  readonly requestBody?: { content?: Readonly<Record<string, { schema?: Schema }>> };
}

export interface OpenApi {
  readonly paths?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A place of a request that names a row: of the path, of the query, or of the body (a path of property names). */
export interface Slot {
  readonly in: 'path' | 'query' | 'body';
  readonly name: string;
  /** The table whose rows it most likely names, as the words of the route say. */
  readonly table: string;
}

export interface Template {
  readonly method: string;
  readonly path: string;
  readonly slots: readonly Slot[];
  readonly body: Schema | undefined;
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** One template for each documented route. */
export function templatesOf(openapi: OpenApi): Template[] {
  return Object.entries(openapi.paths ?? {}).flatMap(([path, operations]) =>
    methods.flatMap((method) => {
      const operation = operations[method] as Operation | undefined;
      // streams do not end: they have tests of their own
      if (!operation || operation['x-stream']) return [];
      const body = operation.requestBody?.content?.['application/json']?.schema;
      const parameters = (operation.parameters ?? []).flatMap(({ name, in: where, schema }): Slot[] => {
        if (where === 'path') return [{ in: 'path', name, table: tableBefore(path, name) }];
        return where === 'query' && namesRow(name, schema)
          ? [{ in: 'query', name, table: tableNamed(name, path) }]
          : [];
      });
      const properties = Object.entries(body?.properties ?? {}).flatMap(([name, schema]): Slot[] =>
        namesRow(name, schema) ? [{ in: 'body', name, table: tableNamed(name, path) }] : [],
      );
      return [{ method: method.toUpperCase(), path, slots: [...parameters, ...properties], body }];
    }),
  );
}

const isUuid = ({ format, items, anyOf }: Schema = {}): boolean =>
  format === 'uuid' || (items !== undefined && isUuid(items)) || (anyOf?.some(isUuid) ?? false);

const namesRow = (name: string, schema: Schema | undefined): boolean =>
  isUuid(schema) || name.endsWith('_id') || name.endsWith('_ids');

/** "/v1/projects/{id}/repositories/{repository_id}": id is one of projects, repository_id one of repositories. */
function tableBefore(path: string, name: string): string {
  const before =
    path
      .slice(0, path.indexOf(`{${name}}`))
      .split('/')
      .filter(Boolean)
      .at(-1) ?? '';
  return before.replaceAll('-', '_');
}

function tableNamed(name: string, path: string): string {
  const noun = name.replace(/_ids?$/, '');
  if (noun === name || noun === 'parent') return path.split('/')[2]?.replaceAll('-', '_') ?? '';
  return noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/** The least that a schema takes, with every place that names a row left to `rowOf`. */
export function sampleOf(schema: Schema, word: string, isTop = true): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const parts = schema.anyOf ?? schema.oneOf;
  if (parts) return sampleOf(parts.find(({ type }) => type !== 'null') ?? parts[0]!, word, isTop);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => sampleOf(part, word, isTop) as object));
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type;
  if (type === 'object' || schema.properties) {
    const required = schema.required ?? [];
    // where nothing has to be there, one property is changed: an empty change would be refused, and prove nothing
    const first = Object.keys(schema.properties ?? {})[0];
    const names = required.length > 0 || !isTop || first === undefined ? required : [first];
    return Object.fromEntries(names.map((name) => [name, sampleOf(schema.properties?.[name] ?? {}, word, false)]));
  }
  if (type === 'array') {
    return Array.from({ length: schema.minItems ?? 0 }, () => sampleOf(schema.items ?? {}, word, false));
  }
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return false;
  return sampleText(schema, word);
}

function sampleText({ format, pattern, minLength = 0 }: Schema, word: string): string {
  if (format === 'uuid') return '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42';
  if (format === 'email') return `${word}@example.org`;
  if (format === 'date-time') return '2026-01-01T00:00:00Z';
  if (format === 'uri') return `https://${word}.example.org/`;
  if (pattern && !new RegExp(pattern).test(word)) return textMatching(pattern) ?? word;
  return word.padEnd(minLength, word);
}

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

/** The request of a template with these values in its slots; those without one are left out where they may be. */
export function requestOf(template: Template, values: ReadonlyMap<Slot, string>, word: string): Request {
  let url = template.path;
  const query = new URLSearchParams();
  const body = template.body ? sampleOf(template.body, word) : undefined;
  for (const [{ in: where, name }, value] of values) {
    if (where === 'path') url = url.replace(`{${name}}`, encodeURIComponent(value));
    else if (where === 'query') query.set(name, value);
    else if (typeof body === 'object' && body !== null) {
      const schema = template.body?.properties?.[name];
      const many = [schema, ...(schema?.anyOf ?? [])].some((one) => one?.type === 'array');
      (body as Record<string, unknown>)[name] = many ? [value] : value;
    }
  }
  const search = query.toString();
  return { method: template.method, url: search ? `${url}?${search}` : url, body };
}
