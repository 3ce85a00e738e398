/** What the generated clients are made from: the operations below /v1 of the OpenAPI document, each with a name. */

export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly pattern?: string;
}

export interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface DocumentedOperation {
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content>>;
  readonly 'x-permission'?: string;
  readonly 'x-idempotent'?: boolean;
  readonly 'x-stream'?: boolean;
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>;
}

export interface Operation {
  /** In snake_case: analysis_runs. */
  readonly resource: string;
  readonly name: string;
  readonly method: string;
  /** As OpenAPI writes it: /v1/projects/{id}. */
  readonly path: string;
  readonly summary: string;
  readonly permission: string;
  readonly pathParameters: readonly string[];
  readonly query: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly response: Schema | undefined;
  /** Cursor pages: the answer is { data, next_cursor } and the query takes the cursor. */
  readonly paged: boolean;
  /** The server keeps its answer under an Idempotency-Key, so that it may be sent again. */
  readonly idempotent: boolean;
}

/** Where the rule below gives no good name. */
const names: Readonly<Record<string, string>> = {
  'POST /v1/sign-in': 'auth.sign_in',
  'POST /v1/sign-in/link': 'auth.redeem_link',
  'POST /v1/sign-out': 'auth.sign_out',
  'POST /v1/sign-out/everywhere': 'auth.sign_out_everywhere',
  'POST /v1/first-run': 'first_run.complete',
  'POST /v1/tasks': 'tasks.enqueue',
  'POST /v1/tasks/bulk': 'tasks.enqueue_many',
  'POST /v1/tasks/cancel': 'tasks.cancel_many',
  'POST /v1/tasks/retry': 'tasks.retry_many',
  'POST /v1/tasks/pause': 'tasks.pause_many',
  'POST /v1/tasks/resume': 'tasks.resume_many',
  'POST /v1/events': 'events.send',
  'POST /v1/notifications/read': 'notifications.read_all',
  'POST /v1/event-subscriptions/test': 'event_subscriptions.test',
  'POST /v1/event-deliveries/retry': 'event_deliveries.retry_many',
  'POST /v1/event-portal/deliveries/retry': 'event_portal.retry_deliveries',
  'POST /v1/event-portal/deliveries/{id}/retry': 'event_portal.retry_delivery',
  'POST /v1/event-portal/endpoints': 'event_portal.create_endpoint',
  'PUT /v1/projects/{id}/repositories/{repository_id}': 'projects.link_repository',
  'DELETE /v1/projects/{id}/repositories/{repository_id}': 'projects.unlink_repository',
};

const verbs: Readonly<Record<string, string>> = { GET: 'get', PUT: 'set', PATCH: 'update', DELETE: 'delete' };

/** The operations below /v1 by name. Throws when two get the same name: give one of them another above. */
export function operationsOf(document: OpenApiDocument): Operation[] {
  const found = new Map<string, Operation>();
  for (const [path, methods] of Object.entries(document.paths)) {
    if (!path.startsWith('/v1/')) continue;
    for (const [method, documented] of Object.entries(methods)) {
      // read by a function of the client's own
      if (documented['x-stream']) continue;
      const operation = operationOf(method.toUpperCase(), path, documented);
      const full = `${operation.resource}.${operation.name}`;
      const other = found.get(full);
      if (other) throw new Error(`${operation.method} ${path} and ${other.method} ${other.path} are both ${full}`);
      found.set(full, operation);
    }
  }
  return [...found.values()].sort((a, b) => (a.resource < b.resource ? -1 : a.resource > b.resource ? 1 : 0));
}

function operationOf(method: string, path: string, documented: DocumentedOperation): Operation {
  const parameters = documented.parameters ?? [];
  const query = parameters.filter((one) => one.in === 'query');
  const response = schemaOf(
    Object.entries(documented.responses ?? {}).find(([status]) => status.startsWith('2'))?.[1] ?? {},
  );
  const isList = query.some(({ name }) => name === 'cursor') || response?.properties?.['data']?.type === 'array';
  const full = names[`${method} ${path}`] ?? ruledName(method, path, method === 'GET' && isList);
  const [resource = '', name = ''] = full.split('.');
  return {
    resource,
    name,
    method,
    path,
    summary: documented.summary ?? '',
    permission: documented['x-permission'] ?? 'public',
    pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter as string),
    query,
    body: documented.requestBody ? (schemaOf(documented.requestBody) ?? {}) : undefined,
    response,
    paged: method === 'GET' && query.some(({ name }) => name === 'cursor'),
    idempotent: documented['x-idempotent'] === true,
  };
}

function schemaOf(content: Content): Schema | undefined {
  return content.content?.['application/json']?.schema;
}

/**
 * The first word is the resource. Then: a verb of the method where the path ends in the resource or an id; the last
 * word alone for an action (POST); verb and last word for what is below it (list_repositories, get_payload).
 */
function ruledName(method: string, path: string, isList: boolean): string {
  const [resource = '', ...rest] = path.slice('/v1/'.length).split('/').map(snake);
  const words = rest.filter((part) => !part.startsWith('{'));
  const last = words.join('_');
  if (method === 'POST') return `${resource}.${last === '' ? 'create' : last}`;
  const verb = isList ? 'list' : (verbs[method] ?? method.toLowerCase());
  return `${resource}.${last === '' ? verb : `${verb}_${last}`}`;
}

function snake(part: string): string {
  return part.replaceAll('-', '_');
}

export function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function pascal(name: string): string {
  const word = camel(name);
  return word.charAt(0).toUpperCase() + word.slice(1);
}

export function singular(name: string): string {
  if (name.endsWith('ies')) return `${name.slice(0, -3)}y`;
  return name.endsWith('s') && !name.endsWith('ss') ? name.slice(0, -1) : name;
}

/** The row of a page; the whole answer elsewhere. */
export function resultOf(operation: Operation): Schema | undefined {
  const { response } = operation;
  return operation.paged ? response?.properties?.['data']?.items : response;
}

/** What stands in front of an operation in both clients. */
export function describe({ method, path, summary, permission }: Operation): string {
  return `${summary}. ${method} ${path} (${permission})`;
}

/** A field any value of which is allowed. */
export function isAnything(schema: Schema): boolean {
  return ['type', 'anyOf', 'oneOf', 'allOf', 'enum', 'const'].every((key) => !(key in schema));
}

export interface NamedSchema {
  readonly name: string;
  readonly schema: Schema;
  readonly isInput: boolean;
}

/**
 * Names for the bodies and answers of all operations. Equal schemas share one: a row is named after its resource
 * (Project), an answer of its own and a body after their operation (TasksRetryResult, ProjectsCreateInput).
 */
export function nameSchemas(operations: readonly Operation[]): {
  all: NamedSchema[];
  nameOf(schema: Schema, isInput: boolean): string | undefined;
} {
  const byText = new Map<string, NamedSchema>();
  const taken = new Set<string>();
  const add = (schema: Schema | undefined, wanted: readonly string[], isInput: boolean) => {
    if (!schema || isAnything(schema)) return;
    const text = keyOf(schema, isInput);
    if (byText.has(text)) return;
    const name = wanted.find((one) => !taken.has(one));
    if (name === undefined) throw new Error(`no free name among ${wanted.join(', ')}`);
    taken.add(name);
    byText.set(text, { name, schema, isInput });
  };
  const plain = (name: string) => ['list', 'get'].indexOf(name) + 1 || 9;
  for (const operation of [...operations].sort((a, b) => plain(a.name) - plain(b.name))) {
    const { resource, name } = operation;
    const own = `${pascal(resource)}${pascal(name)}`;
    const row = pascal(singular(resource));
    const isRow = name === 'list' || name === 'get';
    add(resultOf(operation), isRow ? [row, `${row}Detail`, `${own}Result`] : [`${own}Result`], false);
    add(operation.body, [`${own}Input`], true);
  }
  return {
    all: [...byText.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    nameOf: (schema, isInput) => byText.get(keyOf(schema, isInput))?.name,
  };
}

function keyOf(schema: Schema, isInput: boolean): string {
  return `${isInput} ${JSON.stringify(schema)}`;
}
