import { errors } from '../../../platform/core/errors.ts';
import type { ScopedTx } from '../../../platform/scope/door.ts';
import { instantsOf, isTimeZone, localOf } from '../../tasks/index.ts';

const day_ms = 86_400_000;

/** A span of time: from `since` until before `until`. */
export interface Span {
  readonly since: Date;
  readonly until: Date;
}

/** The zone that is asked for, or the organization's (`time_zone` of its settings), or UTC. Throws `invalid_value`. */
export async function zoneOf(tx: ScopedTx, asked: string | undefined): Promise<string> {
  if (asked !== undefined) {
    if (!isTimeZone(asked)) {
      throw errors.invalid_value({ field: 'time_zone', detail: 'time_zone is a name such as Europe/Berlin' });
    }
    return asked;
  }
  const [row] = await tx.sql<{ zone: string | null }>(
    `select coalesce(settings ->> 'time_zone', settings ->> 'timezone') as zone from plinth.organizations where id = $1`,
    [tx.organizationId],
  );
  return row?.zone && isTimeZone(row.zone) ? row.zone : 'UTC';
}

/** The first instant of a local day: `month` is 0 to 11, and days and months may run over. */
export function startOfDay(year: number, month: number, day: number, zone: string): Date {
  return new Date(instantsOf(Date.UTC(year, month, day), zone)[0]!);
}

/** The local day of an instant, as "2026-11-24". */
export function dayOf(at: Date, zone: string): string {
  return new Date(localOf(at.getTime(), zone)).toISOString().slice(0, 10);
}

/** The month of an instant, as "2026-11". */
export const monthOf = (at: Date, zone: string): string => dayOf(at, zone).slice(0, 7);

/** A local month, and how many days it has. */
export function monthSpan(month: string, zone: string): Span & { readonly days: number } {
  const [year = 0, nth = 1] = month.split('-').map(Number);
  return {
    since: startOfDay(year, nth - 1, 1, zone),
    until: startOfDay(year, nth, 1, zone),
    days: Math.round((Date.UTC(year, nth, 1) - Date.UTC(year, nth - 1, 1)) / day_ms),
  };
}

/** Some days after a day: "2026-11-30" and 1 is "2026-12-01". */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * day_ms).toISOString().slice(0, 10);
}
