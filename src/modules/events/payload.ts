import { isUtf8 } from 'node:buffer';
import { errors } from '../../platform/core/errors.ts';
import { eventErrors } from './errors.ts';
import { eventLimits } from './limits.ts';

export interface WebhookPayload {
  /** The parsed body. `__proto__` is an ordinary own key in it; numbers are doubles. */
  readonly json: unknown;
  /**
   * The JSON text as it was sent. Store this (`$1::jsonb`), never `JSON.stringify(json)`: jsonb keeps the digits of a
   * number, parsing has already rounded them.
   */
  readonly rawText: string;
}

export interface ReadPayloadOptions {
  /** The Content-Type header; `application/x-www-form-urlencoded` means a field `payload` that holds the JSON. */
  readonly contentType?: string | undefined;
  readonly bytesMax?: number;
  readonly depthMax?: number;
}

const FORM = 'application/x-www-form-urlencoded';

/**
 * Reads a body as JSON that jsonb keeps exactly, or throws an error of the catalogue: `body_too_large`,
 * `payload_not_text`, `payload_not_form`, `json_too_deep`, `payload_not_storable`, `invalid_json`.
 *
 * A value jsonb cannot hold (NUL, an unpaired surrogate, a number outside the range of a double) is refused, not
 * replaced: what is stored is what was signed. Of a key given twice the last value counts, in both readers.
 */
export function readPayload(rawBody: Buffer, options: ReadPayloadOptions = {}): WebhookPayload {
  const { bytesMax = eventLimits.payload_bytes, depthMax = eventLimits.json_depth } = options;
  if (rawBody.length > bytesMax) {
    throw errors.body_too_large({ detail: `The body has ${rawBody.length} bytes; the limit is ${bytesMax}.` });
  }
  if (!isUtf8(rawBody)) throw eventErrors.payload_not_text();
  if (rawBody[0] === 0xef && rawBody[1] === 0xbb && rawBody[2] === 0xbf) {
    throw eventErrors.payload_not_text({ detail: 'The body begins with a byte order mark.' });
  }
  let rawText = rawBody.toString('utf8');
  let bytes = rawBody;
  if (isForm(options.contentType)) {
    rawText = formPayload(rawText);
    bytes = Buffer.from(rawText, 'utf8');
  }
  if (bytes.length === 0) throw errors.invalid_json({ detail: 'The body is empty.' });
  refuseUnstorable(bytes, depthMax);
  try {
    return { json: JSON.parse(rawText), rawText };
  } catch {
    // The parser's own message quotes the body; it is not passed on.
    throw errors.invalid_json();
  }
}

function isForm(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === FORM;
}

/** The decoded value of the one field `payload`. Walks instead of splitting: a body of 25 million "&" stays cheap. */
function formPayload(text: string): string {
  let encoded: string | undefined;
  for (let start = 0; start <= text.length; ) {
    const next = text.indexOf('&', start);
    const end = next === -1 ? text.length : next;
    if (text.startsWith('payload=', start)) {
      if (encoded !== undefined) throw eventErrors.payload_not_form({ detail: 'The field "payload" is there twice.' });
      encoded = text.slice(start + 'payload='.length, end);
    }
    start = end + 1;
  }
  if (encoded === undefined) throw eventErrors.payload_not_form({ detail: 'The field "payload" is missing.' });
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    throw eventErrors.payload_not_form({ detail: 'The field "payload" is not percent-encoded UTF-8.' });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LETTER_U = 0x75;

/**
 * One pass over the bytes before any parser sees them: depth (a recursive reader of 10,000 levels kills the embedded
 * engine without an error), escapes and numbers jsonb refuses. Says nothing about well-formedness: the parser does.
 */
function refuseUnstorable(bytes: Buffer, depthMax: number): void {
  let depth = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      at = endOfString(bytes, at + 1);
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      if (depth > depthMax) throw errors.json_too_deep({ detail: `At most ${depthMax} levels are allowed.` });
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
    } else if (byte === MINUS || (byte >= DIGIT_0 && byte <= DIGIT_9)) {
      at = endOfNumber(bytes, at) - 1;
    }
  }
}

/** The index of the closing quote of the string whose content starts at `start` (or the end of the text). */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    if (byte !== BACKSLASH) continue;
    at++;
    if (bytes[at] !== LETTER_U) continue;
    const unit = codeUnit(bytes, at);
    if (unit === 0) throw notStorable('a NUL character');
    if (unit >= 0xdc00 && unit <= 0xdfff) throw notStorable('an unpaired surrogate');
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const low = bytes[at + 5] === BACKSLASH && bytes[at + 6] === LETTER_U ? codeUnit(bytes, at + 6) : 0;
      if (low < 0xdc00 || low > 0xdfff) throw notStorable('an unpaired surrogate');
      at += 6;
    }
    at += 4;
  }
  return bytes.length;
}

/** The four hex digits after the "u" at `at`; NaN when they are not hex digits, which the parser will refuse. */
function codeUnit(bytes: Buffer, at: number): number {
  let unit = 0;
  for (let digit = at + 1; digit <= at + 4; digit++) unit = unit * 16 + hexDigit(bytes[digit]);
  return unit;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return Number.NaN;
  if (byte >= DIGIT_0 && byte <= DIGIT_9) return byte - DIGIT_0;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : Number.NaN;
}

/** Digits below this cannot leave the range of a double without an exponent. */
const PLAIN_NUMBER_CHARS = 300;
const EXPONENT_MAX = 400;

/** The index after the number that starts at `start`. */
function endOfNumber(bytes: Buffer, start: number): number {
  let at = start + 1;
  let hasExponent = false;
  for (; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte >= DIGIT_0 && byte <= DIGIT_9) continue;
    if (byte === 0x65 || byte === 0x45) hasExponent = true;
    else if (byte !== 0x2e && byte !== MINUS && byte !== 0x2b) break;
  }
  if (hasExponent || at - start > PLAIN_NUMBER_CHARS) checkNumber(bytes.toString('latin1', start, at));
  return at;
}

function checkNumber(text: string): void {
  if (text.length > eventLimits.json_number_chars) throw notStorable('a number that is too long');
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const value = Number(text);
  const underflows = value === 0 && /[1-9]/.test(mantissa);
  const overflows = value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
  if (underflows || overflows || Math.abs(Number(exponent)) > EXPONENT_MAX) {
    throw notStorable('a number outside the range of double precision');
  }
}

function notStorable(what: string) {
  return eventErrors.payload_not_storable({ detail: `The payload holds ${what}.` });
}
