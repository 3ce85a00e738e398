/** Writes clients/python/src/plinth/_generated.py. Python 3.9 reads it: no `X | Y`, no NotRequired. */
import { describe, isAnything, nameSchemas, type Operation, pascal, resultOf, type Schema } from './model.ts';

type Named = ReturnType<typeof nameSchemas>;

const reserved = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if
   import in is lambda nonlocal not or pass raise return try while with yield self options`.split(/\s+/),
);

/** The types of all operations and a class with a method each for every resource. */
export function renderPythonClient(operations: readonly Operation[]): string {
  const named = nameSchemas(operations);
  const types = new Types(named);
  // named in order of operations; bodies that become arguments need no type of their own: objects without a keyword of
  // Python's among their fields (`while`)
  for (const { name, schema, isInput } of named.all) {
    if (!isInput || !mergedObject(schema)) types.define(name, schema, isInput);
  }
  const resources = Map.groupBy(operations, ({ resource }) => resource);
  const classes = [...resources].map(([resource, all]) => renderResource(resource, all, named, types));
  const table = operations.map(({ resource, name, method, path }) => `    "${resource}.${name}": "${method} ${path}",`);
  const attributes = [...resources.keys()].map(
    (resource) => `        self.${resource} = ${pascal(resource)}Resource(transport)`,
  );
  return `"""Generated from the OpenAPI document by \`npm run gen\`. Do not edit."""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Mapping, Optional, Sequence, TypedDict, Union

from ._paging import Page
from ._resource import Resource
from ._transport import NOT_GIVEN, CallOptions, fill, given

# Every operation, and the route it calls.
OPERATIONS: Dict[str, str] = {
${table.join('\n')}
}


${[...types.classes, ...types.aliases].join('\n\n\n')}


${classes.join('\n\n\n')}


class Resources:
    """Every operation below /v1 as client.<resource>.<operation>."""

    def __init__(self, transport: Any) -> None:
${attributes.join('\n')}
`;
}

/** Types as they are met: a nested object needs a class of its own, named after its field. */
class Types {
  readonly classes: string[] = [];
  readonly aliases: string[] = [];
  private readonly named: Named;
  private readonly byText = new Map<string, string>();

  constructor(named: Named) {
    this.named = named;
  }

  define(name: string, schema: Schema, isInput: boolean): string {
    const text = `${isInput} ${JSON.stringify(schema)}`;
    const known = this.byText.get(text);
    if (known) return known;
    this.byText.set(text, name);
    const merged = mergedObject(schema);
    if (merged) this.classes.push(this.typedDict(name, merged, isInput));
    else this.aliases.push(`${name} = ${this.typeOf(schema, isInput, `${name}Item`)}`);
    return name;
  }

  private typedDict(name: string, { properties = {}, required = [] }: Schema, isInput: boolean): string {
    const line = ([field, schema]: [string, Schema]) =>
      `    ${field}: ${this.typeOf(schema, isInput, name + pascal(field))}`;
    const fields = Object.entries(properties);
    const always = fields.filter(([field]) => required.includes(field)).map(line);
    const sometimes = fields.filter(([field]) => !required.includes(field)).map(line);
    if (sometimes.length === 0) return `class ${name}(TypedDict):\n${always.join('\n')}`;
    if (always.length === 0) return `class ${name}(TypedDict, total=False):\n${sometimes.join('\n')}`;
    return `class _${name}Required(TypedDict):\n${always.join('\n')}\n\n\nclass ${name}(_${name}Required, total=False):\n${sometimes.join('\n')}`;
  }

  /** The annotation of a schema; `place` names the classes it may need. */
  typeOf(schema: Schema, isInput: boolean, place: string): string {
    if (isAnything(schema)) return 'Any';
    if ('const' in schema) return `Literal[${literal(schema.const)}]`;
    if (schema.enum) return `Literal[${schema.enum.map(literal).join(', ')}]`;
    const union = schema.anyOf ?? schema.oneOf ?? (Array.isArray(schema.type) ? typesOf(schema) : undefined);
    if (union) return this.unionOf(union, isInput, place);
    if (mergedObject(schema)) return this.named.nameOf(schema, isInput) ?? this.define(place, schema, isInput);
    switch (schema.type) {
      case 'string':
        return 'str';
      case 'integer':
        return 'int';
      case 'number':
        return 'float';
      case 'boolean':
        return 'bool';
      case 'null':
        return 'None';
      case 'array':
        return `${isInput ? 'Sequence' : 'List'}[${this.typeOf(schema.items ?? {}, isInput, `${place}Item`)}]`;
      case 'object': {
        const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
        return `${isInput ? 'Mapping' : 'Dict'}[str, ${this.typeOf(values, isInput, `${place}Value`)}]`;
      }
      default:
        return 'Any';
    }
  }

  private unionOf(members: readonly Schema[], isInput: boolean, place: string): string {
    const types = [...new Set(members.map((one) => this.typeOf(one, isInput, place)))];
    const literals = types.filter((type) => type.startsWith('Literal['));
    const others = types.filter((type) => type !== 'None' && !type.startsWith('Literal['));
    if (literals.length > 0) others.push(`Literal[${literals.map((one) => one.slice(8, -1)).join(', ')}]`);
    const one = others.length === 1 ? others[0]! : `Union[${others.join(', ')}]`;
    return types.includes('None') ? `Optional[${one}]` : one;
  }
}

function typesOf(schema: Schema): Schema[] {
  return [schema.type ?? []].flat().map((type) => ({ ...schema, type }));
}

/** The object a schema describes by named fields, that of all its parts together; undefined for anything else. */
function mergedObject(schema: Schema): Schema | undefined {
  if (schema.allOf) {
    const parts = schema.allOf.map(mergedObject);
    if (parts.some((part) => part === undefined)) return undefined;
    return {
      type: 'object',
      properties: Object.assign({}, ...parts.map((part) => part?.properties)),
      required: parts.flatMap((part) => part?.required ?? []),
    };
  }
  const names = Object.keys(schema.properties ?? {});
  const isPlain = names.length > 0 && names.every((name) => /^[A-Za-z_]\w*$/.test(name) && !isKeyword(name));
  return schema.type === 'object' && isPlain ? schema : undefined;
}

function isKeyword(name: string): boolean {
  return reserved.has(name) && name !== 'self' && name !== 'options';
}

function renderResource(resource: string, operations: readonly Operation[], named: Named, types: Types): string {
  const methods = operations.map((operation) => renderMethod(operation, named, types));
  return `class ${pascal(resource)}Resource(Resource):\n${methods.join('\n\n')}`;
}

interface Argument {
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
}

function renderMethod(operation: Operation, named: Named, types: Types): string {
  const { resource, name, method, path, pathParameters, body } = operation;
  const place = `${pascal(resource)}${pascal(name)}Input`;
  const objectBody = body && mergedObject(body);
  const emptyBody = body?.type === 'object' && !body.properties;
  const fields = objectBody
    ? argumentsOf(objectBody.properties ?? {}, objectBody.required ?? [], place, types)
    : body
      ? []
      : queryArguments(operation, place, types);
  const ordered = [...fields.filter((one) => one.isRequired), ...fields.filter((one) => !one.isRequired)];
  const parameters = [
    'self',
    ...pathParameters.map((parameter) => `${parameter}: str`),
    ...(body && !objectBody ? [`body: ${named.nameOf(body, true) ?? types.typeOf(body, true, place)}`] : []),
    '*',
    ...ordered.map((one) => `${one.name}: ${one.type}${one.isRequired ? '' : ' = NOT_GIVEN'}`),
    'options: Optional[CallOptions] = None',
  ];
  const route =
    pathParameters.length === 0
      ? `"${path}"`
      : `fill("${resource}.${name}", "${path}", ${pathParameters.map((one) => `${one}=${one}`).join(', ')})`;
  const values = `given(${ordered.map((one) => `${one.name}=${one.name}`).join(', ')})`;
  const sent = body ? `body=${objectBody && !emptyBody ? values : 'body'}` : fields.length > 0 ? `query=${values}` : '';
  const call = operation.paged
    ? `self._pages(${route}, ${values}, options)`
    : `self._transport.send(${[`"${method}"`, route, ...(sent ? [sent] : []), ...(operation.idempotent ? ['idempotent=True'] : []), 'options=options'].join(', ')})`;
  return `    def ${name}(\n${parameters.map((one) => `        ${one},`).join('\n')}\n    ) -> ${answerOf(operation, named, types)}:\n        """${describe(operation).replaceAll('"', "'")}"""\n        return ${call}`;
}

function answerOf(operation: Operation, named: Named, types: Types): string {
  const result = resultOf(operation);
  const place = `${pascal(operation.resource)}${pascal(operation.name)}Result`;
  const type = result ? (named.nameOf(result, false) ?? types.typeOf(result, false, place)) : 'Any';
  return operation.paged ? `Page[${type}]` : type;
}

function queryArguments({ query }: Operation, place: string, types: Types): Argument[] {
  const required = query.filter((one) => one.required).map(({ name }) => name);
  return argumentsOf(Object.fromEntries(query.map(({ name, schema }) => [name, schema])), required, place, types);
}

function argumentsOf(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
  place: string,
  types: Types,
): Argument[] {
  return Object.entries(properties).map(([field, schema]) => ({
    field,
    name: reserved.has(field) ? `${field}_` : field,
    type: types.typeOf(schema, true, place + pascal(field)),
    isRequired: required.includes(field),
  }));
}

function literal(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value);
}
