import { taskErrors } from '../errors.ts';
import { instantsOf, isTimeZone, localOf, steadyOffset } from './zone.ts';

/**
 * Cron expressions of five fields, as cronie reads them (crontab(5)), with `L` and `#` as in croner and Quartz. What
 * happens when clocks change is cron(8) of cronie, made exact: a time that does not exist fires once, at the instant of
 * the jump; one that occurs twice fires the first time only, unless the hour field takes every hour.
 */
export interface Cron {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly lastDay: boolean;
  readonly weekdays: ReadonlySet<number>;
  /** Weekday and which of the month: 1 to 5, or -1 for the last. */
  readonly nthWeekdays: readonly { readonly weekday: number; readonly nth: number }[];
  /** Whether a day must fit one of the two fields, both being restricted, or all that is restricted. */
  readonly eitherDay: boolean;
  readonly everyHour: boolean;
}

export const cron_chars_max = 200;
const minute_ms = 60_000;
const day_ms = 86_400_000;
/** No zone has put its clocks further, but for those that crossed the date line. */
const clock_change_ms_max = 4 * 3_600_000;
/** 29 February is a Monday every 28 years, or 40 over a year such as 2100. */
const days_ahead_max = 366 * 41;
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const macros: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const minuteField: Field = { name: 'minute', least: 0, most: 59 };
const hourField: Field = { name: 'hour', least: 0, most: 23 };
const dayField: Field = { name: 'day of month', least: 1, most: 31 };
const monthField: Field = { name: 'month', least: 1, most: 12, names: monthNames };
const weekdayField: Field = { name: 'day of week', least: 0, most: 7, names: dayNames };

const refuse = (detail: string) => taskErrors.cron_invalid({ field: 'cron', detail });

/** Reads an expression. Throws `cron_invalid`, which says what is wrong in which field, also when no day ever fits. */
export function parseCron(text: string): Cron {
  if (text.length > cron_chars_max) throw refuse(`longer than ${cron_chars_max} characters`);
  const given = text.trim().toLowerCase();
  const fields = (macros.get(given) ?? given).split(/\s+/);
  if (fields.length !== 5) {
    throw refuse(`has ${given === '' ? 0 : fields.length} fields; there are five: minute hour day month weekday`);
  }
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  const hours = valuesOf(hour, hourField);
  const dayParts = day.split(',');
  const weekdayParts = weekday.split(',');
  const special = weekdayParts.map(nthWeekday);
  const plainWeekdays = weekdayParts.filter((_, index) => !special[index]);
  const plainDays = dayParts.filter((part) => part !== 'l');
  const cron: Cron = {
    minutes: sorted(valuesOf(minute, minuteField)),
    hours: sorted(hours),
    months: valuesOf(month, monthField),
    days: plainDays.length > 0 ? valuesOf(plainDays.join(','), dayField) : new Set(),
    lastDay: dayParts.includes('l'),
    weekdays: new Set(
      plainWeekdays.length > 0 ? [...valuesOf(plainWeekdays.join(','), weekdayField)].map((one) => one % 7) : [],
    ),
    nthWeekdays: special.filter((one) => one !== undefined),
    eitherDay: !day.startsWith('*') && !weekday.startsWith('*'),
    everyHour: hours.size === 24,
  };
  if (nextTick(cron, 'UTC', new Date(0)) === undefined) throw refuse('names a day that never comes');
  return cron;
}

const sorted = (values: ReadonlySet<number>) => [...values].sort((a, b) => a - b);

/** `5L`, `friL`: the last Friday; `1#2`: the second Monday. */
function nthWeekday(part: string): { weekday: number; nth: number } | undefined {
  const match = /^([0-7]|[a-z]{3})(?:l|#([1-5]))$/.exec(part);
  if (!match) return undefined;
  return { weekday: numberOf(match[1]!, weekdayField) % 7, nth: match[2] ? Number(match[2]) : -1 };
}

function valuesOf(text: string, field: Field): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d{1,3}))?$/.exec(part);
    if (!match) throw refuse(`${field.name}: "${part}" is not a number, a range or a list of them`);
    const [, first, last, every] = match;
    if (first === '*' && last !== undefined) throw refuse(`${field.name}: "${part}" is not a range`);
    const from = first === '*' ? field.least : numberOf(first!, field);
    const to = last !== undefined ? numberOf(last, field) : first === '*' || every ? field.most : from;
    const step = every === undefined ? 1 : Number(every);
    if (step < 1) throw refuse(`${field.name}: a step is 1 or more`);
    // fri-sun is meant, 5-1 is a mistake: 7 is Sunday too
    const end = to < from && field === weekdayField && to === 0 ? 7 : to;
    if (end < from) throw refuse(`${field.name}: "${part}" ends before it begins`);
    for (let value = from; value <= end; value += step) values.add(value);
  }
  return values;
}

function numberOf(text: string, field: Field): number {
  const named = field.names?.indexOf(text) ?? -1;
  if (named >= 0) return named + (field === monthField ? 1 : 0);
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= field.least && value <= field.most) return value;
  throw refuse(`${field.name}: "${text}" is not between ${field.least} and ${field.most}`);
}

/** Throws `time_zone_unknown`. */
export function assertTimeZone(zone: string): void {
  if (!isTimeZone(zone)) throw taskErrors.time_zone_unknown({ field: 'timezone', detail: 'for example Europe/Berlin' });
}

/** The first instant after `after` at which the expression fires; undefined when there is none in 41 years. */
export function nextTick(cron: Cron, zone: string, after: Date): Date | undefined {
  const since = after.getTime();
  const today = Math.floor(localOf(since, zone) / day_ms) * day_ms;
  // a day earlier: what clocks jumped over yesterday may fire today
  for (let ahead = -1; ahead <= days_ahead_max; ahead++) {
    const day = today + ahead * day_ms;
    if (!fitsDay(cron, day)) continue;
    const found = firstOfDay(cron, zone, day, since);
    if (found !== undefined) return new Date(found);
  }
  return undefined;
}

/** Up to `count` instants after `after`, in order. */
export function nextTicks(cron: Cron, zone: string, after: Date, count: number): Date[] {
  const ticks: Date[] = [];
  for (let at = nextTick(cron, zone, after); at && ticks.length < count; at = nextTick(cron, zone, at)) ticks.push(at);
  return ticks;
}

function firstOfDay(cron: Cron, zone: string, day: number, since: number): number | undefined {
  const offset = steadyOffset(day, zone);
  if (offset !== undefined) return firstOfSteadyDay(cron, day - offset, since);
  const earliest = localOf(since, zone) - clock_change_ms_max;
  let best: number | undefined;
  for (const hour of cron.hours) {
    for (const minute of cron.minutes) {
      const local = day + (hour * 60 + minute) * minute_ms;
      if (local < earliest) continue;
      const instants = instantsOf(local, zone);
      for (const instant of cron.everyHour ? instants : instants.slice(0, 1)) {
        if (instant > since && (best === undefined || instant < best)) best = instant;
      }
      // later local times are no earlier, but for those of an hour that comes twice
      if (best !== undefined && instants[0]! > best + clock_change_ms_max) return best;
    }
    // one hour is enough where none comes twice
    if (best !== undefined && !cron.everyHour) return best;
  }
  return best;
}

function firstOfSteadyDay(cron: Cron, start: number, since: number): number | undefined {
  for (const hour of cron.hours) {
    for (const minute of cron.minutes) {
      const instant = start + (hour * 60 + minute) * minute_ms;
      if (instant > since) return instant;
    }
  }
  return undefined;
}

function fitsDay(cron: Cron, day: number): boolean {
  const date = new Date(day);
  if (!cron.months.has(date.getUTCMonth() + 1)) return false;
  const ofMonth = date.getUTCDate();
  const lengthOfMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  const weekday = date.getUTCDay();
  const byDay = cron.days.has(ofMonth) || (cron.lastDay && ofMonth === lengthOfMonth);
  const byWeekday =
    cron.weekdays.has(weekday) ||
    cron.nthWeekdays.some(
      (one) =>
        one.weekday === weekday && (one.nth === -1 ? ofMonth + 7 > lengthOfMonth : Math.ceil(ofMonth / 7) === one.nth),
    );
  return cron.eitherDay ? byDay || byWeekday : byDay && byWeekday;
}
