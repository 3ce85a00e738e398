import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlinthError } from '../../../platform/core/errors.ts';
import { assertTimeZone, nextTick, nextTicks, parseCron } from './cron.ts';
import { instantsOf, localOf } from './zone.ts';

const berlin = 'Europe/Berlin';
const ticks = (cron: string, zone: string, after: string, count: number) =>
  nextTicks(parseCron(cron), zone, new Date(after), count).map((tick) => tick.toISOString().replace(':00.000Z', 'Z'));
const refusal = (work: () => unknown): Partial<PlinthError> => {
  try {
    work();
  } catch (error) {
    return error as PlinthError;
  }
  throw new Error('it was taken');
};

describe('cron expressions', () => {
  it.each<[cron: string, after: string, expected: string[]]>([
    ['*/15 9-10 * * mon-fri', '2026-11-20T10:20:00Z', ['2026-11-20T10:30Z', '2026-11-20T10:45Z', '2026-11-23T09:00Z']],
    ['0 0 1,15 * *', '2026-01-02T00:00:00Z', ['2026-01-15T00:00Z', '2026-02-01T00:00Z']],
    // either day, when both are restricted (crontab(5))
    ['0 0 13 * fri', '2026-02-01T00:00:00Z', ['2026-02-06T00:00Z', '2026-02-13T00:00Z', '2026-02-20T00:00Z']],
    ['0 0 */2 * mon', '2026-06-01T00:00:00Z', ['2026-06-15T00:00Z', '2026-06-29T00:00Z']],
    ['0 12 L * *', '2026-01-31T12:00:00Z', ['2026-02-28T12:00Z', '2026-03-31T12:00Z']],
    ['0 12 29 feb *', '2026-01-01T00:00:00Z', ['2028-02-29T12:00Z', '2032-02-29T12:00Z']],
    ['30 8 * * 5L', '2026-11-01T00:00:00Z', ['2026-11-27T08:30Z', '2026-12-25T08:30Z']],
    ['30 8 * * tue#2', '2026-11-01T00:00:00Z', ['2026-11-10T08:30Z', '2026-12-08T08:30Z']],
    ['0 0 * * 7', '2026-11-21T00:00:00Z', ['2026-11-22T00:00Z', '2026-11-29T00:00Z']],
    ['0 0 * * fri-sun', '2026-11-20T12:00:00Z', ['2026-11-21T00:00Z', '2026-11-22T00:00Z', '2026-11-27T00:00Z']],
    ['5/20 * * * *', '2026-11-20T12:06:00Z', ['2026-11-20T12:25Z', '2026-11-20T12:45Z', '2026-11-20T13:05Z']],
    ['@hourly', '2026-12-31T23:00:00Z', ['2027-01-01T00:00Z']],
    ['@Weekly', '2026-11-21T00:00:00Z', ['2026-11-22T00:00Z']],
  ])('%s after %s', (cron, after, expected) => {
    expect(ticks(cron, 'UTC', after, expected.length)).toEqual(expected);
  });

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 13 *',
    '* * * * 8',
    '5-1 * * * *',
    '*/0 * * * *',
    '*-5 * * * *',
    'a * * * *',
    '-1 * * * *',
    '1,,2 * * * *',
    '* * * foo *',
    '0 0 30 feb *',
    '0 0 31 4,6,9,11 *',
    '* * * * 1#6',
    '@reboot',
    '1.5 * * * *',
    '* * L-3 * *',
    `${'1,'.repeat(150)}1 * * * *`,
  ])('%j is refused', (cron) => {
    expect(refusal(() => parseCron(cron))).toMatchObject({ code: 'cron_invalid', field: 'cron' });
  });

  it.each(['Mars/Olympus', '', '+02:00', 'Europe/Berlin; drop', '../../etc/passwd'])('%j is no time zone', (zone) => {
    expect(refusal(() => assertTimeZone(zone))).toMatchObject({ code: 'time_zone_unknown' });
  });
});

describe('the two nights of Europe/Berlin on which clocks change', () => {
  it('a time that does not exist fires once, when clocks jump', () => {
    // 2026-03-29: 02:00 becomes 03:00, at 01:00 UTC
    expect(ticks('30 2 * * *', berlin, '2026-03-28T00:00:00Z', 3)).toEqual([
      '2026-03-28T01:30Z',
      '2026-03-29T01:00Z',
      '2026-03-30T00:30Z',
    ]);
    expect(ticks('*/20 2-3 * * *', berlin, '2026-03-29T00:00:00Z', 4)).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-29T01:20Z',
      '2026-03-29T01:40Z',
      '2026-03-30T00:00Z',
    ]);
  });

  it('a time that comes twice fires the first time', () => {
    // 2026-10-25: 03:00 becomes 02:00, at 01:00 UTC
    expect(ticks('30 2 * * *', berlin, '2026-10-24T12:00:00Z', 2)).toEqual(['2026-10-25T00:30Z', '2026-10-26T01:30Z']);
    expect(ticks('0,30 2 * * *', berlin, '2026-10-25T00:00:00Z', 2)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:00Z',
    ]);
  });

  it('what runs every hour goes on every hour, through both', () => {
    expect(ticks('0 * * * *', berlin, '2026-10-24T22:30:00Z', 4)).toEqual([
      '2026-10-24T23:00Z',
      '2026-10-25T00:00Z',
      '2026-10-25T01:00Z',
      '2026-10-25T02:00Z',
    ]);
    expect(ticks('*/30 * * * *', berlin, '2026-03-29T00:15:00Z', 3)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:00Z',
      '2026-03-29T01:30Z',
    ]);
    const quarter = (at: string) =>
      ticks('*/15 * * * *', berlin, at, 12).map((tick) => new Date(tick.replace('Z', ':00Z')).getTime());
    for (const at of ['2026-10-24T23:50:00Z', '2026-03-28T23:50:00Z']) {
      const times = quarter(at);
      expect(times.slice(1).map((time, n) => time - times[n]!)).toEqual(Array.from({ length: 11 }, () => 900_000));
    }
  });

  it('half-hour changes and midnights that do not exist', () => {
    // Lord Howe: 2026-10-04 02:00 becomes 02:30, at 15:30 UTC the day before
    expect(ticks('15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z', 2)).toEqual([
      '2026-10-03T15:30Z',
      '2026-10-04T15:15Z',
    ]);
    // Beirut: 2026-03-29 00:00 becomes 01:00, at 22:00 UTC the day before
    expect(ticks('0 0 * * *', 'Asia/Beirut', '2026-03-28T00:00:00Z', 2)).toEqual([
      '2026-03-28T22:00Z',
      '2026-03-29T21:00Z',
    ]);
  });
});

describe('any expression, zone and time', () => {
  const part = (least: number, most: number) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant('*') },
      fc.integer({ min: least, max: most }).map(String),
      fc.integer({ min: 1, max: 20 }).map((step) => `*/${step}`),
      fc
        .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
        .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    );
  const expression = fc
    .tuple(part(0, 59), part(0, 23), part(1, 28), part(1, 12), part(0, 6))
    .map((parts) => parts.join(' '));
  const zone = fc.constantFrom(
    'UTC',
    berlin,
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'Africa/Casablanca',
    'America/Santiago',
  );
  const time = fc.date({ min: new Date('2020-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });

  it('ticks go forward, none is left out, and each is a local time that fits or the end of a jump', () => {
    fc.assert(
      fc.property(expression, zone, time, (text, where, after) => {
        const cron = parseCron(text);
        const [first, second] = nextTicks(cron, where, after, 2);
        expect(first!.getTime()).toBeGreaterThan(after.getTime());
        expect(second!.getTime()).toBeGreaterThan(first!.getTime());
        // asking from anywhere before gives the same one
        const between = new Date((after.getTime() + first!.getTime()) / 2);
        expect(nextTick(cron, where, between)).toEqual(first);
        const local = new Date(localOf(first!.getTime(), where));
        const fits = cron.minutes.includes(local.getUTCMinutes()) && cron.hours.includes(local.getUTCHours());
        const isJump = localOf(first!.getTime(), where) - localOf(first!.getTime() - 60_000, where) > 60_000;
        expect(fits || isJump).toBe(true);
      }),
      { seed: 4, numRuns: 300 },
    );
  });

  it('local times and instants go there and back', () => {
    fc.assert(
      fc.property(zone, time, (where, at) => {
        const instant = Math.floor(at.getTime() / 60_000) * 60_000;
        expect(instantsOf(localOf(instant, where), where)).toContain(instant);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
