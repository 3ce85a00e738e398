import { type Series, series_max } from '../../parts/chart.tsx';
import type { DeliveryCounts } from '../endpoints/types.ts';

export interface EventCounts {
  readonly data: readonly { readonly at: string; readonly key: string | null; readonly events: number }[];
}

export const periods = {
  day: { label: 'the last 24 hours', bucket: 'hour', places: 24 },
  week: { label: 'the last 7 days', bucket: 'hour', places: 168 },
  month: { label: 'the last 30 days', bucket: 'day', places: 30 },
  quarter: { label: 'the last 90 days', bucket: 'day', places: 90 },
} as const;
export type Period = keyof typeof periods;

const bucket_ms = { hour: 3_600_000, day: 86_400_000 } as const;

/** When each hour or day of a period begins, in UTC, up to the one that is going on. */
export function placesOf(period: Period, now: number): Date[] {
  const { bucket, places } = periods[period];
  const step = bucket_ms[bucket];
  const last = Math.floor(now / step) * step;
  return Array.from({ length: places }, (_, place) => new Date(last - (places - 1 - place) * step));
}

/** The most frequent keys as lines of their own, the others together in one. */
export function seriesOf({ data }: EventCounts, times: readonly Date[]): Series[] {
  const totals = new Map<string, number>();
  for (const { key, events } of data) totals.set(key ?? '', (totals.get(key ?? '') ?? 0) + events);
  const known = [...totals].filter(([key]) => key !== '').sort(([, a], [, b]) => b - a);
  const own = known.slice(0, known.length > series_max ? series_max - 1 : series_max).map(([key]) => key);
  const isOther = totals.size > own.length;
  const values = new Map([...own, 'others'].map((name) => [name, times.map(() => 0)]));
  const places = new Map(times.map((time, place) => [time.getTime(), place]));
  for (const { at, key, events } of data) {
    const place = places.get(Date.parse(at));
    const of = values.get(key !== null && own.includes(key) ? key : 'others');
    if (place !== undefined && of) of[place] = (of[place] ?? 0) + events;
  }
  return [...own, ...(isOther ? ['others'] : [])].map((name) => ({ name, values: values.get(name) ?? [] }));
}

export function deliverySeriesOf({ data }: DeliveryCounts, times: readonly Date[]): Series[] {
  const byTime = new Map(data.map((row) => [Date.parse(row.at ?? ''), row]));
  return (['delivered', 'dead', 'waiting'] as const).map((name) => ({
    name,
    values: times.map((time) => byTime.get(time.getTime())?.[name] ?? 0),
  }));
}

export const sumOf = ({ values }: Series): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
