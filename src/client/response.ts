/** Reading an answer: bounded, and never trusted to be Plinth's. */
import { PlinthError } from './error.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const detail_chars_max = 2000;
const http_date = /[A-Za-z]{3}, /;

/** The whole answer as text. Throws `redirected` and `response_too_large`. */
export async function readAnswer(response: Response, bytesMax: number): Promise<Answer> {
  const { status, headers } = response;
  // a browser hides where to, and says status 0
  if (response.type === 'opaqueredirect' || (status >= 300 && status < 400 && status !== 304)) {
    await response.body?.cancel();
    throw new PlinthError('The server redirects elsewhere', {
      code: 'redirected',
      status,
      detail: headers.get('location')?.slice(0, detail_chars_max) ?? undefined,
      hint: 'Redirects are not followed, so that no key goes to another host: give the final URL.',
    });
  }
  return { status, headers, text: await readText(response, bytesMax) };
}

async function readText(response: Response, bytesMax: number): Promise<string> {
  if (!response.body) return '';
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      const detail = `more than ${bytesMax} bytes`;
      const hint = 'Ask for a smaller page or fewer columns, or raise responseBytesMax.';
      throw new PlinthError('The answer is too large', {
        code: 'response_too_large',
        status: response.status,
        detail,
        hint,
      });
    }
    text += decoder.decode(value, { stream: true });
  }
}

/** The answer's JSON; undefined where it is empty. Throws `response_invalid`, as for a proxy's page with status 200. */
export function jsonOf({ status, headers, text }: Answer): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const type = headers.get('content-type') ?? 'no content type';
    const detail = `${type}, ${text.length} characters`;
    const hint = 'Check that the URL is that of Plinth.';
    throw new PlinthError('The answer is not JSON', { code: 'response_invalid', status, detail, hint, cause });
  }
}

/** The error an answer of status 400 or more tells of. What is no problem document becomes `http_error`. */
export function problemOf({ status, headers, text }: Answer): PlinthError {
  const retryAfterMs = retryAfterOf(headers);
  const requestId = headers.get('x-request-id') ?? undefined;
  const problem = parsed(text);
  const field = (name: string) => {
    const value = problem?.[name];
    return typeof value === 'string' ? value.slice(0, detail_chars_max) : undefined;
  };
  const code = field('code');
  if (!code || typeof problem?.['title'] !== 'string') {
    const hint = 'The answer did not come from Plinth: look at what stands in between.';
    return new PlinthError(`HTTP ${status}`, { code: 'http_error', status, hint, requestId, retryAfterMs });
  }
  return new PlinthError(field('title') ?? code, {
    code,
    status,
    detail: field('detail'),
    hint: field('hint'),
    field: field('field'),
    errors: fieldErrors(problem['errors']),
    requestId: field('request_id') ?? requestId,
    retryAfterMs,
  });
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function fieldErrors(value: unknown): { path: string; message: string }[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: { path?: unknown; message?: unknown } | null) => ({
    path: String(one?.path ?? ''),
    message: String(one?.message ?? ''),
  }));
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  const ms = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : http_date.test(text)
      ? Date.parse(text) - Date.now()
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
