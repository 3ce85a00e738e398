import { createHash } from 'node:crypto';
import { type Static, type TSchema, Type } from 'typebox';
import type { Validator } from 'typebox/compile';
import { errors, type FieldError, PlinthError } from '../../platform/core/errors.ts';
import { compiledOnce } from '../../platform/core/schema-checks.ts';
import { Id, Line } from '../../platform/http/schemas.ts';
import { eventCategories } from './extract/github-columns.ts';
import { isEmail } from './extract/mentions.ts';
import { isObject, parseKeepingDigits } from './json.ts';
import { eventLimits } from './limits.ts';
import { deploymentFields, type EventFields, type NewEvent, newEvent } from './new-event.ts';
import { readPayload } from './payload.ts';

const closed = { additionalProperties: false } as const;
const TypeName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}$', description: 'Such as "order.paid".' });
const Category = Type.Enum([...eventCategories]);
const Priority = Type.Integer({ minimum: -1000, maximum: 1000 });
const Commit = Type.String({ pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' });
const PullRequest = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const Email = Type.Refine(
  Type.String({ maxLength: 254 }),
  (text) => isEmail(text),
  () => 'must be an e-mail address',
);

/** An event as it is sent with a key. */
export const SentEvent = Type.Object(
  {
    type: TypeName,
    category: Type.Optional(Category),
    priority: Type.Optional(Priority),
    title: Type.Optional(Line(500)),
    occurred_at: Type.Optional(Type.String({ format: 'date-time' })),
    actor: Type.Optional(Line(200)),
    actor_email: Type.Optional(Email),
    url: Type.Optional(Line(2000)),
    branch: Type.Optional(Line(255)),
    commit: Type.Optional(Commit),
    pull_request: Type.Optional(PullRequest),
    repository: Type.Optional(
      Type.Object({ provider: Type.Enum(['github', 'gitlab', 'bitbucket', 'local']), full_name: Line(300) }, closed),
    ),
    project_id: Type.Optional(Id),
    task_id: Type.Optional(Id),
    id: Type.Optional(
      Type.String({ pattern: '^[!-~]{1,200}$', description: "The sender's id: sent again, a repeat." }),
    ),
    deduplication_key: Type.Optional(
      Type.String({ pattern: '^[!-~]{1,200}$', description: 'What makes a repeat, where that is not the id.' }),
    ),
    payload: Type.Optional(Type.Unknown()),
  },
  closed,
);
export type SentEvent = Static<typeof SentEvent>;

/**
 * A CloudEvent 1.0 in structured JSON. Attributes that are not known here are kept as they are (`sender_context`).
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
 */
export const CloudEvent = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    id: Line(200),
    source: Line(1000),
    type: TypeName,
    subject: Type.Optional(Line(500)),
    time: Type.Optional(Type.String({ format: 'date-time' })),
    datacontenttype: Type.Optional(Line(200)),
    dataschema: Type.Optional(Line(1000)),
    data: Type.Optional(Type.Unknown()),
    data_base64: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' })),
    category: Type.Optional(Category),
    priority: Type.Optional(Priority),
    actor: Type.Optional(Line(200)),
    branch: Type.Optional(Line(255)),
    commit: Type.Optional(Commit),
  },
  { additionalProperties: true, description: 'A CloudEvent 1.0 in structured JSON.' },
);
export type CloudEvent = Static<typeof CloudEvent>;

/** An event that was sent, or why it can not be stored. */
export type Sent = { readonly event: NewEvent } | { readonly error: PlinthError };

/** `deployment`, `deployment.succeeded`. */
const DEPLOYMENT = /^deployment(\.|$)/;

/** Throws `invalid_request` for a time that is none. */
export function toNewEvent(sent: SentEvent, now: Date): NewEvent {
  const { deduplication_key: key, id, repository, commit, occurred_at, payload, pull_request, ...rest } = sent;
  const keys = key !== undefined ? [`key:${key}`] : id !== undefined ? [`id:${id}`] : [];
  const read = DEPLOYMENT.test(sent.type) ? deploymentOf(payload) : {};
  const fields: EventFields = {
    ...read,
    ...rest,
    keys,
    external_id: id ?? null,
    ...(commit === undefined ? {} : { commit_sha: commit }),
    ...(pull_request === undefined ? {} : { pull_request_number: pull_request }),
    ...(repository ? { provider: repository.provider, repository_full_name: repository.full_name } : {}),
  };
  const text = payload === undefined ? '{}' : JSON.stringify(payload);
  return newEvent(fields, text, occurred_at === undefined ? null : timeOf(occurred_at, 'occurred_at'), now);
}

/** A report of a deployment has its columns, whoever sends it. */
function deploymentOf(payload: unknown): Partial<EventFields> {
  const { at: _at, type: _type, ...fields } = deploymentFields(payload);
  return { ...fields, kind: 'report' };
}

/** Attributes that have a place of their own; the others, and these two, are the context. */
const placed = new Set(['data', 'data_base64', 'category', 'priority', 'actor', 'branch', 'commit', 'time']);
const context_bytes_max = 16 * 1024;

/**
 * The event a CloudEvent tells of: source and id together make a repeat, as the specification says. Data that is not
 * JSON is kept as text, binary data as `data_base64`. Throws `invalid_request`.
 */
export function cloudEventToNewEvent(sent: CloudEvent, now: Date): NewEvent {
  const { id, source, type, subject, time, category, priority, actor, branch, commit } = sent;
  const names = Object.keys(sent);
  const wrong = names.find((name) => !/^[a-z0-9]{1,20}$/.test(name) && name !== 'data_base64');
  if (wrong !== undefined) {
    const detail = 'names of attributes are 1 to 20 lower case letters and digits';
    throw errors.invalid_request({ detail, errors: [{ path: '', message: detail }] });
  }
  if (sent.data !== undefined && sent.data_base64 !== undefined) {
    throw errors.invalid_request({ field: 'data', detail: 'data and data_base64 stand in each other’s place' });
  }
  const context = Object.fromEntries(Object.entries(sent).filter(([name]) => !placed.has(name)));
  if (Buffer.byteLength(JSON.stringify(context)) > context_bytes_max) {
    throw errors.invalid_request({ detail: `the attributes have more than ${context_bytes_max} bytes` });
  }
  const digest = createHash('sha256').update(source).digest('base64url');
  const payload = sent.data_base64 === undefined ? sent.data : { data_base64: sent.data_base64 };
  const fields: EventFields = {
    ...(DEPLOYMENT.test(type) ? deploymentOf(payload) : {}),
    keys: [`ce:${digest}:${id}`],
    type,
    external_id: id,
    sender_context: context,
    ...(subject === undefined ? {} : { title: subject }),
    ...(category === undefined ? {} : { category }),
    ...(priority === undefined ? {} : { priority }),
    ...(actor === undefined ? {} : { actor }),
    ...(branch === undefined ? {} : { branch }),
    ...(commit === undefined ? {} : { commit_sha: commit }),
  };
  const text = payload === undefined ? 'null' : JSON.stringify(payload);
  return newEvent(fields, text, time === undefined ? null : timeOf(time, 'time'), now);
}

/** The format also allows leap seconds and the year 0000, which are no times to JavaScript or to PostgreSQL. */
function timeOf(text: string, field: string): Date {
  const time = new Date(text);
  if (time.getTime() >= 0) return time;
  throw errors.invalid_request({ field, detail: `${field} is not a time after 1970` });
}

/** Reads JSON that keeps its digits and that jsonb keeps exactly. Throws as `readPayload`. */
export function readSent(bytes: Buffer): unknown {
  return parseKeepingDigits(readPayload(bytes, { bytesMax: eventLimits.api_body_bytes }).rawText);
}

/** Throws `invalid_request` with each fault and its path. */
export function readCloudEvent(value: unknown, now: Date): NewEvent {
  return cloudEventToNewEvent(checked(cloudEvent(), value), now);
}

/** One event, of whichever of the two forms it has: a CloudEvent says so by `specversion`. Throws `invalid_request`. */
export function readItem(value: unknown, now: Date): NewEvent {
  if (isObject(value) && Object.hasOwn(value, 'specversion')) return readCloudEvent(value, now);
  return toNewEvent(checked(sentEvent(), value), now);
}

const sentEvent = compiledOnce(SentEvent);
const cloudEvent = compiledOnce(CloudEvent);

function checked<T extends TSchema>(schema: Validator<Record<never, never>, T>, value: unknown): Static<T> {
  if (schema.Check(value)) return value as Static<T>;
  const problems: FieldError[] = schema.Errors(value).flatMap(({ keyword, instancePath, message, params }) => {
    if (keyword === 'boolean') return [];
    const { additionalProperties: extra } = params as { additionalProperties?: readonly string[] };
    if (extra) return extra.map((name) => ({ path: `${instancePath}/${name}`, message: 'is not a known field' }));
    return [{ path: instancePath, message: message ?? 'is not valid' }];
  });
  const [first] = problems;
  throw errors.invalid_request({
    errors: problems.slice(0, 20),
    ...(first ? { field: first.path, detail: `${first.path || 'the event'} ${first.message}` } : {}),
  });
}

/** What `make` gives, or the error it threw for this one event. Anything else is a fault of ours and goes on. */
export function eachAlone(make: () => NewEvent): Sent {
  try {
    return { event: make() };
  } catch (error) {
    if (error instanceof PlinthError && error.status < 500) return { error };
    throw error;
  }
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * The lines of an NDJSON body with their numbers; empty ones are passed over. Throws `body_too_large` for too many,
 * `invalid_json` for none.
 */
export function linesOf(body: Buffer): { readonly line: number; readonly bytes: Buffer }[] {
  const lines: { line: number; bytes: Buffer }[] = [];
  let line = 0;
  for (let start = 0; start < body.length; ) {
    const next = body.indexOf(NEWLINE, start);
    const end = next === -1 ? body.length : next;
    line++;
    const bytes = body.subarray(start, body[end - 1] === CARRIAGE_RETURN && end > start ? end - 1 : end);
    if (bytes.some((byte) => byte !== 0x20 && byte !== 0x09)) {
      if (lines.length >= eventLimits.api_lines_max) {
        throw errors.body_too_large({ detail: `The body has more than ${eventLimits.api_lines_max} lines.` });
      }
      lines.push({ line, bytes });
    }
    start = end + 1;
  }
  if (lines.length === 0) throw errors.invalid_json({ detail: 'The body has no line.' });
  return lines;
}
