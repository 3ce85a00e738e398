import { Group, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import type { CSSProperties } from 'react';
import styles from './chart.module.css';

export interface Series {
  readonly name: string;
  /** One for each time; null: nothing was measured. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  readonly times: readonly Date[];
  readonly series: readonly Series[];
  /** A value with its unit: "4.2 s", "310". */
  readonly say: (value: number) => string;
  /** Values are counts: no line stands between two whole numbers. */
  readonly isCount?: boolean;
}

/** Pixels, before it is known how wide the page is. */
const width_first = 480;
const height = 190;
const left = 52;
const right = 10;
const top = 10;
const bottom = 22;
/** Into how many parts the height is cut; of counts the first of them that cuts at whole numbers. */
const parts = 4;
const parts_of_counts = [4, 5, 2, 1];
/** Told apart by their dashes too, not by colour alone. */
const looks = [
  { color: 'var(--plinth-series-1)', dashes: '' },
  { color: 'var(--plinth-series-2)', dashes: '7 4' },
  { color: 'var(--plinth-series-3)', dashes: '2 3' },
  { color: 'var(--plinth-series-4)', dashes: '9 3 2 3' },
  { color: 'var(--plinth-series-5)', dashes: '4 2' },
] as const;
export const series_max = looks.length;
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });
const minute = new Intl.DateTimeFormat('en', { weekday: 'short', hour: 'numeric', minute: '2-digit' });

/** Lines over time. The picture says in words what it shows; figures stand in a table beside it. */
export function Chart({ title, times, series, say, isCount = false }: ChartProps) {
  const { ref, width: measured } = useElementSize();
  const width = measured || width_first;
  const most = roundUp(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const x = (index: number) => left + (index / Math.max(1, times.length - 1)) * (width - left - right);
  const y = (value: number) => top + (1 - value / most) * (height - top - bottom);
  const [first, last] = [times[0], times.at(-1)];
  const words = (at: Date | undefined) =>
    at === undefined ? '' : isWithinADay(first, last) ? minute.format(at) : day.format(at);
  return (
    <figure style={{ margin: 0 }}>
      <Group justify="space-between" mb={4} gap="xs" component="figcaption">
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <Group gap="sm">
          {series.map(({ name }, index) => (
            <Group key={name} gap={4} wrap="nowrap">
              <svg className={styles['key']} style={look(index)} viewBox="0 0 22 8" aria-hidden="true">
                <line
                  className={styles['series']}
                  x1="0"
                  x2="22"
                  y1="4"
                  y2="4"
                  strokeDasharray={looks[index]?.dashes}
                />
              </svg>
              <Text size="xs" truncate maw="11rem">
                {name}
              </Text>
            </Group>
          ))}
        </Group>
      </Group>
      <svg
        ref={ref}
        className={styles['chart']}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={inWords(title, series, say)}
      >
        {levels(most, isCount).map((level) => (
          <g key={level}>
            <line className={styles['grid']} x1={left} x2={width - right} y1={y(level)} y2={y(level)} />
            <text className={styles['label']} x={left - 6} y={y(level) + 4} textAnchor="end">
              {say(level)}
            </text>
          </g>
        ))}
        {series.map(({ name, values }, index) => (
          <g key={name} style={look(index)}>
            {stretches(values).map((stretch) => (
              <polyline
                key={stretch[0]}
                className={styles['series']}
                strokeDasharray={looks[index]?.dashes}
                points={stretch.map((at) => `${x(at)},${y(values[at] ?? 0)}`).join(' ')}
              />
            ))}
            {times.map((time, at) => {
              const value = values[at] ?? null;
              const isAlone = (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null;
              return value === null || (value === 0 && !isAlone) ? null : (
                <circle key={time.getTime()} className={styles['dot']} cx={x(at)} cy={y(value)} r={2.5}>
                  <title>{`${name}: ${say(value)}, ${time.toLocaleString('en')}`}</title>
                </circle>
              );
            })}
          </g>
        ))}
        <text className={styles['label']} x={left} y={height - 5}>
          {words(first)}
        </text>
        <text className={styles['label']} x={width - right} y={height - 5} textAnchor="end">
          {words(last)}
        </text>
      </svg>
    </figure>
  );
}

const look = (index: number) => ({ '--series-color': looks[index]?.color }) as CSSProperties;

const isWithinADay = (first: Date | undefined, last: Date | undefined) =>
  first !== undefined && last !== undefined && last.getTime() - first.getTime() <= 86_400_000;

/** Places of values that follow each other without a gap. */
function stretches(values: readonly (number | null)[]): number[][] {
  const found: number[][] = [];
  for (const [at, value] of values.entries()) {
    if (value === null) continue;
    if (at > 0 && values[at - 1] !== null) found.at(-1)?.push(at);
    else found.push([at]);
  }
  return found;
}

/** 1, 2 or 5 times a power of ten, at least: so that lines stand at round values. */
function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 10].find((times) => times * power >= value) ?? 10) * power;
}

/** Where the lines stand, from nothing to the most: a round value, so that one of the parts of counts divides it. */
function levels(most: number, isCount: boolean): number[] {
  const count = isCount ? (parts_of_counts.find((each) => most % each === 0) ?? 1) : parts;
  return Array.from({ length: count + 1 }, (_, index) => (most * index) / count);
}

function inWords(title: string, series: readonly Series[], say: (value: number) => string): string {
  const parts = series.map(({ name, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${name}: nothing was measured`;
    return `${name}: lowest ${say(Math.min(...known))}, highest ${say(Math.max(...known))}, last ${say(known.at(-1) ?? 0)}`;
  });
  return `${title}. ${parts.join('; ')}. The table below has the figures.`;
}
