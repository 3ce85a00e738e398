import { Button, Text } from '@mantine/core';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { useRead, useRows } from '../../api/hooks.ts';
import type { Page } from '../../api/types.ts';
import { DataTable, type Selection } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { plainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { RangeFilter, rangeNames, useRange } from '../../parts/time-range.tsx';
import { useOut } from '../endpoints/out.tsx';
import type { Endpoint } from '../endpoints/types.ts';
import { deliveryColumns } from './delivery-columns.tsx';
import { ResendBar } from './resend.tsx';
import { type Delivery, deliveryStatuses, hasEnded } from './types.ts';

const refresh_ms = 5_000;
const filterNames = ['endpoint', 'status', 'type', 'event', ...rangeNames];

/** What was sent, newest first, with filters in the address. */
export function Deliveries() {
  const navigate = useNavigate();
  const { endpoints, deliveries, maySend } = useOut();
  const filters = useFilters(filterNames);
  const [endpoint, status, type, event] = filterNames.map((name) => filters.get(name));
  const range = useRange(filters);
  const known = useRead<Page<Endpoint>>(endpoints, { limit: 200 });
  const urls = new Map(known.data?.data.map(({ id, url }) => [id, url]));
  const source = useRows<Delivery>(
    deliveries,
    {
      endpoint_id: endpoint || null,
      status: status || null,
      event_type: type || null,
      event_id: event || null,
      ...range,
    },
    { refetchEveryMs: refresh_ms },
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selection: Selection<Delivery> = {
    keys: chosen,
    set: setChosen,
    name: ({ event_type, occurred_at }) => `${plainText(event_type, 100)} of ${occurred_at}`,
  };
  const mayAll = !type && (status === '' || status === 'dead' || status === 'delivered') && filters.isAny;
  return (
    <>
      <PageHeader
        title="Deliveries"
        description="Each event on its way to an endpoint, newest first. What has ended can be sent again."
      />
      <FilterBar filters={filters}>
        <ChoiceFilter
          filters={filters}
          name="endpoint"
          label="Endpoint"
          options={[...urls].map(([value, url]) => ({ value, label: plainText(url, 60) }))}
        />
        <ChoiceFilter filters={filters} name="status" label="Status" options={deliveryStatuses} />
        <TextFilter filters={filters} name="type" label="Event type" placeholder="The whole type" />
        <TextFilter filters={filters} name="event" label="Event id" />
        <RangeFilter filters={filters} label="Made" />
      </FilterBar>
      {maySend && source.rows.some(hasEnded) ? (
        <ResendBar
          chosen={chosen}
          onClear={() => setChosen(new Set())}
          {...(mayAll
            ? {
                filter: {
                  ...(endpoint ? { endpoint_id: endpoint } : {}),
                  ...(status ? { status } : {}),
                  ...(event ? { event_id: event } : {}),
                  ...range,
                },
              }
            : {})}
        />
      ) : null}
      <DataTable
        label="Deliveries"
        columns={deliveryColumns(urls)}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/deliveries/${id}`)}
        {...(maySend ? { selection } : {})}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No delivery matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all deliveries
                </Button>
              }
            />
          ) : (
            <EmptyState title="No deliveries yet">
              <Text size="sm">They are made when an event matches a subscription with the action webhook.</Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
