import { errors } from '../../platform/core/errors.ts';
import { tenancyLimits } from './settings.ts';

const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const USERNAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const EMAIL = /^[^@\s]+@[^@\s]+$/;

/**
 * An e-mail address as it is stored and compared: composed (NFC), lower case, without spaces around it. Throws
 * `invalid_value`. Only the shape is checked; that it is somebody's own is proven by using it.
 */
export function normalizeEmail(text: string): string {
  const email = text.trim().normalize('NFC').toLowerCase();
  if (!EMAIL.test(email) || [...email].length > tenancyLimits.email_chars || /\p{Cc}/u.test(email)) {
    throw errors.invalid_value({ field: 'email', detail: 'email is not an address such as ada@example.org' });
  }
  return email;
}

/** Throws `invalid_value` unless the text may be part of a URL as it is. */
export function assertSlug(slug: string): void {
  if (!SLUG.test(slug)) {
    throw errors.invalid_value({
      field: 'slug',
      detail: `a slug has 1 to ${tenancyLimits.slug_chars} of a-z, 0-9 and hyphens, none at its ends`,
    });
  }
}

export function assertUsername(username: string): void {
  if (!USERNAME.test(username)) {
    throw errors.invalid_value({
      field: 'username',
      detail: `a username has 1 to ${tenancyLimits.username_chars} of a-z, 0-9 and . _ -, and begins with a letter or digit`,
    });
  }
}

/** A slug made of a name: "Łódź Café & Co." becomes "lodz-cafe-co"; a name of other scripts becomes `fallback`. */
export function slugify(name: string, fallback: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ł', 'l')
    .replaceAll('ø', 'o')
    .replaceAll('ß', 'ss')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, tenancyLimits.slug_chars - 8)
    .replace(/-+$/, '');
  return slug || fallback;
}
