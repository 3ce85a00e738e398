import { describe, expect, it } from 'vitest';
import { csvOf } from './csv.ts';
import { forecastOf } from './forecast.ts';
import { storableUsage } from './record.ts';
import { addDays, dayOf, monthOf, monthSpan } from './zone.ts';

const usd = 1_000_000_000_000n;

describe('the forecast', () => {
  it('of a constant series is exact, with an interval of no width', () => {
    const complete = Array.from({ length: 23 }, () => usd / 3n);
    const forecast = forecastOf({ complete, spent: (usd / 3n) * 23n, today: usd / 10n, daysLeft: 7 });
    expect(forecast).toMatchObject({ cost: '9.99999999999', low: '9.99999999999', high: '9.99999999999', days: 23 });
    expect(forecast?.mean_daily_cost).toBe('0.333333333333');
  });

  it('is the mean for each day that is left, and a prediction interval of their sum', () => {
    // by hand: days 1, 2, 3, 4; mean 2.5; s² = 5/3; 10 days left; 10 + 25 = 35;
    // 3.182 * sqrt(5/3 * (10 + 100/4)) = 3.182 * sqrt(58.3333) = 24.3030
    const complete = [1n, 2n, 3n, 4n].map((one) => one * usd);
    const forecast = forecastOf({ complete, spent: 10n * usd, today: 0n, daysLeft: 10 })!;
    expect(forecast.cost).toBe('35');
    expect(Number(forecast.high) - 35).toBeCloseTo(24.303, 3);
    // less than what is spent it will not be
    expect(Number(forecast.low)).toBeCloseTo(10.697, 3);
    const more = forecastOf({ complete, spent: 22n * usd, today: 0n, daysLeft: 10 });
    expect(more).toMatchObject({ cost: '47', low: expect.stringMatching(/^22\.697/) });
    const much = forecastOf({ complete, spent: 22n * usd, today: 3n * usd, daysLeft: 2 });
    // 22 + 5 = 27, but today has 3 and 2.5 more are to come: 27.5; 3.182 * sqrt(5/3 * (2 + 4/4)) = 7.115 reaches below what is spent
    expect(much).toMatchObject({ cost: '27.5', low: '25', high: expect.stringMatching(/^34\.615/) });
  });

  it('takes nothing back that today has', () => {
    const complete = [usd, usd];
    expect(forecastOf({ complete, spent: 2n * usd, today: 5n * usd, daysLeft: 3 })?.cost).toBe('9');
    expect(forecastOf({ complete, spent: 2n * usd, today: usd / 2n, daysLeft: 3 })?.cost).toBe('5');
  });

  it('looks back at four weeks, and says less the less it knows', () => {
    const complete = [...Array.from({ length: 30 }, () => 100n * usd), ...Array.from({ length: 28 }, () => usd)];
    expect(forecastOf({ complete, spent: 0n, today: 0n, daysLeft: 2 })).toMatchObject({
      cost: '2',
      days: 28,
      high: '2',
    });
    expect(forecastOf({ complete: [usd], spent: usd, today: 0n, daysLeft: 2 })).toMatchObject({
      cost: '3',
      low: null,
      high: null,
    });
    expect(forecastOf({ complete: [], spent: 0n, today: usd, daysLeft: 2 })).toBe(undefined);
  });
});

describe('months and days of a zone', () => {
  it('begin at its midnight, also where clocks change', () => {
    const berlin = monthSpan('2026-03', 'Europe/Berlin');
    expect(berlin).toEqual({
      since: new Date('2026-02-28T23:00:00Z'),
      until: new Date('2026-03-31T22:00:00Z'),
      days: 31,
    });
    expect(monthSpan('2028-02', 'UTC').days).toBe(29);
    expect(monthSpan('2026-12', 'UTC').until).toEqual(new Date('2027-01-01T00:00:00Z'));
    const night = new Date('2026-10-31T23:30:00Z');
    expect([monthOf(night, 'UTC'), monthOf(night, 'Europe/Berlin'), monthOf(night, 'America/New_York')]).toEqual([
      '2026-10',
      '2026-11',
      '2026-10',
    ]);
    expect(dayOf(night, 'Asia/Kathmandu')).toBe('2026-11-01');
    expect([addDays('2026-11-30', 1), addDays('2026-03-01', -1)]).toEqual(['2026-12-01', '2026-02-28']);
  });
});

describe('CSV', () => {
  it('holds no formula, and quotes what has to be', () => {
    expect(
      csvOf(
        ['model', 'cost'],
        [
          ['=HYPERLINK("http://x","y")', '1.5'],
          ['+1', null],
          ['-2', undefined],
          ['@SUM(A1)', 3],
          ['\t=1', -4],
          [' =1', ''],
          ['a,b', 'c"d'],
          ['e\nf', 'gpt-4o'],
        ],
      ),
    ).toBe(
      [
        'model,cost',
        `"'=HYPERLINK(""http://x"",""y"")",1.5`,
        `"'+1",`,
        `"'-2",`,
        `"'@SUM(A1)",3`,
        `"'\t=1",-4`,
        `"' =1",`,
        '"a,b","c""d"',
        '"e\nf",gpt-4o',
        '',
      ].join('\r\n'),
    );
  });
});

describe('raw usage', () => {
  it('is kept as far as it is usage', () => {
    const raw = { a: 1, b: { c: { d: { e: { f: 1 } } } }, text: 'x\u0000y', half: '\ud800', list: [1, null, true] };
    expect(storableUsage(raw)).toEqual({
      a: 1,
      b: { c: { d: { e: null } } },
      text: 'x y',
      half: '\ufffd',
      list: [1, null, true],
    });
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, 'x'.repeat(10_000)]));
    expect(JSON.stringify(storableUsage(many)).length).toBeLessThan(12_000);
    for (const nothing of [null, undefined, () => 1, Symbol('x')]) expect(storableUsage(nothing)).toBe(null);
  });
});
