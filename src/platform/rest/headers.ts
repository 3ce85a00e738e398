import { errors } from '../core/errors.ts';
import { restErrors } from './errors.ts';
import { echo } from './scanner.ts';

/** Request headers as Node gives them: lower-case names. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Preferences {
  readonly representation?: 'representation' | 'minimal' | 'headers-only';
  readonly count?: 'exact' | 'planned' | 'estimated';
  readonly resolution?: 'merge-duplicates' | 'ignore-duplicates';
  readonly missing?: 'default' | 'null';
  readonly handling?: 'strict' | 'lenient';
  /** Rows a write may touch; heeded with handling=strict only, as in PostgREST. */
  readonly maxAffected?: number;
}

const choices = new Map<string, readonly string[]>([
  ['return', ['representation', 'minimal', 'headers-only']],
  ['count', ['exact', 'planned', 'estimated']],
  ['resolution', ['merge-duplicates', 'ignore-duplicates']],
  ['missing', ['default', 'null']],
  ['handling', ['strict', 'lenient']],
]);

function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.join(',');
}

/**
 * Reads `Prefer` (RFC 7240). The first of two contradicting preferences holds. What is not known is ignored, or refused
 * with handling=strict. `tx=rollback` is always refused: a dry run that commits would be worse than an error.
 */
export function parsePreferences(headers: Headers): Preferences {
  const text = header(headers, 'prefer');
  if (text === undefined) return {};
  const found = new Map<string, string>();
  const unknown: string[] = [];
  for (const part of text.split(/[,;]/)) {
    const preference = part.trim();
    if (preference === '') continue;
    const [name = '', value = ''] = preference.split('=', 2).map((text) => text.trim());
    if (name === 'tx' && value !== 'commit') {
      throw restErrors.invalid_preference({ detail: 'tx=rollback is not supported: every request commits or fails.' });
    }
    const known = choices.get(name)?.includes(value) || (name === 'max-affected' && /^\d{1,9}$/.test(value));
    if (!known) unknown.push(preference);
    else if (!found.has(name)) found.set(name, value);
  }
  unknown.splice(0, unknown.length, ...unknown.filter((preference) => preference !== 'tx=commit'));
  if (found.get('handling') === 'strict' && unknown.length > 0) {
    throw restErrors.invalid_preference({ detail: `Not supported: ${echo(unknown.join(', '))}.` });
  }
  const maxAffected = found.get('max-affected');
  return {
    ...pick(found, 'return', 'representation'),
    ...pick(found, 'count', 'count'),
    ...pick(found, 'resolution', 'resolution'),
    ...pick(found, 'missing', 'missing'),
    ...pick(found, 'handling', 'handling'),
    ...(maxAffected === undefined ? {} : { maxAffected: Number(maxAffected) }),
  };
}

function pick(found: ReadonlyMap<string, string>, name: string, property: string): object {
  const value = found.get(name);
  return value === undefined ? {} : { [property]: value };
}

export interface RowRange {
  readonly offset: number;
  /** Absent means to the end. */
  readonly limit?: number;
}

/** Reads `Range: 0-9` (unit "items"); anything else is no range, as in PostgREST. Throws `invalid_range` for `9-0`. */
export function parseRange(headers: Headers): RowRange | undefined {
  const found = /^(?:items=)?(\d{1,15})-(\d{0,15})$/.exec(header(headers, 'range')?.trim() ?? '');
  if (found === null) return undefined;
  const first = Number(found[1]);
  if (found[2] === '') return { offset: first };
  const last = Number(found[2]);
  if (last < first) {
    throw restErrors.invalid_range({ detail: 'The first row of the Range header must not come after the last.' });
  }
  return { offset: first, limit: last - first + 1 };
}

export interface Format {
  /** One object instead of an array; any other number of rows is an error. */
  readonly single: boolean;
  readonly stripNulls: boolean;
  readonly contentType: string;
}

const UTF8 = '; charset=utf-8';

const plain: Format = { single: false, stripNulls: false, contentType: `application/json${UTF8}` };

/** The first of the media types in `Accept` that the layer makes; throws `not_acceptable` when there is none. */
export function parseAccept(headers: Headers): Format {
  const accept = header(headers, 'accept')?.trim();
  if (accept === undefined || accept === '' || accept === '*/*') return plain;
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const stripNulls = parameters.includes('nulls=stripped');
    const suffix = stripNulls ? `;nulls=stripped${UTF8}` : UTF8;
    if (type === '*/*' || type === 'application/*' || type === 'application/json') return plain;
    if (type === 'application/vnd.pgrst.object+json' || type === 'application/vnd.pgrst.object') {
      return { single: true, stripNulls, contentType: `application/vnd.pgrst.object+json${suffix}` };
    }
    if (type === 'application/vnd.pgrst.array+json' || type === 'application/vnd.pgrst.array') {
      const contentType = stripNulls ? `application/vnd.pgrst.array+json${suffix}` : plain.contentType;
      return { single: false, stripNulls, contentType };
    }
  }
  throw errors.not_acceptable({
    detail: 'This route answers application/json and application/vnd.pgrst.object+json.',
  });
}

/** Throws `unsupported_media_type` unless the body is JSON; a missing Content-Type counts as JSON, as in PostgREST. */
export function requireJsonBody(headers: Headers): void {
  const type = header(headers, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type === undefined || type === '' || type === 'application/json') return;
  if (type === 'application/vnd.pgrst.object+json' || type === 'application/vnd.pgrst.array+json') return;
  throw errors.unsupported_media_type();
}

/** `Preference-Applied`: what was heeded, in PostgREST's order. Counts are always exact here, so that is what it says. */
export function appliedPreferences(
  preferences: Preferences,
  operation: 'read' | 'insert' | 'update' | 'delete' | 'call',
): string | undefined {
  const { resolution, missing, representation, count, handling, maxAffected } = preferences;
  const writes = operation !== 'read' && operation !== 'call';
  const applied = [
    operation === 'insert' && resolution !== undefined ? `resolution=${resolution}` : '',
    operation === 'insert' && missing !== undefined ? `missing=${missing}` : '',
    writes && representation !== undefined ? `return=${representation}` : '',
    count === undefined ? '' : 'count=exact',
    handling === undefined ? '' : `handling=${handling}`,
    handling === 'strict' && maxAffected !== undefined && operation !== 'read' && operation !== 'insert'
      ? `max-affected=${maxAffected}`
      : '',
  ].filter((text) => text !== '');
  return applied.length === 0 ? undefined : applied.join(', ');
}
