import { divideRounded, formatUsd } from '../prices/index.ts';

/** How the forecast is made, in words: part of every answer that has one. */
export const forecast_method =
  'The mean of the last complete days (up to 28, from the first with a call) for each day that is left, today at least what it is; ' +
  'the interval is the 95 % prediction interval of their sum, for independent days: t * s * sqrt(r + r * r / n).';

/** Days that are looked back at: whole weeks, so that weekends weigh as much as they do. */
export const forecast_days_max = 28;

export interface Forecast {
  /** USD at the end of the month. */
  readonly cost: string;
  /** 95 %: null where fewer than two days are known. `low` is never less than what is spent. */
  readonly low: string | null;
  readonly high: string | null;
  /** Complete days it is made from. */
  readonly days: number;
  readonly mean_daily_cost: string;
  readonly method: string;
}

/** Two-sided 95 % quantiles of Student's t for 1 to 27 degrees of freedom. */
const students_t = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052,
];

/**
 * What a month will have cost, all in 1e-12 USD. `complete` are the costs of complete days before today, none left out
 * (of them the last 28 are used); `spent` what the month has cost before today; `today` what today has; `daysLeft` the days
 * of the month from today on, today included. Undefined where there is no complete day.
 */
export function forecastOf({
  complete,
  spent,
  today,
  daysLeft,
}: {
  complete: readonly bigint[];
  spent: bigint;
  today: bigint;
  daysLeft: number;
}): Forecast | undefined {
  const days = complete.slice(-forecast_days_max);
  const n = BigInt(days.length);
  if (n === 0n) return undefined;
  const sum = days.reduce((whole, one) => whole + one, 0n);
  const known = spent + today;
  const rest = divideRounded(sum * BigInt(daysLeft), n);
  const afterToday = divideRounded(sum * BigInt(daysLeft - 1), n);
  // what today has already is not taken back
  const expected = max(spent + rest, known + afterToday);
  const half = halfWidth(days, sum, daysLeft);
  return {
    cost: formatUsd(expected),
    low: half === undefined ? null : formatUsd(max(known, expected - half)),
    high: half === undefined ? null : formatUsd(expected + half),
    days: days.length,
    mean_daily_cost: formatUsd(divideRounded(sum, n)),
    method: forecast_method,
  };
}

/**
 * Half of the prediction interval of a sum of r further days, after n of mean m and standard deviation s (by n - 1): the sum
 * varies by r * s² and its expectation r * m by r² * s² / n.
 */
function halfWidth(days: readonly bigint[], sum: bigint, r: number): bigint | undefined {
  const n = days.length;
  const t = students_t[n - 2];
  if (t === undefined) return undefined;
  // whole numbers until here: equal days vary by exactly 0
  const squares = days.reduce((whole, one) => whole + one * one, 0n);
  const variance = Number(BigInt(n) * squares - sum * sum) / (n * (n - 1));
  return BigInt(Math.round(t * Math.sqrt(variance * (r + (r * r) / n))));
}

const max = (one: bigint, other: bigint): bigint => (one > other ? one : other);
