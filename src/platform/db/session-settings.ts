/** Settings that a site may give its sessions (`alter role … set`), and that what we write and read depends on. */
import { databaseErrors } from './errors.ts';

interface Setting {
  readonly value: string;
  /** Whether a session with this value will do as well. */
  readonly fits: RegExp;
  readonly why: string;
}

const settings: Readonly<Record<string, Setting>> = {
  default_transaction_isolation: {
    value: 'read committed',
    fits: /^read committed$/,
    why: 'what waits for a lock has to see what was committed meanwhile',
  },
  datestyle: { value: 'ISO', fits: /^ISO/, why: 'times are read as ISO 8601' },
  intervalstyle: { value: 'postgres', fits: /^postgres$/, why: 'durations are read as PostgreSQL writes them' },
  bytea_output: { value: 'hex', fits: /^hex$/, why: 'bytes are read as hex' },
  standard_conforming_strings: { value: 'on', fits: /^on$/, why: 'a backslash in a text is a backslash' },
  // the database's own does as well: only how times look in JSON depends on it
  timezone: { value: 'UTC', fits: /^/, why: 'times in JSON are in UTC' },
};

/** For the startup packet: what the URL asks for, then ours, which therefore counts. */
export function pinnedSettings(asked: string | undefined): string {
  const ours = Object.entries(settings).map(([name, { value }]) => `-c ${name}=${value.replaceAll(' ', '\\ ')}`);
  return [...(asked ? [asked] : []), ...ours].join(' ');
}

/** What a session has of these settings, as a JSON object. */
export const settingsSql = `(select json_object_agg(name, pg_catalog.current_setting(name))
  from unnest(array[${Object.keys(settings).map((name) => `'${name}'`)}]) as name)`;

/**
 * Through a pooler a session has what the site says: refuses what will not do, instead of being wrong later. Throws
 * `database_settings_unsuitable`.
 */
export function assertSessionSettings(found: Readonly<Record<string, string>>, label: string): void {
  const wrong = Object.entries(settings).filter(([name, { fits }]) => !fits.test(found[name] ?? ''));
  const [first] = wrong;
  if (!first) return;
  const detail = wrong.map(([name, { why }]) => `${name} is "${found[name]}" (${why})`).join('; ');
  throw databaseErrors.database_settings_unsuitable({
    detail: `${label}: ${detail}.`,
    hint: `alter role <the login> set ${first[0]} = '${first[1].value}'; or connect past the pooler.`,
  });
}
