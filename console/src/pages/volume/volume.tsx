import { SimpleGrid, Stack } from '@mantine/core';
import { useMemo } from 'react';
import { useRead } from '../../api/hooks.ts';
import { Chart, type Series } from '../../parts/chart.tsx';
import { type Column, DataTable, rowsOf } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import type { DeliveryCounts } from '../endpoints/types.ts';
import { deliverySeriesOf, type EventCounts, type Period, periods, placesOf, seriesOf, sumOf } from './figures.ts';

const refresh_ms = 30_000;
const say = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 1 });
const keys = ['source', 'status', 'category', 'type'] as const;

/** How many events came and deliveries went, over the time. */
export function Volume() {
  const filters = useFilters(['period', 'by']);
  const asked = filters.get('period');
  const period: Period = asked in periods ? (asked as Period) : 'day';
  const by = filters.get('by') || 'source';
  const { bucket } = periods[period];
  // the hour that is going on is in the question, so that it is asked anew when it is over
  const hour = Math.floor(Date.now() / 3_600_000);
  const times = useMemo(() => placesOf(period, hour * 3_600_000), [period, hour]);
  const since = times[0]?.toISOString();
  const options = { refetchEveryMs: refresh_ms, keepsPrevious: true };
  const events = useRead<EventCounts>('/v1/event-statistics', { since, bucket, by }, options);
  const deliveries = useRead<DeliveryCounts>('/v1/event-delivery-statistics', { since, by: bucket }, options);
  const error = events.error ?? deliveries.error;
  return (
    <>
      <PageHeader
        title="Volume"
        description={`Events that came and deliveries that were made, by ${bucket} of UTC; counted within some 15 seconds.`}
      />
      <FilterBar filters={filters}>
        <ChoiceFilter
          filters={filters}
          name="period"
          label="Time"
          none={periods.day.label}
          options={Object.entries(periods)
            .filter(([value]) => value !== 'day')
            .map(([value, { label }]) => ({ value, label }))}
        />
        <ChoiceFilter
          filters={filters}
          name="by"
          label="Events by"
          none="source"
          options={keys.filter((key) => key !== 'source')}
        />
      </FilterBar>
      {events.data && (deliveries.data || deliveries.error) ? (
        <>
          {deliveries.error ? <ErrorState error={deliveries.error} onRetry={() => void deliveries.refetch()} /> : null}
          <Found
            times={times}
            bucket={bucket}
            events={seriesOf(events.data, times)}
            deliveries={deliveries.data ? deliverySeriesOf(deliveries.data, times) : []}
          />
        </>
      ) : error ? (
        <ErrorState
          error={error}
          onRetry={() => {
            void events.refetch();
            void deliveries.refetch();
          }}
        />
      ) : (
        <LoadingState />
      )}
    </>
  );
}

interface FoundProps {
  readonly times: readonly Date[];
  readonly bucket: 'hour' | 'day';
  readonly events: readonly Series[];
  readonly deliveries: readonly Series[];
}

function Found({ times, bucket, events, deliveries }: FoundProps) {
  if ([...events, ...deliveries].every((series) => sumOf(series) === 0)) {
    return <EmptyState title="No events in this time">They are counted as they come, hour by hour.</EmptyState>;
  }
  const named = events.map(({ name, values }) => ({ name: plainText(name, 100), values }));
  return (
    <Stack gap="lg">
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg" className="surface" p="md">
        <Chart
          title={`Events: ${say(named.reduce((sum, series) => sum + sumOf(series), 0))}`}
          times={times}
          series={named}
          say={say}
          isCount
        />
        {deliveries.length === 0 ? null : (
          <Chart title={`Deliveries: ${inWords(deliveries)}`} times={times} series={deliveries} say={say} isCount />
        )}
      </SimpleGrid>
      <Figures times={times} bucket={bucket} events={named} deliveries={deliveries} />
    </Stack>
  );
}

/** "12, 3 waiting, 89 % of those that ended delivered". */
function inWords(deliveries: readonly Series[]): string {
  const [delivered = 0, dead = 0, waiting = 0] = deliveries.map(sumOf);
  const ended = delivered + dead;
  return [
    say(ended + waiting),
    ...(waiting === 0 ? [] : [`${say(waiting)} waiting`]),
    ...(ended === 0
      ? []
      : [`${say((100 * delivered) / ended)} % ${waiting === 0 ? '' : 'of those that ended '}delivered`]),
  ].join(', ');
}

const hourText = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
const deliveryTitles: Readonly<Record<string, string>> = { delivered: 'Delivered', dead: 'Dead', waiting: 'Waiting' };
const dayText = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeZone: 'UTC' });

/** The same in figures, the newest first; times without any are left out. */
function Figures({ times, bucket, events, deliveries }: FoundProps) {
  const all = [...events, ...deliveries];
  const places = times
    .map((at, place) => ({ at, place }))
    .filter(({ place }) => all.some(({ values }) => (values[place] ?? 0) > 0))
    .reverse();
  const count = (kind: string, title: string, { values }: Series): Column<{ at: Date; place: number }> => ({
    id: `${kind} ${title}`,
    title,
    width: 'minmax(7rem, 1fr)',
    align: 'end',
    render: ({ place }) => say(values[place] ?? 0),
  });
  const columns: Column<{ at: Date; place: number }>[] = [
    {
      id: 'at',
      title: `${bucket === 'hour' ? 'Hour' : 'Day'} (UTC)`,
      width: 'minmax(13rem, 2fr)',
      render: ({ at }) => (
        <time dateTime={at.toISOString()}>{(bucket === 'hour' ? hourText : dayText).format(at)}</time>
      ),
    },
    ...events.map((series) => count('events', series.name, series)),
    ...deliveries.map((series) => count('deliveries', deliveryTitles[series.name] ?? series.name, series)),
  ];
  return (
    <Section title="Figures">
      <DataTable
        label="Figures"
        columns={columns}
        source={rowsOf(places)}
        rowKey={({ at }) => at.toISOString()}
        height="28rem"
        empty={null}
      />
    </Section>
  );
}
