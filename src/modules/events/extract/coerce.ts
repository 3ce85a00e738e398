/**
 * What becomes of a value from a payload before it reaches a typed column. A value of the wrong type, or one the
 * column cannot hold, becomes null: extraction never fails, and a column never holds half of an identifier.
 */
export interface ColumnType {
  readonly sql: 'text' | 'text[]' | 'bigint' | 'integer' | 'boolean' | 'timestamptz';
  readonly rule: string;
  coerce(value: unknown): string | number | boolean | Date | readonly string[] | null;
}

const IDENTIFIER_CHARS = 255;
const TITLE_CHARS = 500;
const URL_CHARS = 2_000;
const LABELS_MAX = 100;
const INTEGER_MAX = 2_147_483_647;
/** 9999-12-31T23:59:59Z */
const UNIX_SECONDS_MAX = 253_402_300_799;

/** True for text that PostgreSQL takes as it is. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function identifier(value: unknown): string | null {
  if (typeof value !== 'string' || value === '' || value.length > IDENTIFIER_CHARS) return null;
  return isStorable(value) ? value : null;
}

/** The first line, cut at a character's border. */
function title(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  // A first line is looked for in a bounded part: a body of megabytes costs nothing.
  const line =
    value
      .slice(0, 4 * TITLE_CHARS)
      .trimStart()
      .split(/[\r\n]/, 1)[0] ?? '';
  const cut = line
    .slice(0, TITLE_CHARS)
    .replace(/[\ud800-\udbff]$/, '')
    .replaceAll('\0', '')
    .toWellFormed()
    .trimEnd();
  return cut === '' ? null : cut;
}

function url(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > URL_CHARS || !/^https?:\/\/[^\s"'<>\\]+$/.test(value)) return null;
  return isStorable(value) ? value : null;
}

function sha(value: unknown): string | null {
  if (typeof value !== 'string' || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) return null;
  // Git's way to say "no commit": the branch was just created or deleted.
  return /^0+$/.test(value) ? null : value;
}

const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$/;

/** ISO 8601 with a zone, or Unix seconds; never a time without a zone, whose meaning would depend on the machine. */
function time(value: unknown): Date | null {
  if (typeof value === 'number') {
    return Number.isInteger(value) && value > 0 && value <= UNIX_SECONDS_MAX ? new Date(value * 1000) : null;
  }
  if (typeof value !== 'string' || !ISO_TIME.test(value)) return null;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) || at.getTime() <= 0 ? null : at;
}

function wholeNumber(max: number) {
  return (value: unknown) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max ? value : null;
}

function labels(value: unknown): readonly string[] | null {
  if (!Array.isArray(value)) return null;
  return value.slice(0, LABELS_MAX).flatMap((one: unknown) => identifier(one) ?? []);
}

export const columnTypes = {
  identifier: { sql: 'text', rule: `at most ${IDENTIFIER_CHARS} characters, else null`, coerce: identifier },
  title: { sql: 'text', rule: `the first line, cut at ${TITLE_CHARS} characters`, coerce: title },
  url: { sql: 'text', rule: `http or https, at most ${URL_CHARS} characters, else null`, coerce: url },
  sha: { sql: 'text', rule: '40 or 64 hex digits; all zeros is null', coerce: sha },
  time: { sql: 'timestamptz', rule: 'ISO 8601 with a zone, or Unix seconds', coerce: time },
  bigint: { sql: 'bigint', rule: 'a whole number up to 2^53 - 1', coerce: wholeNumber(Number.MAX_SAFE_INTEGER) },
  integer: { sql: 'integer', rule: 'a whole number', coerce: wholeNumber(INTEGER_MAX) },
  boolean: { sql: 'boolean', rule: '', coerce: (value) => (typeof value === 'boolean' ? value : null) },
  labels: { sql: 'text[]', rule: `the first ${LABELS_MAX}`, coerce: labels },
} as const satisfies Record<string, ColumnType>;
