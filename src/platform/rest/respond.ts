import type { PlinthError } from '../core/errors.ts';
import { restErrors } from './errors.ts';

export interface RestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty where there is no body. */
  readonly bodyText: string;
}

/** `0-9/100`: the first and last row and how many there are, `*` for what is not known. */
export function contentRange(first: number, last: number, total: number | undefined): string {
  const range = total !== 0 && first <= last ? `${first}-${last}` : '*';
  return `${range}/${total ?? '*'}`;
}

/**
 * Status and Content-Range of a page, as PostgREST computes them: 206 when a count shows there is more. Throws
 * `invalid_range` for an offset past the end, which is only known with a count.
 */
export function pageStatus(offset: number, rows: number, total: number | undefined): [status: number, range: string] {
  const range = contentRange(offset, offset + rows - 1, total);
  if (total === undefined) return [200, range];
  if (offset > total) {
    throw restErrors.invalid_range({
      detail: `An offset of ${offset} was asked for, but there are only ${total} rows.`,
    });
  }
  return [rows < total ? 206 : 200, range];
}

/** `/rest/v1/tasks?id=eq.5`: where a row that was just inserted is read. */
export function location(path: string, key: Readonly<Record<string, unknown>>): string {
  const filters = Object.entries(key).map(
    ([name, value]) => `${encodeURIComponent(name)}=eq.${encodeURIComponent(String(value))}`,
  );
  return `${path}?${filters.join('&')}`;
}

/** The fields that PostgREST's clients read from an error, beside those of problem+json. */
export function postgrestFields(error: PlinthError): {
  readonly code: string;
  readonly message: string;
  readonly details: string | null;
  readonly hint: string;
} {
  return { code: error.code, message: error.title, details: error.detail ?? null, hint: error.hint };
}
