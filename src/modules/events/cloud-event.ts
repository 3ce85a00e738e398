import type { ScopedTx } from '../../platform/scope/door.ts';
import { type EventRow, readEventRow, readPayloadText } from './read-events.ts';

export const cloud_event_type = 'application/cloudevents+json';

/** An attribute is a string, an integer or a boolean; one without a value is left out. */
type Attributes = Record<string, string | number | boolean>;

const context_names = ['subject', 'dataschema', 'datacontenttype'] as const;

/** How binary data of a CloudEvent is kept. */
const BINARY = /^\{"data_base64": ?"[A-Za-z0-9+/=]*"\}$/;

/** Attributes of ours: what an event of ours does not have is left out. */
function attributesOf(event: EventRow, organizationId: string): Attributes {
  const extensions = {
    organizationid: organizationId,
    category: event.category,
    priority: event.priority,
    externalid: event.external_id,
    actor: event.actor,
    userid: event.user_id,
    repository: event.repository_full_name,
    repositoryid: event.repository_id,
    branch: event.branch,
    commit: event.commit_sha,
    pullrequest: event.pull_request_number,
    projectid: event.project_id,
    taskid: event.task_id,
    eventurl: event.url,
    receivedtime: event.received_at.toISOString(),
  };
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(extensions)) if (value !== null) attributes[name] = value;
  return attributes;
}

/**
 * A stored event as a CloudEvent 1.0 in structured JSON; `payloadText` goes in as it is, with its digits. `id` is the
 * event's id here and `source` the event source, so both together are unique, as the specification asks. What was sent
 * as a CloudEvent keeps its type, subject, data schema and extensions; its own source and id are `sendersource` and
 * `externalid`. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export function cloudEventText(
  event: EventRow & { readonly sender_context: Readonly<Record<string, unknown>> | null },
  organizationId: string,
  payloadText: string,
): string {
  const { id: _id, source: sender, type: _type, specversion: _version, ...sent } = event.sender_context ?? {};
  const own = attributesOf(event, organizationId);
  const extensions: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(sent)) {
    if (!(context_names as readonly string[]).includes(name) && value !== null) extensions[name] = value;
  }
  const attributes = {
    specversion: '1.0',
    id: event.id,
    source: `/events/${event.source}${event.source_id === null ? '' : `/${event.source_id}`}`,
    type: event.type,
    time: event.occurred_at.toISOString(),
    datacontenttype: 'application/json',
    ...(event.title === null ? {} : { subject: event.title }),
    ...Object.fromEntries(context_names.flatMap((name) => (name in sent ? [[name, sent[name]]] : []))),
    ...extensions,
    // ours have the last word: nobody may say an event is another organization's
    ...own,
    ...(typeof sender === 'string' ? { sendersource: sender } : {}),
  };
  const data = event.sender_context && BINARY.test(payloadText) ? payloadText.slice(1, -1) : `"data":${payloadText}`;
  return `${JSON.stringify(attributes).slice(0, -1)},${data}}`;
}

/** Throws `not_found`. */
export async function readCloudEventText(tx: ScopedTx, id: string): Promise<string> {
  const event = await readEventRow(tx, id);
  return cloudEventText(event, tx.organizationId, await readPayloadText(tx, id));
}
