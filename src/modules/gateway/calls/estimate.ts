import type { Wire } from './accounting.ts';

/** What a request may come to before it is made, in tokens. */
export interface Estimate {
  /** What it likely is: charged where the provider's count never came. */
  readonly input: number;
  /** What it hardly exceeds: held while it runs. */
  readonly inputWorst: number;
  /** What the request itself allows, of all its choices together; undefined: it names no limit. */
  readonly output: number | undefined;
  /** How many answers it asks for. */
  readonly choices: number;
  /** Input may be written to a cache, which some providers charge more for. */
  readonly writesCache: boolean;
}

/** English has four bytes a token and more, Chinese and code two to three. */
const bytes_per_token = 4;
const bytes_per_token_worst = 2;
/** Larger than what providers say of one picture. */
const picture_tokens = 5_000;
const message_tokens = 16;
/** What providers add to a request that has tools. */
const tools_tokens = 700;
/** Of base64: documents and sound. */
const attachment_bytes_per_token = 8;

interface Counted {
  bytes: number;
  attachmentBytes: number;
  pictures: number;
  messages: number;
  writesCache: boolean;
}

export function estimateOf(wire: Wire, body: Readonly<Record<string, unknown>>): Estimate {
  const counted: Counted = { bytes: 0, attachmentBytes: 0, pictures: 0, messages: 0, writesCache: false };
  count(body, '', counted);
  const extra =
    counted.pictures * picture_tokens +
    counted.messages * message_tokens +
    Math.ceil(counted.attachmentBytes / attachment_bytes_per_token) +
    (Array.isArray(body['tools']) && body['tools'].length > 0 ? tools_tokens : 0);
  const { named, choices } = outputOf(wire, body);
  return {
    input: Math.ceil(counted.bytes / bytes_per_token) + counted.pictures * 1_000,
    inputWorst: Math.ceil(counted.bytes / bytes_per_token_worst) + extra,
    output: wire === 'openai_embeddings' ? 0 : named === undefined ? undefined : named * choices,
    choices,
    writesCache: counted.writesCache,
  };
}

/** Tokens of a text that a provider has sent and not counted. */
export function tokensOfText(bytes: number): number {
  return Math.ceil(bytes / bytes_per_token);
}

/** The field that says how much may come out, the one that providers look at first before the others. */
export const outputLimitFields: Readonly<Record<Wire, readonly string[]>> = {
  openai_chat: ['max_completion_tokens', 'max_tokens'],
  openai_responses: ['max_output_tokens'],
  openai_embeddings: [],
  anthropic_messages: ['max_tokens'],
};

function outputOf(wire: Wire, body: Readonly<Record<string, unknown>>) {
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
  const named = outputLimitFields[wire].map((name) => body[name]).filter(isCount);
  const choices = wire === 'openai_chat' && isCount(body['n']) ? body['n'] : 1;
  return { named: named.length > 0 ? Math.max(...named) : undefined, choices };
}

function count(value: unknown, name: string, into: Counted): void {
  if (typeof value === 'string') {
    const picture = /^data:image\//.test(value) || name === 'image_url';
    if (picture) into.pictures++;
    else if (/^data:/.test(value) || ((name === 'data' || name === 'file_data') && value.length > 1_000)) {
      into.attachmentBytes += value.length;
    } else into.bytes += Buffer.byteLength(value);
    return;
  }
  if (typeof value === 'number') {
    // numbers are tokens too where they are content: embeddings take lists of them
    into.bytes += 4;
    return;
  }
  if (Array.isArray(value)) {
    if (name === 'messages' || name === 'input') into.messages += value.length;
    for (const item of value) count(item, '', into);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const fields = value as Record<string, unknown>;
  if ('cache_control' in fields) into.writesCache = true;
  const isPicture = fields['type'] === 'image' || fields['type'] === 'image_url' || fields['type'] === 'input_image';
  if (isPicture) {
    into.pictures++;
    return;
  }
  for (const [key, item] of Object.entries(fields)) {
    into.bytes += key.length;
    count(item, key, into);
  }
}
