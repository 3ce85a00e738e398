import { Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import styles from './trend.module.css';
import { type Run, runName } from './types.ts';

/** Pixels, before it is known how wide the page is. */
const width_first = 720;
const height = 180;
const left = 34;
const right = 12;
const top = 12;
const bottom = 24;
const levels = [0, 25, 50, 75, 100];
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });

type Scored = Run & { readonly quality_score: number };

/** The score over the runs, oldest at the left. The picture says in words what it shows; the table has the values. */
export function Trend({ runs }: { runs: readonly Run[] }) {
  const { ref, width: measured } = useElementSize();
  const width = measured || width_first;
  const scored = runs.filter((run): run is Scored => run.quality_score !== null).reverse();
  const first = scored[0];
  const last = scored.at(-1);
  if (first === undefined || last === undefined || scored.length < 2) {
    return (
      <Text size="sm" c="dimmed">
        A trend is drawn from the second finished run on.
      </Text>
    );
  }
  const scores = scored.map(({ quality_score }) => quality_score);
  const x = (index: number) => left + (index / (scored.length - 1)) * (width - left - right);
  const y = (score: number) => top + (1 - score / 100) * (height - top - bottom);
  const words =
    `Quality score over ${scored.length} runs, from ${first.quality_score} on ${day.format(new Date(first.created_at))} ` +
    `to ${last.quality_score} on ${day.format(new Date(last.created_at))}; ` +
    `lowest ${Math.min(...scores)}, highest ${Math.max(...scores)}. The table below has each value.`;
  return (
    <svg ref={ref} className={styles['chart']} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={words}>
      {levels.map((level) => (
        <g key={level}>
          <line className={styles['grid']} x1={left} x2={width - right} y1={y(level)} y2={y(level)} />
          <text className={styles['label']} x={left - 6} y={y(level) + 4} textAnchor="end">
            {level}
          </text>
        </g>
      ))}
      <polyline
        className={styles['line']}
        points={scored.map(({ quality_score }, index) => `${x(index)},${y(quality_score)}`).join(' ')}
      />
      {scored.map((run, index) => (
        <circle key={run.id} className={styles['point']} cx={x(index)} cy={y(run.quality_score)} r={3.5}>
          <title>{`${run.quality_score}: ${runName(run)}, ${day.format(new Date(run.created_at))}`}</title>
        </circle>
      ))}
      <text className={styles['label']} x={left} y={height - 6}>
        {day.format(new Date(first.created_at))}
      </text>
      <text className={styles['label']} x={width - right} y={height - 6} textAnchor="end">
        {day.format(new Date(last.created_at))}
      </text>
    </svg>
  );
}
