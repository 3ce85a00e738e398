import { Button, Code, Group, Text } from '@mantine/core';
import { IconBroadcast } from '@tabler/icons-react';
import { Link, useNavigate } from 'react-router';
import { useRows } from '../../api/hooks.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { RangeFilter, rangeNames, useRange } from '../../parts/time-range.tsx';
import { eventColumns } from './event-columns.tsx';
import { SearchLimits } from './search-limits.tsx';
import { type EventRow, eventCategories, eventSources, eventStatuses } from './types.ts';

const refresh_ms = 5_000;
const filterNames = ['search', 'contains', 'status', 'source', 'source_id', 'category', 'name', ...rangeNames];

/** All events, newest first, with filters in the address. */
export function Events() {
  const navigate = useNavigate();
  const filters = useFilters(filterNames);
  const range = useRange(filters);
  const contains = filters.get('contains');
  const isSearch = filters.get('search') !== '' || contains !== '';
  const wrong = contains === '' ? undefined : jsonProblem(contains);
  const rows = useRows<EventRow>(
    '/v1/events',
    {
      q: filters.get('search'),
      contains,
      status: filters.get('status'),
      source: filters.get('source'),
      source_id: filters.get('source_id'),
      category: filters.get('category'),
      type: filters.get('name'),
      ...range,
    },
    { refetchEveryMs: refresh_ms, enabled: wrong === undefined },
  );
  return (
    <>
      <PageHeader
        title="Events"
        description="What webhooks and programs told, newest first."
        actions={
          <Button
            variant="default"
            component={Link}
            to={`/live?${liveFilters(filters)}`}
            leftSection={<IconBroadcast size={16} aria-hidden />}
          >
            Live
          </Button>
        }
      />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="search" label="Words" placeholder="order -refund" />
        <TextFilter filters={filters} name="contains" label="Payload contains" placeholder='{"status":"paid"}' />
        <TextFilter filters={filters} name="name" label="Name" placeholder="push, or pull_request.*" />
        <ChoiceFilter filters={filters} name="status" label="Status" options={eventStatuses} />
        <ChoiceFilter filters={filters} name="source" label="Source" options={eventSources} />
        <ChoiceFilter filters={filters} name="category" label="Category" options={eventCategories} />
        <RangeFilter filters={filters} label="Time" />
      </FilterBar>
      {filters.get('source_id') === '' ? null : (
        <Group gap="xs" mb="sm">
          <Text size="sm">Only those of one event source.</Text>
          <Button variant="subtle" size="compact-sm" onClick={() => filters.set('source_id', '')}>
            Those of all sources
          </Button>
        </Group>
      )}
      {isSearch ? <SearchLimits wrong={wrong} /> : null}
      {wrong === undefined ? (
        <DataTable
          label="Events"
          columns={eventColumns}
          source={rows}
          rowKey={({ id }) => id}
          onOpen={({ id }) => void navigate(`/events/${id}`)}
          height="calc(100vh - 19rem)"
          empty={<Nothing isFiltered={filters.isAny} onClear={filters.clear} />}
        />
      ) : null}
    </>
  );
}

/** Filters that the stream knows too. */
function liveFilters({ get }: { get(name: string): string }): string {
  const kept = ['source', 'category', 'name'].flatMap((name) => (get(name) === '' ? [] : [[name, get(name)]]));
  return new URLSearchParams(kept).toString();
}

/** What is wrong with what is looked for in payloads, while it is typed; the server asks for more. */
function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? undefined
      : 'The payload contains an object or a list: {"status":"paid"}';
  } catch {
    return 'This is no whole JSON yet: {"status":"paid"}';
  }
}

function Nothing({ isFiltered, onClear }: { isFiltered: boolean; onClear: () => void }) {
  if (isFiltered) {
    return (
      <EmptyState
        title="No event matches"
        action={
          <Button variant="default" onClick={onClear}>
            Show all events
          </Button>
        }
      />
    );
  }
  return (
    <EmptyState title="No events yet">
      <Text size="sm">
        They come in by webhook, at the address of an event source, or with a key by <Code>POST /v1/events</Code>.
      </Text>
    </EmptyState>
  );
}
