import { type Static, Type } from 'typebox';
import { errors } from '../../platform/core/errors.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';

/** How the console looks to a person. Every field may be missing; what is not named here is refused. */
export const Preferences = Type.Object(
  {
    theme: Type.Optional(Type.Union([Type.Literal('system'), Type.Literal('light'), Type.Literal('dark')])),
    density: Type.Optional(Type.Union([Type.Literal('comfortable'), Type.Literal('compact')])),
    /** Times in the person's time zone or in UTC. */
    times: Type.Optional(Type.Union([Type.Literal('local'), Type.Literal('utc')])),
    page_rows: Type.Optional(Type.Integer({ minimum: 10, maximum: 500 })),
  },
  { additionalProperties: false },
);
export type Preferences = Static<typeof Preferences>;

/** The preferences of the scope's user: what they have chosen, not the defaults. */
export async function getPreferences(tx: ScopedTx, userId: string): Promise<Preferences> {
  const [row] = await tx.sql<{ preferences: Preferences }>('select preferences from plinth.users where id = $1', [
    userId,
  ]);
  if (!row) throw errors.not_found({ detail: 'no such user' });
  return row.preferences;
}

/** Replaces all of them. */
export async function setPreferences(
  tx: ScopedTx,
  userId: string,
  preferences: Preferences,
  at: Date,
): Promise<Preferences> {
  await tx.sql('update plinth.users set preferences = $2, updated_at = $3 where id = $1', [
    userId,
    JSON.stringify(preferences),
    at,
  ]);
  return getPreferences(tx, userId);
}
