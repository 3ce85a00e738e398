import { errors, type PlinthError } from '../../platform/core/errors.ts';

const URL_CHARS_MAX = 2000;
/** git's own short form, user@host:path. Nothing begins with a hyphen: git would take it for an option. */
const SCP_FORM = /^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:-][^\s:]*$/;

/**
 * https and ssh only, and nothing secret in it: a password in a URL would be shown to everybody who sees the row. Paths
 * on the server's disk come from the operator, never from a row. Throws `invalid_value`.
 */
export function assertRepositoryUrl(url: string | null | undefined, field = 'url'): void {
  if (url === null || url === undefined) return;
  const refusal = (detail: string): PlinthError => errors.invalid_value({ field, detail: `${field} ${detail}` });
  if (url.length > URL_CHARS_MAX) throw refusal(`is longer than ${URL_CHARS_MAX} characters`);
  if (SCP_FORM.test(url)) return;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !['https:', 'ssh:'].includes(parsed.protocol) || parsed.hostname === '' || /\s/.test(url)) {
    throw refusal('begins with https:// or ssh://, or looks like git@host:path');
  }
  if (parsed.hostname.startsWith('-')) throw refusal('names no host');
  if (parsed.password !== '' || (parsed.protocol === 'https:' && parsed.username !== '')) {
    throw refusal('holds a user name or password; leave it out');
  }
}
