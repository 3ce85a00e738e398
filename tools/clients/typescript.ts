/** Writes src/client/operations.gen.ts. */
import {
  camel,
  describe,
  isAnything,
  type NamedSchema,
  nameSchemas,
  type Operation,
  pascal,
  resultOf,
  type Schema,
} from './model.ts';

type Named = ReturnType<typeof nameSchemas>;

/** The types of all operations, and the table the client calls them by. */
export function renderTypescriptClient(operations: readonly Operation[]): string {
  const named = nameSchemas(operations);
  const resources = Map.groupBy(operations, ({ resource }) => resource);
  const parts = [
    '// Generated from the OpenAPI document by `npm run gen`. Do not edit.',
    "import type { CallOptions, Paged } from './types.ts';\n",
    ...named.all.map((one) => renderNamed(one)),
    ...[...resources].map(([resource, all]) => renderResource(resource, all, named)),
    renderResources([...resources.keys()]),
    renderTable(resources),
  ];
  return `${parts.join('\n')}\n`;
}

function renderNamed({ name, schema, isInput }: NamedSchema): string {
  const type = typeOf(schema, isInput, '');
  return schema.type === 'object' && schema.properties
    ? `export interface ${name} ${type}\n`
    : `export type ${name} = ${type};\n`;
}

function renderResource(resource: string, operations: readonly Operation[], named: Named): string {
  const methods = operations.map((operation) => {
    const result = resultOf(operation);
    const answer = result ? (named.nameOf(result, false) ?? typeOf(result, false, '  ')) : 'unknown';
    const isEmpty = operation.response === undefined && operation.method !== 'GET';
    const type = operation.paged ? `Paged<${answer}>` : `Promise<${isEmpty ? 'unknown' : answer}>`;
    return `  /** ${describe(operation)} */\n  ${camel(operation.name)}(${argumentsOf(operation, named)}): ${type};`;
  });
  return `export interface ${pascal(resource)}Resource {\n${methods.join('\n')}\n}\n`;
}

function argumentsOf(operation: Operation, named: Named): string {
  const path = operation.pathParameters.map((name) => `${camel(name)}: string`);
  const input: string[] = [];
  if (operation.body) {
    const type = named.nameOf(operation.body, true) ?? typeOf(operation.body, true, '  ');
    input.push(`body${mayBeEmpty(operation.body) ? '?' : ''}: ${type}`);
  } else if (operation.query.length > 0) {
    const required = operation.query.filter((one) => one.required).map(({ name }) => name);
    const properties = Object.fromEntries(operation.query.map(({ name, schema }) => [name, schema]));
    input.push(
      `query${required.length > 0 ? '' : '?'}: ${typeOf({ type: 'object', properties, required }, true, '  ')}`,
    );
  }
  return [...path, ...input, 'options?: CallOptions'].join(', ');
}

function mayBeEmpty(body: Schema): boolean {
  return body.type === 'object' && (body.required ?? []).length === 0;
}

function renderResources(resources: readonly string[]): string {
  const lines = resources.map((resource) => `  readonly ${camel(resource)}: ${pascal(resource)}Resource;`);
  return `export interface Resources {\n${lines.join('\n')}\n}\n`;
}

/** One text an operation keeps the bundle small: method, path, and b(ody) or q(uery), p(aged), i(dempotent). */
function renderTable(resources: ReadonlyMap<string, readonly Operation[]>): string {
  const lines = [...resources].map(([resource, operations]) => {
    const entries = operations.map((operation) => {
      const flags = `${operation.body ? 'b' : operation.query.length > 0 ? 'q' : '-'}${operation.paged ? 'p' : ''}${operation.idempotent ? 'i' : ''}`;
      return `    ${camel(operation.name)}: '${operation.method} ${operation.path} ${flags}',`;
    });
    return `  ${camel(resource)}: {\n${entries.join('\n')}\n  },`;
  });
  return `/** Method, path, then: b(ody) or q(uery), p(aged), i(dempotency key). */\nexport const operations: Readonly<Record<string, Readonly<Record<string, string>>>> = {\n${lines.join('\n')}\n};`;
}

function typeOf(schema: Schema, isInput: boolean, indent: string): string {
  if (isAnything(schema)) return 'unknown';
  if ('const' in schema) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  const union = schema.anyOf ?? schema.oneOf;
  if (union) return [...new Set(union.map((one) => typeOf(one, isInput, indent)))].join(' | ');
  if (schema.allOf) return schema.allOf.map((one) => typeOf(one, isInput, indent)).join(' & ');
  const types = [schema.type ?? []].flat();
  return types.map((type) => simpleType(type, schema, isInput, indent)).join(' | ');
}

function simpleType(type: string, schema: Schema, isInput: boolean, indent: string): string {
  switch (type) {
    case 'integer':
      return 'number';
    case 'array': {
      const item = typeOf(schema.items ?? {}, isInput, indent);
      return `${isInput ? 'readonly ' : ''}${/[|&]/.test(item) ? `(${item})` : item}[]`;
    }
    case 'object':
      return objectType(schema, isInput, indent);
    default:
      return type;
  }
}

function objectType(schema: Schema, isInput: boolean, indent: string): string {
  if (!schema.properties) {
    const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
    return `Record<string, ${typeOf(values, isInput, indent)}>`;
  }
  const inner = `${indent}  `;
  const fields = Object.entries(schema.properties).map(([name, field]) => {
    const isOptional = !schema.required?.includes(name);
    const type = typeOf(field, isInput, inner);
    const note = field.description ? `${inner}/** ${field.description.replaceAll('*/', '* /')} */\n` : '';
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    const orNot = isOptional && isInput && type !== 'unknown' ? ' | undefined' : '';
    return `${note}${inner}${key}${isOptional ? '?' : ''}: ${type}${orNot};`;
  });
  return `{\n${fields.join('\n')}\n${indent}}`;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : String(value);
}
