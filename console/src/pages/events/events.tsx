import { Anchor, Button, Code, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { containing, quoted, useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { type EventRow, eventColumns, eventSources, eventStatuses } from './types.ts';

const refresh_ms = 5_000;
const filterNames = ['status', 'source', 'name', 'search'];
const searched = ['title', 'type', 'repository_full_name', 'actor', 'branch', 'external_id'];

const line = (text: string | null) => (text === null ? null : <PlainText text={text} chars={200} />);

const columns: Column<EventRow>[] = [
  {
    id: 'title',
    title: 'Event',
    width: 'minmax(12rem, 3fr)',
    render: ({ id, title, type }) => (
      <Anchor component={Link} to={`/events/${id}`} size="sm">
        <PlainText text={title || type} chars={200} />
      </Anchor>
    ),
  },
  { id: 'status', title: 'Status', width: '7rem', render: ({ status }) => <StatusBadge status={status} /> },
  { id: 'name', title: 'Name', width: 'minmax(8rem, 1fr)', render: ({ type }) => line(type) },
  { id: 'source', title: 'Source', width: '8rem', render: ({ source }) => source.replaceAll('_', ' ') },
  {
    id: 'repository',
    title: 'Repository',
    width: 'minmax(7rem, 1fr)',
    render: ({ repository_full_name }) => line(repository_full_name),
  },
  { id: 'actor', title: 'Actor', width: 'minmax(5rem, 1fr)', render: ({ actor }) => line(actor) },
  { id: 'error', title: 'Error', width: 'minmax(6rem, 1fr)', render: ({ reason }) => line(reason) },
  { id: 'occurred', title: 'Occurred', width: '8.5rem', render: ({ occurred_at }) => <Time at={occurred_at} /> },
];

/** All events, newest first, with filters in the address. */
export function Events() {
  const navigate = useNavigate();
  const filters = useFilters(filterNames);
  const [status, source, name, search] = filterNames.map((one) => filters.get(one));
  const found = search ? quoted(containing(search)) : '';
  const rows = useTableRows<EventRow>(
    'events',
    eventColumns,
    {
      status: status ? `eq.${status}` : null,
      source: source ? `eq.${source}` : null,
      type: name ? `ilike.${name.includes('*') ? name : containing(name)}` : null,
      or: search ? `(${searched.map((column) => `${column}.ilike.${found}`).join(',')})` : null,
    },
    { refetchEveryMs: refresh_ms },
  );
  return (
    <>
      <PageHeader title="Events" description="What webhooks and programs told, newest first." />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="search" label="Search" placeholder="Title, repository, actor" />
        <ChoiceFilter filters={filters} name="status" label="Status" options={eventStatuses} />
        <ChoiceFilter filters={filters} name="source" label="Source" options={eventSources} />
        <TextFilter filters={filters} name="name" label="Name" placeholder="push, or pull_request.*" />
      </FilterBar>
      <DataTable
        label="Events"
        columns={columns}
        source={rows}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/events/${id}`)}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No event matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all events
                </Button>
              }
            />
          ) : (
            <EmptyState title="No events yet">
              <Text size="sm">
                They come in by webhook, at the address of an event source, or with a key by{' '}
                <Code>POST /v1/events</Code>.
              </Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
