import pg from 'pg';

/** Everything of ours is in this schema; a database may hold others beside it. */
export const SCHEMA = 'plinth';

/** The roles, without their prefix. */
export const roleNames = ['owner', 'definer', 'app', 'worker', 'readonly'] as const;
export type RoleName = (typeof roleNames)[number];

const PREFIX = /^[a-z][a-z0-9_]{0,39}$/;

/** `plinth_owner` and so on. Roles belong to the whole cluster, so two installations in one choose two prefixes. */
export function roleName(prefix: string, role: RoleName): string {
  if (!PREFIX.test(prefix)) {
    throw new RangeError(`the role prefix ${JSON.stringify(prefix)} is not a lower-case word of at most 40 characters`);
  }
  return `${prefix}_${role}`;
}

/** A quoted identifier, for statements that take no parameters. */
export function quoteName(name: string): string {
  return pg.escapeIdentifier(name);
}

/** A quoted literal, for statements that take no parameters. */
export function quoteText(text: string): string {
  return pg.escapeLiteral(text);
}
