/** `pglite` and `postgres` (18) everywhere; the others where installed, for the matrix. */
const known = ['pglite', 'postgres', 'postgres15', 'pgbouncer'] as const;
export type EngineName = (typeof known)[number];

/** The engines of this run: PLINTH_TEST_ENGINES, names by comma; else PGlite and PostgreSQL 18. */
export function engineNames(): EngineName[] {
  const wanted = (process.env['PLINTH_TEST_ENGINES'] ?? 'pglite,postgres').split(',').map((name) => name.trim());
  return wanted.map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Error(`PLINTH_TEST_ENGINES: "${name}" is none of ${known.join(', ')}`);
    return found;
  });
}
