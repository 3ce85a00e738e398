import { uuidv7 } from '../../platform/core/ids.ts';
import { extractDeployment } from './extract/deployment.ts';
import type { Columns, Extracted, Extraction } from './extract/extractor.ts';
import { extractGithub } from './extract/github.ts';
import { extractLinear } from './extract/linear.ts';
import { mentionsOf } from './extract/mentions.ts';
import { extractSlack } from './extract/slack.ts';
import { stringAt } from './json.ts';
import { eventLimits } from './limits.ts';
import type { WebhookPayload } from './payload.ts';
import type { SchemeName } from './verify/index.ts';
import type { Verified } from './verify/scheme.ts';

/** The channel, and the name of the loop, that new events wake. */
export const events_channel = 'events';

type TypedColumns = Readonly<Record<string, unknown>>;

/** One event as `plinth.ingest_events` takes it, but for its payload. */
export interface EventFields {
  readonly keys: readonly string[];
  readonly type: string;
  readonly category?: string;
  readonly priority?: number;
  readonly external_id?: string | null;
  readonly title?: string | null;
  readonly provider?: string;
  readonly repository_full_name?: string | null;
  readonly branch?: string | null;
  readonly commit_sha?: string | null;
  readonly pull_request_number?: number | null;
  readonly url?: string | null;
  readonly actor?: string | null;
  /** What is linked where the organization knows it: a project, a task, a member by identity or address. */
  readonly project_id?: string | null;
  readonly task_id?: string | null;
  readonly actor_issuer?: string | null;
  readonly actor_subject?: string | null;
  readonly actor_email?: string | null;
  /** The attributes of a CloudEvent, as they were sent. */
  readonly sender_context?: TypedColumns | null;
  /** The sender's word for what happened, and the columns of the tables of its kind. */
  readonly kind?: string;
  readonly github?: TypedColumns;
  readonly linear?: TypedColumns;
  readonly slack?: TypedColumns;
  readonly deployment?: TypedColumns;
}

/** One event, ready to be stored. */
export interface NewEvent {
  readonly id: string;
  readonly keys: readonly string[];
  readonly occurredAt: Date;
  /** The element of `items`, as JSON text. */
  readonly text: string;
  readonly bytes: number;
  /** What has typed columns of it: each of these has a table, with partitions of its own. */
  readonly typed: readonly (typeof typedColumns)[number][];
}

const typedColumns = ['github', 'linear', 'slack', 'deployment'] as const;

/**
 * The event as JSON text. The payload's text goes in as it came: parsed and serialised again, large numbers would lose
 * digits. It must be well-formed JSON, as `readPayload` has checked. `claimedAt` is the sender's time, if it said one.
 */
export function newEvent(fields: EventFields, payloadText: string, claimedAt: Date | null, now: Date): NewEvent {
  const occurredAt = clampTime(claimedAt ?? now, now);
  const id = uuidv7(occurredAt);
  const bytes = Buffer.byteLength(payloadText);
  const columns = JSON.stringify({
    ...fields,
    id,
    occurred_at: occurredAt,
    claimed_at: claimedAt,
    payload_bytes: bytes,
  });
  const text = `${columns.slice(0, -1)},"payload":${payloadText}}`;
  const typed = typedColumns.filter((name) => fields[name] !== undefined);
  return { id, keys: fields.keys, occurredAt, text, bytes, typed };
}

/** The time, kept within [13 months before now, one day after]: further out there are no partitions. */
export function clampTime(time: Date, now: Date): Date {
  const earliest = new Date(now);
  earliest.setUTCMonth(earliest.getUTCMonth() - eventLimits.claimed_months_back);
  const latest = now.getTime() + eventLimits.claimed_hours_ahead * 3_600_000;
  return new Date(Math.min(Math.max(time.getTime(), earliest.getTime()), latest));
}

type Read = Omit<EventFields, 'keys' | 'external_id'> & { readonly at: Date | null };

/** How the body of each sender is read; the others' have no columns of their own. */
const readers: Readonly<Partial<Record<SchemeName, (kind: string, json: unknown) => Read>>> = {
  github: readGithub,
  linear: readLinear,
  slack: readSlack,
  deployment: readDeployment,
};

/** The event a verified webhook tells of, with the typed columns of its sender where it has some. */
export function eventOfWebhook(scheme: SchemeName, verified: Verified, payload: WebhookPayload, now: Date): NewEvent {
  const keys = [verified.deduplicationKey, ...(verified.replayKey === null ? [] : [verified.replayKey])];
  const { kind, externalId: external_id, claimedAt = null } = verified;
  const read = readers[scheme]?.(kind, payload.json);
  if (!read) return newEvent({ keys, type: kind, external_id }, payload.rawText, claimedAt, now);
  const { at, ...fields } = read;
  return newEvent({ keys, external_id, ...fields }, payload.rawText, at ?? claimedAt, now);
}

function readGithub(kind: string, json: unknown): Read {
  const { event, github } = extractGithub(kind, json);
  const { type, category, title, repository_full_name, branch, commit_sha, url, actor_login: actor } = event;
  const deployed = kind === 'deployment' || kind === 'deployment_status' ? extractDeployment(kind, json) : undefined;
  return {
    ...{ kind, type, category, title, repository_full_name, branch, commit_sha, url, actor, at: event.occurred_at },
    pull_request_number: github.pull_request_number,
    ...mentionsOf('github', json, { branch, subject: event.actor_external_id }),
    github: withoutNulls(github),
    ...(deployed ? { deployment: withoutNulls(deployed.columns) } : {}),
  };
}

const ACTION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

function readLinear(kind: string, json: unknown): Read {
  const { columns, ...event } = extractLinear(kind, json);
  const { action, actor_name: actor, branch } = columns;
  return {
    ...common(event),
    ...{ kind, actor, branch },
    type: action !== null && ACTION.test(action) ? `${kind}.${action}` : kind,
    ...mentionsOf('linear', json, { branch, subject: columns.actor_id }),
    linear: withoutNulls(columns),
  };
}

function readSlack(kind: string, json: unknown): Read {
  const { columns, ...event } = extractSlack(kind, json);
  const actor = columns.user_name ?? columns.user_id ?? columns.bot_id;
  const subject = columns.user_id;
  return {
    ...common(event),
    ...{ kind, type: kind, actor },
    ...mentionsOf('slack', json, { branch: null, subject }),
    slack: withoutNulls(columns),
  };
}

function readDeployment(kind: string, json: unknown): Read {
  return { kind, ...deploymentFields(json) };
}

/** What a report of a deployment says, also where it came with a key. */
export function deploymentFields(json: unknown) {
  const { columns, ...event } = extractDeployment('report', json);
  const { status, branch, commit_sha, repository_full_name, triggered_by: actor } = columns;
  return {
    ...common(event),
    ...{ branch, commit_sha, repository_full_name, actor },
    type: status === null ? 'deployment' : `deployment.${status}`,
    provider: stringAt(json, 'repository', 'provider') ?? 'github',
    ...mentionsOf('deployment', json, { branch, subject: null }),
    deployment: withoutNulls(columns),
  };
}

function common({ category, title, url, occurred_at: at }: Omit<Extraction<Columns>, 'columns'>) {
  return { category, title, url, at };
}

/** Most of the columns are null for any kind; absent is the same, and half the text. */
function withoutNulls(columns: Extracted<Columns>): TypedColumns {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== null));
}
