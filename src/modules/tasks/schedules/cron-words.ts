import { type Cron, parseCron } from './cron.ts';

const weekdayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const ordinals = ['first', 'second', 'third', 'fourth', 'fifth'];
/** More times of a day than these are said by minutes and hours. */
const times_said_max = 6;

/** A cron expression in words: "At 02:30 from Monday to Friday". Throws `cron_invalid`. */
export function explainCron(text: string): string {
  const cron = parseCron(text);
  const time = timeInWords(cron);
  const days = daysInWords(cron);
  const months =
    cron.months.size === 12 ? undefined : rangeOrList([...cron.months], (one) => monthNames[one - 1]!, 'in');
  const isOfEveryDay = days === undefined && !/every (?:minute|hour|\d+ minutes|\d+ hours)/.test(time);
  const words = [time, isOfEveryDay ? 'every day' : days, months].filter((one) => one !== undefined).join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function timeInWords({ minutes, hours }: Cron): string {
  const [minute = 0] = minutes;
  const [hour = 0] = hours;
  if (minutes.length * hours.length <= times_said_max) {
    return `at ${list(hours.flatMap((h) => minutes.map((m) => `${two(h)}:${two(m)}`)))}`;
  }
  const everyMinutes = minutes.length === 1 ? undefined : stepOf(minutes, 60);
  const everyHours = stepOf(hours, 24);
  const ofMinutes =
    everyMinutes === undefined ? `at minute${plural(minutes)} ${said(minutes)}` : everyN(everyMinutes, 'minute');
  if (hours.length === 24) return everyMinutes === undefined ? atOfEveryHour(minutes) : ofMinutes;
  if (everyHours !== undefined && minutes.length === 1) {
    return `every ${everyHours} hours${hour === 0 && minute === 0 ? '' : `, the first time at ${two(hour)}:${two(minute)}`}`;
  }
  if (minutes.length === 1 && isRow(hours)) {
    return `every hour from ${two(hour)}:${two(minute)} to ${two(hours.at(-1)!)}:${two(minute)}`;
  }
  if (everyMinutes !== undefined && isRow(hours))
    return `${ofMinutes} from ${two(hour)}:00 to ${two(hours.at(-1)!)}:59`;
  return `${ofMinutes} of the hour${plural(hours)} ${said(hours)}`;
}

const atOfEveryHour = (minutes: readonly number[]) =>
  minutes.length === 1 && minutes[0] === 0
    ? 'every hour'
    : `at minute${plural(minutes)} ${said(minutes)} of every hour`;

function daysInWords({ days, lastDay, weekdays, nthWeekdays, eitherDay }: Cron): string | undefined {
  const ofMonth: string[] = [];
  if (days.size > 0 && days.size < 31) {
    const sorted = [...days].sort((a, b) => a - b);
    ofMonth.push(`day${plural(sorted)} ${said(sorted)} of the month`);
  }
  if (lastDay && days.size < 31) ofMonth.push('the last day of the month');
  const ofWeek: string[] = [];
  // from Monday on, as people say it
  const sorted = [...weekdays].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  const isEveryWeekday = weekdays.size === 7;
  if (weekdays.size > 0 && !isEveryWeekday) ofWeek.push(weekdaysInWords(sorted));
  if (!isEveryWeekday) {
    for (const { weekday, nth } of nthWeekdays) {
      ofWeek.push(`on the ${nth === -1 ? 'last' : ordinals[nth - 1]} ${weekdayNames[weekday]} of the month`);
    }
  }
  const month = ofMonth.length > 0 ? `on ${list(ofMonth)}` : undefined;
  const week = ofWeek.length > 0 ? ofWeek.join(' and ') : undefined;
  if (month === undefined || week === undefined) return month ?? week;
  return eitherDay ? `${month}, or ${week}` : `${month}, if that is ${week.replace(/^(?:on|from) /, '')}`;
}

function weekdaysInWords(sorted: readonly number[]): string {
  const places = sorted.map((one) => (one + 6) % 7);
  const name = (one: number) => weekdayNames[one]!;
  if (sorted.length > 2 && isRow(places)) return `from ${name(sorted[0]!)} to ${name(sorted.at(-1)!)}`;
  return `on ${list(sorted.map(name))}`;
}

function rangeOrList(given: readonly number[], name: (one: number) => string, before: string): string {
  const sorted = [...given].sort((a, b) => a - b);
  if (sorted.length > 2 && isRow(sorted)) return `from ${name(sorted[0]!)} to ${name(sorted.at(-1)!)}`;
  return `${before} ${list(sorted.map(name))}`;
}

/** n, where the values are every nth of the whole from its first on. */
function stepOf(values: readonly number[], whole: number): number | undefined {
  const step = whole / values.length;
  const first = values[0] ?? 0;
  return Number.isInteger(step) && first === 0 && values.every((value, index) => value === index * step)
    ? step
    : undefined;
}

const everyN = (n: number, noun: string) => (n === 1 ? `every ${noun}` : `every ${n} ${noun}s`);
const isRow = (values: readonly number[]) => values.every((value, index) => value === values[0]! + index);
const said = (values: readonly number[]) =>
  values.length > 2 && isRow(values) ? `${values[0]} to ${values.at(-1)}` : list(values.map(String));
const plural = (values: readonly unknown[]) => (values.length === 1 ? '' : 's');
const two = (value: number) => String(value).padStart(2, '0');

function list(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
