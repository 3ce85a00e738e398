import { Anchor, Button, SimpleGrid, Stack } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useRead } from '../../api/hooks.ts';
import { type Column, DataTable, rowsOf } from '../../parts/data-table.tsx';
import { between, durationText } from '../../parts/duration.ts';
import { ChoiceFilter, FilterBar, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Tile } from '../overview/tile.tsx';
import { Charts } from './charts.tsx';
import type { Intervals, ServedType, Statistics, TypeFigures } from './types.ts';

const refresh_ms = 15_000;
const hour_ms = 3_600_000;
const spans = [
  { value: 'hour', label: 'Last hour', ms: hour_ms },
  { value: 'week', label: 'Last 7 days', ms: 7 * 24 * hour_ms },
  { value: 'month', label: 'Last 30 days', ms: 30 * 24 * hour_ms },
];
const day = { ms: 24 * hour_ms };
const minute_ms = 60_000;
const follows = { refetchEveryMs: refresh_ms, keepsPrevious: true };

/** The time, to the minute: the time looked at moves on with it, and is asked for anew only then. */
function useMinute(): number {
  const [now, setNow] = useState(() => Date.now());
  useInterval(() => setNow(Date.now()), minute_ms, { autoInvoke: true });
  return Math.floor(now / minute_ms) * minute_ms;
}

/** How much waits and for how long, how tasks fared, and whether somebody works: of all types or of one. */
export function Queue() {
  const filters = useFilters(['since', 'type']);
  const span = spans.find(({ value }) => value === filters.get('since')) ?? day;
  const type = filters.get('type');
  const since = new Date(useMinute() - span.ms).toISOString();
  const served = useRead<{ data: readonly ServedType[] }>('/v1/task-workers', {}, { refetchEveryMs: refresh_ms });
  const figures = useRead<Statistics>('/v1/task-statistics', { since }, follows);
  const intervals = useRead<Intervals>('/v1/task-statistics/intervals', { since, task_type: type || null }, follows);
  const problem = served.error ?? figures.error ?? intervals.error;
  const types = served.data?.data ?? [];
  return (
    <Stack gap="md">
      <PageHeader title="Queue" description="What waits and for how long, and how tasks fared, by type." />
      <FilterBar filters={filters}>
        <ChoiceFilter filters={filters} name="since" label="Time" none="Last 24 hours" options={spans} />
        <ChoiceFilter
          filters={filters}
          name="type"
          label="Type"
          options={types.map(({ task_type: value }) => ({ value, label: value }))}
        />
      </FilterBar>
      {problem ? (
        <ErrorState
          error={problem}
          onRetry={() => {
            for (const one of [served, figures, intervals]) void one.refetch();
          }}
        />
      ) : null}
      {served.data && figures.data && intervals.data ? (
        <Found
          types={types.filter(({ task_type }) => type === '' || task_type === type)}
          figures={figures.data.types}
          intervals={intervals.data}
          type={type}
        />
      ) : problem ? null : (
        <LoadingState />
      )}
    </Stack>
  );
}

interface FoundProps {
  readonly types: readonly ServedType[];
  readonly figures: readonly TypeFigures[];
  readonly intervals: Intervals;
  readonly type: string;
}

function Found({ types, figures, intervals, type }: FoundProps) {
  const navigate = useNavigate();
  const rows = types.map((one) => ({ ...figures.find(({ task_type }) => task_type === one.task_type), ...one }));
  return (
    <>
      <Depth types={types} figures={figures.filter(({ task_type }) => type === '' || task_type === type)} type={type} />
      <Section title="Over time">
        <Charts intervals={intervals} type={type} />
      </Section>
      <Section title="By type">
        <DataTable
          label="Types of tasks"
          columns={columns}
          source={rowsOf(rows)}
          rowKey={({ task_type }) => task_type}
          onOpen={({ task_type }) => void navigate(`/queue?type=${task_type}`)}
          height="28rem"
          empty={
            <EmptyState
              title="No types of tasks"
              action={
                <Button variant="default" component={Link} to="/tasks">
                  Show tasks
                </Button>
              }
            >
              No module this program was started with declares one.
            </EmptyState>
          }
        />
      </Section>
    </>
  );
}

function Depth({ types, figures, type }: Omit<FoundProps, 'intervals'>) {
  const sum = (figure: 'due' | 'running' | 'open') => types.reduce((total, one) => total + one[figure], 0);
  const oldest = types.flatMap(({ oldest_due_at }) => oldest_due_at ?? []).sort()[0];
  const failed = figures.reduce((total, one) => total + one.failed, 0);
  const alone = types.filter(({ no_worker }) => no_worker);
  const query = type === '' ? '' : `&type=${type}`;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
      <Tile
        title="Due now"
        to={`/tasks?status=pending${query}`}
        value={sum('due').toLocaleString('en')}
        detail={`${sum('open').toLocaleString('en')} not ended yet, delayed and blocked ones included`}
      />
      <Tile
        title="Oldest that is due"
        to={`/tasks?status=pending${query}`}
        value={oldest === undefined ? 'none' : durationText(Date.now() - Date.parse(oldest))}
        detail={`${sum('running').toLocaleString('en')} running`}
      />
      <Tile
        title="Failed for good"
        to={`/dead-letters${type === '' ? '' : `?type=${type}`}`}
        status={failed > 0 ? 'failed' : 'ok'}
        value={failed.toLocaleString('en')}
        detail="In the time chosen"
      />
      <Tile
        title="Workers"
        to="/workers"
        status={alone.length > 0 ? 'warning' : 'ok'}
        detail={
          alone.length > 0
            ? `No worker serves ${alone.length === 1 ? alone[0]?.task_type : `${alone.length} types that have tasks`}`
            : 'Every type that has tasks is served'
        }
      />
    </SimpleGrid>
  );
}

type Row = ServedType & Partial<TypeFigures>;
const time = (value: number | null | undefined) =>
  value === null || value === undefined ? '–' : durationText(value * 1_000);
const pair = (half: number | null | undefined, most: number | null | undefined) =>
  half === null || half === undefined ? '–' : `${time(half)} / ${time(most)}`;

const columns: readonly Column<Row>[] = [
  {
    id: 'type',
    title: 'Type',
    width: 'minmax(9rem, 2fr)',
    render: ({ task_type }) => (
      <Anchor component={Link} to={`/queue?type=${task_type}`} size="sm">
        {task_type}
      </Anchor>
    ),
  },
  {
    id: 'workers',
    title: 'Workers',
    width: '7rem',
    render: ({ workers, no_worker }) => (no_worker ? <StatusBadge status="no worker" /> : workers),
  },
  { id: 'due', title: 'Due', width: '4.5rem', align: 'end', render: ({ due }) => due.toLocaleString('en') },
  { id: 'running', title: 'Running', width: '5.25rem', align: 'end', render: ({ running }) => running },
  {
    id: 'oldest',
    title: 'Oldest due',
    width: '6.5rem',
    align: 'end',
    render: ({ oldest_due_at }) => between(oldest_due_at, null) ?? '–',
  },
  {
    id: 'completed',
    title: 'Completed',
    width: '6.25rem',
    align: 'end',
    render: ({ completed = 0 }) => completed.toLocaleString('en'),
  },
  {
    id: 'failed',
    title: 'Failed',
    width: '8rem',
    align: 'end',
    render: ({ failed = 0, failure_rate, task_type }) =>
      failed === 0 ? (
        0
      ) : (
        <Anchor component={Link} to={`/dead-letters?type=${task_type}`} size="sm">
          {failed.toLocaleString('en')}
          {failure_rate === null || failure_rate === undefined ? '' : ` (${(failure_rate * 100).toFixed(1)} %)`}
        </Anchor>
      ),
  },
  {
    id: 'wait',
    title: 'Wait, 50 / 95 %',
    width: '8.25rem',
    align: 'end',
    render: ({ wait_p50, wait_p95 }) => pair(wait_p50, wait_p95),
  },
  {
    id: 'run',
    title: 'Run, 50 / 95 %',
    width: '8.25rem',
    align: 'end',
    render: ({ run_p50, run_p95 }) => pair(run_p50, run_p95),
  },
];
