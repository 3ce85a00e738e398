import { inspect } from 'node:util';
import { PlinthError } from './errors.ts';

export const REDACTED = '[redacted]';

const TEXT_CHARS_MAX = 8 * 1024;
const DEPTH_MAX = 8;
const KEYS_MAX = 200;
const ITEMS_MAX = 100;
const CAUSES_MAX = 5;

/** A secret that prints, logs and serialises as "[redacted]"; `reveal` is the only way to its text. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}

const secretWords = new Set(
  `authorization cookie cookies password passwords passwd passphrase passcode pwd secret secrets token tokens credential
   credentials jwt bearer otp totp csrf signature dsn pin cvv`.split(/\s+/),
);
/** Names that hold a secret in their last word: "apiKey", "master_key", "DATABASE_URL". */
const secretLastWords = new Set(['key', 'keys', 'apikey', 'pass', 'auth']);
const secretNames = new Set(
  'database_url connection_string migrate_url worker_url read_url direct_url session_id recovery_codes'.split(' '),
);
/** Keys that lock nothing. */
const harmlessNames = new Set(
  `key_id idempotency_key primary_key foreign_key origin_key sort_key partition_key dedupe_key cache_key group_key
   concurrency_key public_key`.split(/\s+/),
);
/** "token_count", "key_id", "secret_name" say something about a secret, not the secret; a hash still helps a thief. */
const harmlessLastWords = new Set(
  'id ids count name names kind type prefix last4 length limit max min at expires used usage version fingerprint'.split(
    ' ',
  ),
);

/** True when a field of this name holds a secret, in any spelling: "apiKey", "X-Api-Key", "API_KEY". */
export function isSecretName(name: string): boolean {
  const words = name
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '' && word !== 'x');
  const joined = words.join('_');
  const last = words.at(-1) ?? '';
  if (secretNames.has(joined)) return true;
  if (harmlessNames.has(joined) || harmlessLastWords.has(last)) return false;
  return words.some((word) => secretWords.has(word)) || secretLastWords.has(last);
}

/** Patterns that need no name to be known as secrets. None matches quotes or backslashes, so JSON stays JSON. */
const patterns: readonly [pattern: RegExp, replacement: string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  // Our own, also when cut short.
  [/(?<![0-9A-Za-z])(pl[khsiox])_[0-9A-Za-z]{22}_[0-9A-Za-z]*/g, `$1_${REDACTED}`],
  [/\b(bearer\s+)(?=[\w.~+/-]*[0-9A-Z=]|[\w.~+/-]{20})[\w.~+/=-]{8,}/gi, `$1${REDACTED}`],
  [/\b(Basic\s+)(?=[a-zA-Z+/]*[0-9=+/]|[a-zA-Z]*[a-z][A-Z])[A-Za-z0-9+/]{6,}={0,2}/g, `$1${REDACTED}`],
  // The password of a URL. In connection strings it may hold slashes, although it should not.
  [/\b((?:postgres(?:ql)?|mysql|rediss?|amqps?|mongodb(?:\+srv)?):\/\/)[^\s"'\\]{0,1024}@/gi, `$1${REDACTED}@`],
  [/\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s"'\\/@]{0,256}:[^\s"'\\/]{0,1024}@/gi, `$1${REDACTED}@`],
  [/\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g, REDACTED],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, REDACTED],
  [
    /\b(?:gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|sk-|[sr]k_(?:live|test)_|whsec_|npm_|hf_|AIza|lin_api_|ntn_)[\w-]{20,}/g,
    REDACTED,
  ],
];

/** `name=value`, `"name": "value"` and the like; the name is judged by `isSecretName`. */
const NAMED_VALUE =
  /(?<name>\b[\w-]{0,40}(?:password|passwd|pwd|passphrase|secret|token|api[_-]?key|private[_-]?key|master[_-]?key|access[_-]?key|signature|credential)s?)(?<between>\\?["']?\s{0,3}[=:]\s{0,3})(?:(?<quote>\\?["'])(?<quoted>[^"'\\]{0,2048})\k<quote>|(?<bare>[^\s"'\\&;()[\]{}<>]{1,2048}))/gi;

/** Counts ("tokens: 120,") are no secrets, but a password may be a number. */
const HARMLESS_VALUE = /^(?:\d{1,9}|true|false|null|undefined)[,.]?$/;

/** The patterns alone: for text whose parts went through `redactText` already, such as a finished line of JSON. */
export function redactPatterns(text: string): string {
  let safe = text;
  for (const [pattern, replacement] of patterns) safe = safe.replace(pattern, replacement);
  return safe;
}

/**
 * The text without what looks like a secret: our tokens, authorization headers, passwords in URLs and connection
 * strings, `name=value` with a telling name, JWTs, private keys, and well-known providers' keys. Cut at 8 Ki characters.
 */
export function redactText(text: string): string {
  // A little more than is kept is looked at, so that a token at the edge is seen whole.
  const looked = text.length > TEXT_CHARS_MAX ? text.slice(0, TEXT_CHARS_MAX + 512) : text;
  const safe = redactPatterns(looked).replace(NAMED_VALUE, (...match) => {
    const {
      name = '',
      between = '',
      quote = '',
      quoted,
      bare = '',
    } = match.at(-1) as Record<string, string | undefined>;
    const value = quoted ?? bare;
    const isCount = HARMLESS_VALUE.test(value) && /tokens?$/i.test(name);
    const isHarmless = isCount || value === '' || value.includes(REDACTED) || !isSecretName(name);
    return `${name}${between}${quote}${isHarmless ? value : REDACTED}${quote}`;
  });
  return safe.length > TEXT_CHARS_MAX ? `${safe.slice(0, TEXT_CHARS_MAX)}… (cut)` : safe;
}

/**
 * Text for one line of a terminal or a log file: line breaks, other control characters and those that turn the reading
 * direction are shown as escapes, so that input can neither forge a line nor drive a terminal.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/**
 * A copy that may be logged: values of secret names replaced, texts passed through `redactText`, errors through
 * `safeError`, bytes as their length; depth, keys and items bounded; getters that throw and cycles survive.
 */
export function redact(value: unknown): unknown {
  return copy(value, 0, new Set());
}

function copy(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return safeError(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof URL) return redactText(value.href);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (above.has(value)) return '[circular]';
  if (depth >= DEPTH_MAX) return '[too deep]';
  above.add(value);
  try {
    return copyObject(value, depth, above);
  } catch {
    return '[unreadable]';
  } finally {
    above.delete(value);
  }
}

function copyObject(value: object, depth: number, above: Set<object>): unknown {
  if (Array.isArray(value)) return copyArray(value, depth, above);
  if (value instanceof Set) return copyArray([...value], depth, above);
  if (value instanceof Map || value instanceof Headers) return copyEntries([...value], depth, above);
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const plain: unknown = value.toJSON();
    if (plain !== value) return copy(plain, depth + 1, above);
  }
  return copyEntries(
    Object.keys(value).map((key) => [key, readProperty(value, key)]),
    depth,
    above,
  );
}

/** Raw headers come as a flat list, name before value, and pairs as lists of two: the name still tells. */
function copyArray(items: readonly unknown[], depth: number, above: Set<object>): unknown[] {
  const safe = items.slice(0, ITEMS_MAX).map((item, index) => {
    const before = items[index - 1];
    const isNamed =
      typeof before === 'string' && before.length < 100 && /^[\w-]+$/.test(before) && isSecretName(before);
    return isNamed && typeof item === 'string' ? REDACTED : copy(item, depth + 1, above);
  });
  if (items.length > ITEMS_MAX) safe.push(`… ${items.length - ITEMS_MAX} more`);
  return safe;
}

function copyEntries(entries: readonly (readonly [unknown, unknown])[], depth: number, above: Set<object>): object {
  const safe: Record<string, unknown> = Object.create(null);
  for (const [key, item] of entries.slice(0, KEYS_MAX)) {
    const name = String(key);
    safe[redactText(name)] = isSecretName(name) ? hide(item) : copy(item, depth + 1, above);
  }
  if (entries.length > KEYS_MAX) safe['…'] = `${entries.length - KEYS_MAX} more`;
  return { ...safe };
}

/** What a secret name holds. Counts ("tokens": 120) and absence are no secrets. */
function hide(value: unknown): unknown {
  if (value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number') return value;
  return REDACTED;
}

function readProperty(value: object, key: string): unknown {
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return '[unreadable]';
  }
}

export interface SafeError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: SafeError;
  readonly errors?: readonly SafeError[];
  /** Of database errors: which objects were concerned, never their values. */
  readonly database?: Readonly<Record<string, string>>;
}

const databaseFields = ['severity', 'schema', 'table', 'column', 'constraint', 'dataType', 'routine'] as const;

/**
 * An error for the log: name, message, code, stack and causes, passed through `redactText`. Everything else an error
 * object may carry (a statement, its parameters, a request with its headers, the row in PostgreSQL's DETAIL) is left out,
 * and the values PostgreSQL quotes in messages about bad data are cut off.
 */
export function safeError(error: unknown): SafeError {
  return describe(error, 0);
}

function describe(error: unknown, depth: number): SafeError {
  if (!(error instanceof Error)) {
    const text = typeof error === 'string' ? error : `a thrown ${error === null ? 'null' : typeof error}`;
    return { type: 'unknown', message: redactText(text) };
  }
  const fields = error as Error & Record<string, unknown>;
  const code =
    typeof fields['code'] === 'string' || typeof fields['code'] === 'number' ? String(fields['code']) : undefined;
  const rawMessage = String(error.message);
  const message = redactText(withoutValues(rawMessage, code));
  const isDatabase = code !== undefined && isSqlState(code) && typeof fields['severity'] === 'string';
  const causes = depth < CAUSES_MAX;
  return {
    type: redactText(String(error.name)),
    message,
    ...(code === undefined ? {} : { code: redactText(code) }),
    ...(typeof error.stack === 'string' ? { stack: safeStack(error.stack, rawMessage, message) } : {}),
    ...(isDatabase ? { database: databaseObjects(fields) } : {}),
    ...(causes && error.cause !== undefined ? { cause: describe(error.cause, depth + 1) } : {}),
    ...(causes && error instanceof AggregateError
      ? { errors: error.errors.slice(0, 10).map((one) => describe(one, depth + 1)) }
      : {}),
    ...(error instanceof PlinthError && error.detail !== undefined && error.detail !== error.message
      ? { detail: redactText(error.detail) }
      : {}),
  };
}

/** The stack repeats the message in its first lines; those are exchanged for the safe one. */
function safeStack(stack: string, rawMessage: string, message: string): string {
  const at = rawMessage === '' ? -1 : stack.indexOf(rawMessage);
  return redactText(at < 0 ? stack : stack.slice(0, at) + message + stack.slice(at + rawMessage.length));
}

function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}

/** Class 22 (bad data) and 42601 (syntax) quote what was sent: `invalid input syntax for type integer: "…"`. */
function withoutValues(message: string, code: string | undefined): string {
  if (code === undefined || !isSqlState(code)) return message;
  if (!code.startsWith('22') && code !== '42601') return message;
  return message.replace(/(:|\bnear|\bvalue)\s+"[\s\S]*$/, '$1 [value]').replace(/"[^"]{0,4096}"/g, '[value]');
}

function databaseObjects(fields: Record<string, unknown>): Record<string, string> {
  const objects: Record<string, string> = {};
  for (const name of databaseFields) {
    const value = fields[name];
    if (typeof value === 'string') objects[name] = redactText(value);
  }
  return objects;
}
