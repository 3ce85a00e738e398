import { Anchor, Button, Text } from '@mantine/core';
import { useMemo } from 'react';
import { Link, useNavigate } from 'react-router';
import { type Rows, useCan, useRead, useRows } from '../../api/hooks.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { eventSources } from '../events/types.ts';
import { type EventType, type KnownType, knownColumns, knownTypes, placeOf } from './types.ts';

type Row = KnownType & Partial<EventType>;

const columns: readonly Column<Row>[] = [
  {
    id: 'name',
    title: 'Type',
    width: 'minmax(12rem, 2fr)',
    render: (row) => (
      <Anchor component={Link} to={placeOf(row)} size="sm">
        <PlainText text={row.name} chars={200} />
      </Anchor>
    ),
  },
  { id: 'source', title: 'Source', width: '9rem', render: ({ source }) => source.replaceAll('_', ' ') },
  {
    id: 'state',
    title: 'State',
    width: '8rem',
    render: ({ is_active }) =>
      is_active === undefined ? (
        <StatusBadge status="known" tone="off" />
      ) : (
        <StatusBadge status={is_active ? 'active' : 'off'} />
      ),
  },
  { id: 'category', title: 'Category', width: '8rem', render: ({ category }) => category },
  {
    id: 'schema',
    title: 'Schema',
    width: '6rem',
    render: ({ payload_schema, schema_version }) =>
      payload_schema === null ? 'none' : schema_version === undefined ? 'yes' : `version ${schema_version}`,
  },
  {
    id: 'kept',
    title: 'Kept',
    width: '7rem',
    render: ({ retention_days }) =>
      retention_days == null ? 'as all' : `${retention_days} ${retention_days === 1 ? 'day' : 'days'}`,
  },
  {
    id: 'description',
    title: 'Description',
    width: 'minmax(12rem, 3fr)',
    render: ({ description }) => <PlainText text={description} chars={300} />,
  },
];

/** What the organization says of events by their names, and below it what the program knows of. */
export function EventTypes() {
  const navigate = useNavigate();
  const mayWrite = useCan('event_types:write');
  const filters = useFilters(['of', 'source', 'name']);
  const source = useAllTypes(filters);
  const make = mayWrite ? (
    <Button component={Link} to="/event-types/new">
      New event type
    </Button>
  ) : null;
  return (
    <>
      <PageHeader
        title="Event types"
        description="What events of a name hold, how long they are kept, and whether they are wanted."
        actions={make}
      />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="name" label="Name" placeholder="Part of a name" />
        <ChoiceFilter filters={filters} name="source" label="Source" options={eventSources} />
        <ChoiceFilter
          filters={filters}
          name="of"
          label="Whose"
          options={[
            { value: 'own', label: "the organization's" },
            { value: 'known', label: 'known to the program' },
          ]}
        />
      </FilterBar>
      <DataTable
        label="Event types"
        columns={columns}
        source={source}
        rowKey={(row) => placeOf(row)}
        onOpen={(row) => void navigate(placeOf(row))}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No event type matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all event types
                </Button>
              }
            />
          ) : (
            <EmptyState title="No event types yet" action={make}>
              <Text size="sm">A type says by JSON Schema what the payloads of its events hold.</Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}

/** The organization's own, then those of the program that it says nothing of. */
function useAllTypes({ get }: { get(name: string): string }): Rows<Row> {
  const own = useRows<EventType>('/v1/event-types');
  const known = useRead<readonly KnownType[]>(knownTypes, { select: knownColumns, order: 'source,name' });
  const [of, source, name] = [get('of'), get('source'), get('name').toLowerCase()];
  const rows = useMemo(() => {
    const said = new Set(own.rows.map(placeOf));
    const others = own.hasMore ? [] : (known.data ?? []).filter((row) => !said.has(placeOf(row)));
    const all: readonly Row[] = [...(of === 'known' ? [] : own.rows), ...(of === 'own' ? [] : others)];
    return all.filter((row) => (source === '' || row.source === source) && row.name.toLowerCase().includes(name));
  }, [own.rows, own.hasMore, known.data, of, source, name]);
  return { ...own, rows, isLoading: own.isLoading || known.isLoading, error: own.error ?? known.error };
}
