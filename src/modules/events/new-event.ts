import { uuidv7 } from '../../platform/core/ids.ts';
import { type EventColumns, extractGithub, type GithubColumns } from './extract/github.ts';
import { eventLimits } from './limits.ts';
import type { WebhookPayload } from './payload.ts';
import type { SchemeName } from './verify/index.ts';
import type { Verified } from './verify/scheme.ts';

/** The channel, and the name of the loop, that new events wake. */
export const events_channel = 'events';

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
  readonly url?: string | null;
  readonly actor?: string | null;
  readonly kind?: string;
  readonly github?: Partial<GithubColumns>;
}

/** One event, ready to be stored. */
export interface NewEvent {
  readonly id: string;
  readonly keys: readonly string[];
  readonly occurredAt: Date;
  /** The element of `items`, as JSON text. */
  readonly text: string;
  readonly bytes: number;
}

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
  return { id, keys: fields.keys, occurredAt, text: `${columns.slice(0, -1)},"payload":${payloadText}}`, bytes };
}

/** The time, kept within [13 months before now, one day after]: further out there are no partitions. */
export function clampTime(time: Date, now: Date): Date {
  const earliest = new Date(now);
  earliest.setUTCMonth(earliest.getUTCMonth() - eventLimits.claimed_months_back);
  const latest = now.getTime() + eventLimits.claimed_hours_ahead * 3_600_000;
  return new Date(Math.min(Math.max(time.getTime(), earliest.getTime()), latest));
}

/** The event a verified webhook tells of: GitHub's with its typed columns, others by their kind. */
export function eventOfWebhook(scheme: SchemeName, verified: Verified, payload: WebhookPayload, now: Date): NewEvent {
  const keys = [verified.deduplicationKey, ...(verified.replayKey === null ? [] : [verified.replayKey])];
  const { kind, externalId: external_id } = verified;
  if (scheme !== 'github') {
    return newEvent({ keys, type: kind, external_id }, payload.rawText, verified.claimedAt ?? null, now);
  }
  const { event, github } = extractGithub(kind, payload.json);
  const fields = { keys, external_id, kind, ...columnsOf(event), github: withoutNulls(github) };
  return newEvent(fields, payload.rawText, event.occurred_at, now);
}

function columnsOf(event: EventColumns) {
  const { type, category, title, repository_full_name, branch, commit_sha, url, actor_login: actor } = event;
  return { type, category, title, repository_full_name, branch, commit_sha, url, actor };
}

/** Most of the 75 columns are null for any kind; absent is the same, and half the text. */
function withoutNulls(github: GithubColumns): Partial<GithubColumns> {
  return Object.fromEntries(Object.entries(github).filter(([, value]) => value !== null));
}
