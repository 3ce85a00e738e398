import { SimpleGrid } from '@mantine/core';
import { useMemo } from 'react';
import { Chart, type Series, series_max } from '../../parts/chart.tsx';
import { durationText } from '../../parts/duration.ts';
import type { IntervalFigures, Intervals } from './types.ts';

const seconds = (value: number) => durationText(value * 1_000);
const count = (value: number) => value.toLocaleString('en');

type Figure = Exclude<keyof IntervalFigures, 'task_type' | 'from'>;

/** How tasks fared over the time: of one type its medians and slow ends, of all the busiest types beside each other. */
export function Charts({ intervals, type }: { intervals: Intervals; type: string }) {
  const { times, of, busiest } = useMemo(() => spread(intervals), [intervals]);
  const types = type === '' ? busiest.slice(0, series_max) : [type];
  const each = (figure: Figure, none: number | null): Series[] =>
    types.map((name) => ({ name, values: of(name, figure, none) }));
  const both = (figure: 'wait' | 'run'): Series[] =>
    type === ''
      ? each(`${figure}_p95`, null)
      : [
          { name: 'half of them within', values: of(type, `${figure}_p50`, null) },
          { name: '95 % within', values: of(type, `${figure}_p95`, null) },
        ];
  const slowest = type === '' ? ', 95 % within' : '';
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg" className="surface" p="md">
      <Chart title="Completed" times={times} series={each('completed', 0)} say={count} isCount />
      <Chart title="Failed" times={times} series={withAny(each('failed', 0))} say={count} isCount />
      <Chart title={`Waited${slowest}`} times={times} series={both('wait')} say={seconds} />
      <Chart title={`Ran${slowest}`} times={times} series={both('run')} say={seconds} />
    </SimpleGrid>
  );
}

/** Without those that have nothing to show, but never empty: that none failed is to be seen too. */
function withAny(series: readonly Series[]): readonly Series[] {
  const some = series.filter(({ values }) => values.some((value) => value !== null && value > 0));
  return some.length > 0 ? some : series.slice(0, 1);
}

/** Figures by type and place in the time; what is left out of the answer is nothing, not unknown. */
function spread({ since, until, interval_seconds, data }: Intervals) {
  const start = Date.parse(since);
  const step = interval_seconds * 1_000;
  const places = Math.max(1, Math.round((Date.parse(until) - start) / step));
  const times = Array.from({ length: places }, (_, place) => new Date(start + place * step));
  const byType = new Map<string, Map<number, IntervalFigures>>();
  const ended = new Map<string, number>();
  for (const row of data) {
    const rows = byType.get(row.task_type) ?? new Map<number, IntervalFigures>();
    byType.set(row.task_type, rows);
    rows.set(Math.round((Date.parse(row.from) - start) / step), row);
    ended.set(row.task_type, (ended.get(row.task_type) ?? 0) + row.completed + row.failed);
  }
  return {
    times,
    busiest: [...ended.entries()].sort(([, a], [, b]) => b - a).map(([name]) => name),
    of: (name: string, figure: Figure, none: number | null): (number | null)[] =>
      times.map((_, place) => byType.get(name)?.get(place)?.[figure] ?? none),
  };
}
