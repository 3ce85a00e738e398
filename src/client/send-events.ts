/** Sends webhooks to a hook as their senders do: signed, over HTTP, several at once. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type HmacConfiguration,
  type SchemeName,
  type SignedHeaders,
  signGithub,
  signHmac,
  signLinear,
  signSlack,
  signStandardWebhooks,
} from '../modules/events/index.ts';

/** A body to send, and what kind of event it tells of (GitHub and `hmac` say it in a header). */
export interface SamplePayload {
  /** For reports: a file's name, or any. */
  readonly name: string;
  readonly body: Buffer | string;
  /** Sent in place of the body that was signed: to show that a changed one is refused. */
  readonly sentBody?: Buffer | string;
  readonly kind?: string;
}

export interface SendOptions {
  /** The hook's address: absolute, or with `baseUrl` the `hook_path` that making the source showed. */
  readonly hook: string;
  readonly baseUrl?: string;
  readonly secret: string;
  /** Default `github`. */
  readonly scheme?: SchemeName;
  /** For the scheme `hmac`. */
  readonly configuration?: HmacConfiguration;
  /** Files of one JSON payload each; sent after `payloads`. */
  readonly files?: readonly string[];
  readonly payloads?: readonly SamplePayload[];
  /** The kind of those that name none; else it is the file's name up to the first dot: `push.json`. */
  readonly kind?: string;
  /** Requests at once; default 4. */
  readonly concurrency?: number;
  readonly onProgress?: (progress: SendProgress) => void;
  readonly signal?: AbortSignal;
}

export interface SendProgress {
  readonly sent: number;
  readonly total: number;
  readonly last: SendResult;
}

export interface SendResult {
  readonly name: string;
  readonly outcome: 'stored' | 'duplicate' | 'answered' | 'refused';
  readonly status: number;
  /** The event's id, where it was stored. */
  readonly id?: string;
  /** The error's code and detail, where it was refused. */
  readonly code?: string;
  readonly detail?: string;
}

export interface SendSummary {
  readonly stored: number;
  readonly duplicates: number;
  readonly refused: number;
  /** In the order of the payloads. */
  readonly results: readonly SendResult[];
}

const attempts_max = 5;
const retry_seconds_max = 30;
const request_timeout_ms = 60_000;

/**
 * Sends all payloads; resolves when each was answered. A refusal is a result and stops nothing; 429 and 503 are tried
 * again as their Retry-After says. Rejects when a file cannot be read or the server cannot be reached.
 */
export async function sendEvents(options: SendOptions): Promise<SendSummary> {
  const url = new URL(options.hook, options.baseUrl);
  const todo: (() => Promise<SamplePayload>)[] = [
    ...(options.payloads ?? []).map((payload) => async () => payload),
    ...(options.files ?? []).map((file) => async () => ({ name: basename(file), body: await readFile(file) })),
  ];
  const results: SendResult[] = new Array(todo.length);
  let next = 0;
  let sent = 0;
  async function work(): Promise<void> {
    for (let place = next++; place < todo.length; place = next++) {
      options.signal?.throwIfAborted();
      const result = await sendOne(url, await todo[place]!(), options);
      results[place] = result;
      options.onProgress?.({ sent: ++sent, total: todo.length, last: result });
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.concurrency ?? 4, todo.length) }, work));
  const count = (outcome: SendResult['outcome']) => results.filter((result) => result.outcome === outcome).length;
  return { stored: count('stored'), duplicates: count('duplicate'), refused: count('refused'), results };
}

async function sendOne(url: URL, payload: SamplePayload, options: SendOptions): Promise<SendResult> {
  for (let attempt = 1; ; attempt++) {
    const timeout = AbortSignal.timeout(request_timeout_ms);
    const response = await fetch(url, {
      method: 'POST',
      headers: sign(payload, options),
      body: new Uint8Array(Buffer.from(payload.sentBody ?? payload.body)),
      redirect: 'error',
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    });
    const answer = await readAnswer(response);
    if ((response.status === 429 || response.status === 503) && attempt < attempts_max) {
      const seconds = Math.min(retry_seconds_max, Number(response.headers.get('retry-after') ?? 1) || 1);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      continue;
    }
    return resultOf(payload.name, response.status, answer);
  }
}

async function readAnswer(response: Response): Promise<Record<string, unknown>> {
  try {
    const answer: unknown = await response.json();
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
  } catch {
    // Not from Plinth: a proxy's page, say. The status tells enough.
    return {};
  }
}

function resultOf(name: string, status: number, answer: Record<string, unknown>): SendResult {
  const text = (field: string) => (typeof answer[field] === 'string' ? (answer[field] as string) : undefined);
  const [id, code, detail] = [text('id'), text('code'), text('detail')];
  const outcome =
    status >= 300 ? 'refused' : id === undefined ? 'answered' : answer['duplicate'] === true ? 'duplicate' : 'stored';
  return {
    name,
    status,
    outcome,
    ...(id === undefined ? {} : { id }),
    ...(code === undefined ? {} : { code }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/** The headers of one sending. Each attempt has a new delivery id and time, as a sender's redelivery by hand has. */
function sign({ name, body, kind }: SamplePayload, options: SendOptions): SignedHeaders {
  const { secret, scheme = 'github', configuration } = options;
  const at = new Date();
  const kindOfBody = kind ?? options.kind ?? name.split('.', 1)[0] ?? '';
  switch (scheme) {
    case 'github':
      return signGithub(body, secret, { kind: kindOfBody });
    case 'standard_webhooks':
    case 'deployment':
      return signStandardWebhooks(body, secret, { at });
    case 'slack':
      return signSlack(body, secret, { at });
    case 'linear':
      return signLinear(body, secret);
    case 'hmac':
      if (!configuration) throw new TypeError('the scheme hmac needs its configuration');
      return signHmac(body, secret, configuration, { kind: kindOfBody });
  }
}
