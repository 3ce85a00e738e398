import { limits } from '../../../platform/core/limits.ts';
import { redact, redactText } from '../../../platform/core/secrets.ts';
import { assertJsonDepth } from '../../../platform/http/json.ts';
import { outputLimits } from './limits.ts';

const piece_chars = 8_000;
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type TaskLogLevel = (typeof logLevels)[number];

/** A line's text as it may be stored: a string without secrets and NUL, well formed, cut to so many bytes. */
export function storableMessage(message: unknown, bytesMax: number): string {
  let text: string;
  try {
    text = typeof message === 'string' ? message : String(message);
  } catch {
    text = 'something that has no text was logged';
  }
  // by characters first: a line may have gigabytes
  const bytes = Buffer.from(text.slice(0, bytesMax).toWellFormed().replaceAll('\0', '\uFFFD'));
  if (text.length <= bytesMax && bytes.length <= bytesMax) return withoutSecrets(bytes.toString());
  // the word at the edge goes: it may be the half of a token, which nothing would recognise
  const kept = wholeCharacters(bytes, bytesMax).replace(/\S{0,512}$/, '');
  return `${withoutSecrets(kept)}\n[cut: the line had ${text.length} characters; the limit is ${bytesMax} bytes]`;
}

/** `redactText` looks at 8 Ki characters (its patterns would take minutes for 64), so long texts go in pieces, parted between words. */
function withoutSecrets(text: string): string {
  if (text.length <= piece_chars) return redactText(text);
  const pieces: string[] = [];
  for (let from = 0; from < text.length; ) {
    const space = text.length - from > piece_chars ? text.lastIndexOf(' ', from + piece_chars) : -1;
    const to = space > from ? space + 1 : from + piece_chars;
    pieces.push(redactText(text.slice(from, to)));
    from = to;
  }
  return pieces.join('');
}

function wholeCharacters(bytes: Buffer, bytesMax: number): string {
  let end = Math.min(bytes.length, bytesMax);
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString();
}

/** What goes with a line, as JSON text without secrets; undefined: nothing does. What can not be stored says so. */
export function storableData(data: unknown): string | undefined {
  if (data === undefined) return undefined;
  try {
    const text = JSON.stringify(redact(data)) ?? 'null';
    const bytes = Buffer.from(text);
    if (bytes.length > outputLimits.log_data_bytes) return JSON.stringify({ cut: `${bytes.length} bytes` });
    assertJsonDepth(bytes, Math.min(outputLimits.log_data_depth, limits.json_depth));
    return JSON.stringify(JSON.parse(text, storableText));
  } catch {
    return JSON.stringify({ cut: 'the data can not be written as JSON' });
  }
}

function storableText(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value;
}
