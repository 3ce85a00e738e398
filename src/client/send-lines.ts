/** Sends a file of events, one a line, to POST /v1/events: in pieces, each answered line by line. */
import { randomUUID } from 'node:crypto';

export interface SendLinesOptions {
  /** The server, and a key that may send events. */
  readonly url: string;
  readonly key: string;
  /** The file's bytes, in any pieces. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly onRefused?: (line: RefusedLine) => void;
  readonly onProgress?: (sofar: SentLines) => void;
  readonly signal?: AbortSignal;
  /** Of one request. */
  readonly linesMax?: number;
}

/** A line that is not stored, numbered from 1 over the whole file, and why. */
export interface RefusedLine {
  readonly line: number;
  readonly code: string;
  readonly field?: string;
  readonly detail?: string;
}

export interface SentLines {
  readonly stored: number;
  readonly duplicates: number;
  readonly refused: number;
}

/** Thrown where the server refuses a request as a whole: a key it does not know. Sending again goes on where it stopped. */
export class SendRefused extends Error {
  override readonly name = 'SendRefused';
}

const lines_max_default = 1_000;
/** The server takes 10 MiB. */
const piece_bytes_max = 4 * 1024 * 1024;
const line_bytes_max = 10 * 1024 * 1024 - 2;
const attempts_max = 6;
const retry_seconds_max = 30;
const request_timeout_ms = 120_000;
const NEWLINE = 0x0a;

interface Piece {
  /** Of the first line. */
  readonly from: number;
  readonly lines: readonly Buffer[];
}

interface LineAnswer {
  readonly line: number;
  readonly id?: string;
  readonly duplicate?: boolean;
  readonly error?: { readonly code: string; readonly title: string; readonly field?: string; readonly detail?: string };
}

/**
 * Sends all lines, one request after the other; a refused line stops nothing. A request whose answer is lost is sent again
 * under the same key, so that lines without an id are stored once too. Throws `SendRefused`, and what fetch throws.
 */
export async function sendLines(options: SendLinesOptions): Promise<SentLines> {
  const total = { stored: 0, duplicates: 0, refused: 0 };
  const refuse = (line: RefusedLine) => {
    total.refused++;
    options.onRefused?.(line);
  };
  for await (const piece of piecesOf(options.input, options.linesMax ?? lines_max_default, refuse)) {
    for (const { line, error, duplicate } of await sendPiece(piece, options)) {
      if (error) {
        const { code, title, field, detail = title } = error;
        refuse({ line: piece.from + line - 1, code, detail, ...(field === undefined ? {} : { field }) });
      } else if (duplicate) total.duplicates++;
      else total.stored++;
    }
    options.onProgress?.({ ...total });
  }
  return total;
}

async function* piecesOf(
  input: AsyncIterable<Uint8Array>,
  linesMax: number,
  refuse: (line: RefusedLine) => void,
): AsyncGenerator<Piece> {
  let lines: Buffer[] = [];
  let bytes = 0;
  let isBlank = true;
  let number = 0;
  const take = () => {
    const piece = { from: number - lines.length + 1, lines };
    const isEmpty = isBlank;
    lines = [];
    bytes = 0;
    isBlank = true;
    return isEmpty ? [] : [piece];
  };
  for await (const line of linesOf(input)) {
    const isTooLong = line === undefined;
    if (lines.length > 0 && (lines.length >= linesMax || isTooLong || bytes + line.length > piece_bytes_max)) {
      yield* take();
    }
    number++;
    if (isTooLong) {
      refuse({ line: number, code: 'body_too_large', detail: `the line is longer than ${line_bytes_max} bytes` });
      continue;
    }
    lines.push(line);
    bytes += line.length + 1;
    isBlank &&= line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
  }
  if (lines.length > 0) yield* take();
}

/** Lines without their ends; undefined for one that is too long to be sent, which is not kept. */
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer | undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer) => {
    length += part.length;
    if (length <= line_bytes_max) parts.push(part);
    else parts = [];
  };
  const end = () => {
    const line = length <= line_bytes_max ? Buffer.concat(parts) : undefined;
    parts = [];
    length = 0;
    return line;
  };
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, start)) {
      add(bytes.subarray(start, at));
      yield end();
      start = at + 1;
    }
    add(bytes.subarray(start));
  }
  if (length > 0) yield end();
}

async function sendPiece({ lines }: Piece, { url, key, signal }: SendLinesOptions): Promise<readonly LineAnswer[]> {
  const body = new Uint8Array(Buffer.concat(lines.flatMap((line) => [line, Buffer.of(NEWLINE)])));
  const idempotencyKey = randomUUID();
  for (let attempt = 1; ; attempt++) {
    const timeout = AbortSignal.timeout(request_timeout_ms);
    const outcome = await fetch(`${url.replace(/\/$/, '')}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/x-ndjson',
        'idempotency-key': idempotencyKey,
      },
      body,
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
      .then(async (response) => ({ response, answer: await answerOf(response) }))
      .catch((error: unknown) => error as Error);
    signal?.throwIfAborted();
    const isLast = attempt >= attempts_max;
    if (outcome instanceof Error) {
      if (isLast) throw outcome;
      await pause(Math.min(retry_seconds_max, 2 ** attempt / 4), signal);
      continue;
    }
    const { response, answer } = outcome;
    if (response.ok && Array.isArray(answer['data'])) return answer['data'] as LineAnswer[];
    const isPassing = response.status === 429 || response.status >= 500 || answer['code'] === 'idempotency_in_progress';
    if (isLast || !isPassing) {
      const { code = 'http_error', detail = answer['title'] ?? '' } = answer;
      throw new SendRefused(`${response.status} ${String(code)} ${String(detail)}`.trim());
    }
    const asked = Number(response.headers.get('retry-after'));
    await pause(Math.min(retry_seconds_max, asked > 0 ? asked : 2 ** attempt / 4), signal);
  }
}

async function answerOf(response: Response): Promise<Record<string, unknown>> {
  const answer: unknown = await response.json().catch(() => undefined);
  return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {};
}

function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, seconds * 1_000);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
