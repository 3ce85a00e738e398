import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { errors, PlinthError } from '../../platform/core/errors.ts';
import { makeRegistrar, type RouteRegistrar } from '../../platform/http/route.ts';
import { Id } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { type Ingested, ingestEvents } from './ingest.ts';
import { isObject } from './json.ts';
import { eventLimits } from './limits.ts';
import type { NewEvent } from './new-event.ts';
import { eachAlone, linesOf, readCloudEvent, readItem, readSent, SentEvent, toNewEvent } from './sent-events.ts';

const cloud_event = 'application/cloudevents+json';
const cloud_event_batch = 'application/cloudevents-batch+json';
const ndjson = 'application/x-ndjson';

const Answers = Type.Object({
  data: Type.Array(Type.Object({ id: Id, duplicate: Type.Boolean() })),
});

const origin = { sourceId: null, scheme: 'api' } as const;

/** What the content type parsers make of a body that is not plain JSON. */
type ParsedBody = { readonly ndjson: string } | { readonly cloud_events: readonly unknown[] };

const isParsed = (body: unknown): body is ParsedBody =>
  isObject(body) && ('ndjson' in body || 'cloud_events' in body) && !('type' in body);

/**
 * POST /v1/events, in a scope whose parsers refuse what jsonb cannot hold and keep the digits of numbers. JSON and
 * CloudEvents: all or none. NDJSON: each line alone.
 */
export function sendRoute(routes: RouteRegistrar, platform: Platform): void {
  routes.app.register(async (scope) => {
    scope.removeContentTypeParser('application/json');
    addParser(scope, 'application/json', readPlain);
    addParser(scope, cloud_event, (bytes) => ({ cloud_events: [readSent(bytes)] }));
    addParser(scope, cloud_event_batch, (bytes) => {
      const batch = readSent(bytes);
      return { cloud_events: Array.isArray(batch) ? batch : [batch] };
    });
    // byte for byte: whether a line is valid UTF-8 is asked of each line
    for (const type of [ndjson, 'application/jsonl']) {
      addParser(scope, type, (bytes) => ({ ndjson: bytes.toString('latin1') }));
    }
    makeRegistrar(scope, platform, routes.policy, routes.actorNow).add({
      method: 'POST',
      url: '/v1/events',
      summary: 'Send one event or several, each stored at most once',
      tag: 'events',
      permission: 'events:write',
      body: Type.Union([SentEvent, Type.Array(SentEvent, { minItems: 1, maxItems: eventLimits.api_events_max })]),
      otherBodies: {
        [ndjson]: Type.Unknown({
          description:
            'An event a line, or a CloudEvent. A line that is refused is answered as an error; the others are stored.',
        }),
        [cloud_event]: Type.Unknown({ description: 'A CloudEvent 1.0 in structured JSON.' }),
        [cloud_event_batch]: Type.Unknown({ description: 'A list of CloudEvents, stored all or none.' }),
      },
      response: Answers,
      bodyLimitBytes: eventLimits.api_body_bytes,
      mode: 'write',
      async run(tx, { body, reply }) {
        const now = platform.clock.now();
        const sent: unknown = body;
        if (isParsed(sent)) {
          if ('cloud_events' in sent) {
            return { data: await ingestEvents(platform, tx, origin, readCloudEvents(sent.cloud_events, now)) };
          }
          const answer = await storeLines(platform, tx, Buffer.from(sent.ndjson, 'latin1'), now);
          if (answer.failed > 0) reply.code(207);
          return answer;
        }
        const events = (Array.isArray(body) ? body : [body]).map((one) => toNewEvent(one, now));
        return { data: await ingestEvents(platform, tx, origin, events) };
      },
    });
  });
}

/** What fails as one document and is well-formed line by line was sent under the wrong type. */
function readPlain(bytes: Buffer): unknown {
  try {
    return readSent(bytes);
  } catch (error) {
    const end = bytes.indexOf('\n');
    if (!(error instanceof PlinthError) || error.code !== 'invalid_json' || end === -1) throw error;
    const first = eachAlone(() => readItem(readSent(bytes.subarray(0, end)), new Date(0)));
    throw 'event' in first ? errors.invalid_json({ detail: `Events a line are sent as ${ndjson}.` }) : error;
  }
}

function addParser(scope: FastifyInstance, type: string, read: (bytes: Buffer) => unknown): void {
  scope.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, read(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
}

/** CloudEvents, all or none; the error names which. */
function readCloudEvents(all: readonly unknown[], now: Date): NewEvent[] {
  if (all.length === 0 || all.length > eventLimits.api_events_max) {
    throw errors.invalid_request({ detail: `A batch has 1 to ${eventLimits.api_events_max} events.` });
  }
  return all.map((one, place) => {
    const sent = eachAlone(() => readCloudEvent(one, now));
    if ('event' in sent) return sent.event;
    const { field, detail, errors: problems } = sent.error;
    throw errors.invalid_request({
      field: `${place}${field ?? ''}`,
      detail: `event ${place}: ${detail ?? sent.error.title}`,
      ...(problems ? { errors: problems.map(({ path, message }) => ({ path: `/${place}${path}`, message })) } : {}),
    });
  });
}

interface LineAnswer {
  readonly line: number;
  readonly id?: string;
  readonly duplicate?: boolean;
  readonly error?: Record<string, unknown>;
}

/** Stores the lines that can be, in one transaction, and says of each what became of it. */
async function storeLines(platform: Platform, tx: ScopedTx, body: Buffer, now: Date) {
  const sent = linesOf(body).map(({ line, bytes }) => ({
    line,
    ...eachAlone(() => readItem(readSent(bytes), now)),
  }));
  const good = sent.flatMap((one) => ('event' in one ? [one.event] : []));
  const stored: Ingested[] = [];
  for (const batch of batchesOf(good)) stored.push(...(await ingestEvents(platform, tx, origin, batch)));
  let next = 0;
  const data = sent.map((one): LineAnswer => {
    const { line } = one;
    return 'error' in one ? { line, error: refusal(one.error) } : { line, ...stored[next++] };
  });
  const duplicates = stored.filter(({ duplicate }) => duplicate).length;
  return { data, stored: stored.length - duplicates, duplicates, failed: sent.length - stored.length };
}

/** In statements of a size that the database takes well. */
function batchesOf(events: readonly NewEvent[]): NewEvent[][] {
  const batches: NewEvent[][] = [];
  let bytes = 0;
  for (const event of events) {
    const last = batches.at(-1);
    bytes += event.text.length;
    if (last && last.length < eventLimits.batch_events_max && bytes <= eventLimits.batch_bytes_max) last.push(event);
    else {
      batches.push([event]);
      bytes = event.text.length;
    }
  }
  return batches;
}

/** What a problem document would say of this one event. */
function refusal({ code, title, detail, hint, field, errors: problems }: PlinthError): Record<string, unknown> {
  return { code, title, detail, hint, field, errors: problems };
}
