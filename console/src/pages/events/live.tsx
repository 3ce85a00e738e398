import { Anchor, Button, Group, Text, VisuallyHidden } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { type LiveState, useLive } from '../../api/live.ts';
import { type Column, DataTable, rowsOf } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { EmptyState, ErrorState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { eventColumns } from './event-columns.tsx';
import { type EventRow, eventCategories, eventSources } from './types.ts';

/** Older ones are let go of; the list of events has them. */
const rows_max = 500;
/** How often a screen reader is told how many came. */
const said_ms = 5_000;
const filterNames = ['source', 'category', 'name'];

type LiveRow = EventRow & { readonly received_at: string };

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const shown = new Set(['title', 'name', 'source', 'repository', 'actor']);
const columns: readonly Column<LiveRow>[] = [
  {
    id: 'received',
    title: 'Received',
    width: '6.5rem',
    render: ({ received_at }) => <time dateTime={received_at}>{clock.format(new Date(received_at))}</time>,
  },
  ...eventColumns.filter(({ id }) => shown.has(id)),
];

/** Events as they come. */
export function LiveEvents() {
  const navigate = useNavigate();
  const filters = useFilters(filterNames);
  const [isPaused, setPaused] = useState(false);
  const query = { source: filters.get('source'), category: filters.get('category'), type: filters.get('name') };
  const { state, rows, count } = useLive<LiveRow>('/v1/live', query, { isPaused, rowsMax: rows_max });
  return (
    <>
      <PageHeader
        title="Live events"
        description="Events as they come, newest first."
        actions={
          <>
            <Button
              variant={isPaused ? 'filled' : 'default'}
              leftSection={
                isPaused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />
              }
              onClick={() => setPaused(!isPaused)}
            >
              {isPaused ? 'Resume' : 'Pause'}
            </Button>
            <Button variant="default" component={Link} to="/events">
              All events
            </Button>
          </>
        }
      />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="name" label="Name" placeholder="push, or pull_request.*" />
        <ChoiceFilter filters={filters} name="source" label="Source" options={eventSources} />
        <ChoiceFilter filters={filters} name="category" label="Category" options={eventCategories} />
      </FilterBar>
      {state.kind === 'ended' ? <ErrorState error={state.problem} /> : <Summary state={state} count={count} />}
      <DataTable
        label="Live events"
        isQuiet
        columns={columns}
        source={rowsOf(rows)}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/events/${id}`)}
        height="calc(100vh - 19rem)"
        empty={
          state.kind === 'ended' ? null : (
            <EmptyState title="Nothing came yet">
              What came before this page was opened is in the{' '}
              <Anchor component={Link} to="/events" inherit underline="always">
                list of events
              </Anchor>
              .
            </EmptyState>
          )
        }
      />
    </>
  );
}

const words: Readonly<
  Record<LiveState['kind'], { status: string; tone: 'good' | 'busy' | 'waiting' | 'off'; says: string }>
> = {
  connecting: { status: 'connecting', tone: 'busy', says: 'Connecting to the server.' },
  connected: { status: 'connected', tone: 'good', says: 'New events are shown as they come.' },
  reconnecting: {
    status: 'reconnecting',
    tone: 'waiting',
    says: 'The connection broke. Once it is back, what came meanwhile is shown too.',
  },
  paused: { status: 'paused', tone: 'off', says: 'Nothing new is shown. On resuming, what came meanwhile is read.' },
  ended: { status: 'ended', tone: 'off', says: '' },
};

/** How the connection is, and how many came: said aloud now and then, not at each event. */
function Summary({ state, count }: { state: LiveState; count: number }) {
  const { status, tone, says } = words[state.kind];
  const said = useNowAndThen(count);
  const many = (number: number) => `${number.toLocaleString('en')} ${number === 1 ? 'event' : 'events'} came`;
  return (
    <Group gap="xs" mb="xs">
      <Group gap="xs" role="status">
        <StatusBadge status={status} tone={tone} />
        <Text size="sm">{says}</Text>
        <VisuallyHidden>{said === 0 ? '' : many(said)}</VisuallyHidden>
      </Group>
      <Text size="sm" c="dimmed" aria-hidden>
        {count === 0 ? '' : many(count)}
        {count > rows_max ? `; the newest ${rows_max} are shown` : ''}
      </Text>
    </Group>
  );
}

/** The value, as it is every few seconds. */
function useNowAndThen(value: number): number {
  const latest = useRef(value);
  latest.current = value;
  const [said, setSaid] = useState(value);
  useEffect(() => {
    const timer = setInterval(() => setSaid(latest.current), said_ms);
    return () => clearInterval(timer);
  }, []);
  return said;
}
