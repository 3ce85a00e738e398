/** Local time of an IANA zone, from the zone data of the JavaScript engine. Local times are milliseconds as if UTC. */

const minute_ms = 60_000;
const day_ms = 86_400_000;
const zones_cached_max = 500;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether the name is a zone of the tz database ("Europe/Berlin", "UTC"). Offsets such as "+02:00" are none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= zones_cached_max) formats.clear();
  formats.set(zone, format);
  return format;
}

/** Local time of an instant, both in milliseconds. */
export function localOf(instant: number, zone: string): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) parts[type] = Number(value);
  const seconds = Date.UTC(
    parts['year']!,
    parts['month']! - 1,
    parts['day'],
    parts['hour'],
    parts['minute'],
    parts['second'],
  );
  return seconds + (((instant % 1000) + 1000) % 1000);
}

/**
 * The instants of a local time: one; two when clocks go back over it; for one that clocks jump over, the instant of the
 * jump, which is the next that is valid.
 */
export function instantsOf(local: number, zone: string): number[] {
  const offsetAt = (instant: number) => localOf(instant, zone) - instant;
  const before = offsetAt(local - day_ms);
  const after = offsetAt(local + day_ms);
  const found = [...new Set([before, after])]
    .map((offset) => local - offset)
    .filter((at) => localOf(at, zone) === local);
  if (found.length > 0) return found.sort((a, b) => a - b);
  // clocks jump over it: the first minute at which the offset is no longer the one before
  let low = Math.floor((local - Math.max(before, after)) / minute_ms) - 1;
  let high = Math.ceil((local - Math.min(before, after)) / minute_ms);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * minute_ms) === before) low = middle;
    else high = middle;
  }
  return [high * minute_ms];
}

/**
 * The offset of a zone all through a local day and the days beside it; undefined when clocks change there. Asking for
 * each minute would cost 3 µs a question, 20 ms a day.
 */
export function steadyOffset(day: number, zone: string): number | undefined {
  const offsetAt = (instant: number) => localOf(instant, zone) - instant;
  const offset = offsetAt(day);
  return offsetAt(day - 1.5 * day_ms) === offset && offsetAt(day + 2.5 * day_ms) === offset ? offset : undefined;
}
