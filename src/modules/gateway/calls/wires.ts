import { errors } from '../../../platform/core/errors.ts';
import type { ConnectionWire } from '../connections/index.ts';
import type { Wire } from './accounting.ts';
import { type Fields, fieldsOf } from './capture.ts';
import { callErrors } from './errors.ts';
import type { SseEvent } from './sse.ts';

/** One of the ways a provider is called: where, and what its bodies mean. */
export interface WireFormat {
  readonly wire: Wire;
  readonly speaks: ConnectionWire;
  /** Below our own root. */
  readonly url: string;
  /** Behind a connection's base URL. */
  readonly path: string;
  readonly summary: string;
}

export const wireFormats: readonly WireFormat[] = [
  {
    wire: 'openai_chat',
    speaks: 'openai',
    url: '/gateway/openai/v1/chat/completions',
    path: '/chat/completions',
    summary: 'OpenAI’s chat completions, streaming or not',
  },
  {
    wire: 'openai_responses',
    speaks: 'openai',
    url: '/gateway/openai/v1/responses',
    path: '/responses',
    summary: 'OpenAI’s responses, streaming or not',
  },
  {
    wire: 'openai_embeddings',
    speaks: 'openai',
    url: '/gateway/openai/v1/embeddings',
    path: '/embeddings',
    summary: 'OpenAI’s embeddings',
  },
  {
    wire: 'anthropic_messages',
    speaks: 'anthropic',
    url: '/gateway/anthropic/v1/messages',
    path: '/v1/messages',
    summary: 'Anthropic’s messages, streaming or not',
  },
];

/** A request whose fields that concern us were looked at. */
export interface WireRequest {
  readonly bytes: Buffer;
  readonly body: Fields;
  readonly model: string;
  readonly isStream: boolean;
  /** The client itself wants the usage in its stream. */
  readonly wantsUsage: boolean;
}

/** Throws `invalid_request`, `call_not_supported`. The rest is the provider's to judge. */
export function readRequest(wire: Wire, bytes: Buffer, parsed: unknown): WireRequest {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw errors.invalid_request({ detail: 'the body is a JSON object' });
  }
  const body = fieldsOf(parsed);
  const model = body['model'];
  if (
    typeof model !== 'string' ||
    model === '' ||
    model.length > 200 ||
    /\p{Cc}/u.test(model) ||
    !model.isWellFormed()
  ) {
    throw errors.invalid_request({ field: 'model', detail: 'model is the name of a model' });
  }
  // its answer is fetched later, past us
  if (wire === 'openai_responses' && body['background'] === true) {
    throw callErrors.call_not_supported({ field: 'background', detail: 'what runs in the background is not counted' });
  }
  return {
    bytes,
    body,
    model,
    isStream: body['stream'] === true && wire !== 'openai_embeddings',
    wantsUsage: fieldsOf(body['stream_options'])['include_usage'] === true,
  };
}

/** How the provider is to be asked, where it is not as the client said it. */
export interface Changes {
  readonly provider: string;
  readonly model: string;
  /** For a call that names no limit of its own. */
  readonly outputCap: number | undefined;
}

/** The body for the provider: the client's own bytes unless something in them has to be another. */
export function outgoingBody(wire: Wire, request: WireRequest, changes: Changes): Buffer {
  const changed: Record<string, unknown> = {};
  if (changes.model !== request.model) changed['model'] = changes.model;
  if (changes.outputCap !== undefined) {
    // others that speak this format know the older name alone
    const chat = changes.provider === 'openai' ? 'max_completion_tokens' : 'max_tokens';
    const field = wire === 'openai_responses' ? 'max_output_tokens' : wire === 'openai_chat' ? chat : 'max_tokens';
    if (wire !== 'openai_embeddings') changed[field] = changes.outputCap;
  }
  if (wire === 'openai_chat' && request.isStream && !request.wantsUsage) {
    changed['stream_options'] = { ...fieldsOf(request.body['stream_options']), include_usage: true };
  }
  if (Object.keys(changed).length === 0) return request.bytes;
  return Buffer.from(JSON.stringify({ ...request.body, ...changed }));
}

/** The usage of an answer that came at once. */
export function usageOfAnswer(answer: unknown): unknown {
  return fieldsOf(answer)['usage'] ?? undefined;
}

/** What an event of a stream means. */
export interface EventMeaning {
  /** What the client gets; undefined: nothing. */
  readonly pass: Buffer | undefined;
  /** Its data where that is JSON. */
  readonly data: unknown;
  readonly isError: boolean;
}

export interface UsageReader {
  /** What the client gets of an event. */
  read(event: SseEvent): EventMeaning;
  /** All that the stream has said of its usage; undefined: nothing. */
  usage(): unknown;
  /** Whether the provider has said its last count: else what it said is of the beginning. */
  isWhole(): boolean;
}

const emptyUsage = Buffer.from(',"usage":null');

/**
 * Follows a stream's usage. `hidesUsage`: the client did not ask for the chunk that has it; nothing else of the stream
 * is another for it.
 */
export function makeUsageReader(wire: Wire, hidesUsage: boolean): UsageReader {
  let usage: Fields | undefined;
  let whole = false;

  function note(data: Fields): void {
    if (wire === 'anthropic_messages') {
      const said = data['type'] === 'message_start' ? fieldsOf(data['message'])['usage'] : data['usage'];
      // counts of later events are of the whole message, and leave out what has not changed
      if (typeof said === 'object' && said !== null) usage = { ...usage, ...withoutNulls(said as Fields) };
      if (data['type'] === 'message_delta' && typeof said === 'object') whole = true;
      return;
    }
    const said = wire === 'openai_responses' ? fieldsOf(data['response'])['usage'] : data['usage'];
    if (typeof said !== 'object' || said === null) return;
    usage = said as Fields;
    whole = true;
  }

  return {
    read(event) {
      const text = event.data();
      if (!text.startsWith('{')) return { pass: event.bytes, data: undefined, isError: false };
      let data: Fields;
      try {
        data = fieldsOf(JSON.parse(text));
      } catch {
        return { pass: event.bytes, data: undefined, isError: false };
      }
      note(data);
      const isError = data['type'] === 'error' || (typeof data['error'] === 'object' && data['error'] !== null);
      return { pass: hidesUsage ? withoutUsage(event.bytes, data) : event.bytes, data, isError };
    },
    usage: () => usage,
    isWhole: () => whole,
  };
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}

/** A chunk as it would have been without `include_usage`: the one with the usage alone is not there. */
function withoutUsage(bytes: Buffer, data: Fields): Buffer | undefined {
  if (!('usage' in data)) return bytes;
  const { choices, usage } = data;
  if (usage !== null) return Array.isArray(choices) && choices.length === 0 ? undefined : bytes;
  // quotes inside of texts are escaped, so this is no part of one
  const at = bytes.lastIndexOf(emptyUsage);
  return at < 0 ? bytes : Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + emptyUsage.length)]);
}
