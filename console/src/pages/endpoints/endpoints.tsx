import { Anchor, Button, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useRead, useRows } from '../../api/hooks.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { useOut } from './out.tsx';
import { PortalLink } from './portal-link.tsx';
import { type DeliveryCount, type DeliveryCounts, type Endpoint, stateOf, stateTones } from './types.ts';

const refresh_ms = 10_000;

/** Of what has ended in a day, of an endpoint's newest 200: deliveries that are still tried again are neither. */
export function successRate({ delivered, dead }: DeliveryCount): string {
  const ended = delivered + dead;
  return ended === 0 ? '–' : `${((100 * delivered) / ended).toLocaleString('en', { maximumFractionDigits: 1 })} %`;
}

export function State({ endpoint }: { endpoint: Endpoint }) {
  const { word } = stateOf(endpoint);
  return <StatusBadge status={word} tone={stateTones[word as keyof typeof stateTones]} />;
}

function columnsFor(isPortal: boolean, counts: ReadonlyMap<string, DeliveryCount>): Column<Endpoint>[] {
  return [
    {
      id: 'url',
      title: 'Endpoint',
      width: 'minmax(14rem, 3fr)',
      render: ({ id, url }) => (
        <Anchor component={Link} to={`/endpoints/${id}`} size="sm">
          <PlainText text={url} chars={200} />
        </Anchor>
      ),
    },
    { id: 'state', title: 'State', width: '8rem', render: (endpoint) => <State endpoint={endpoint} /> },
    ...(isPortal
      ? []
      : [
          {
            id: 'rate',
            title: 'Delivered lately',
            width: '9rem',
            align: 'end' as const,
            render: ({ id }: Endpoint) => {
              const count = counts.get(id);
              return count ? `${successRate(count)} of ${(count.delivered + count.dead).toLocaleString('en')}` : '–';
            },
          },
          {
            id: 'customer',
            title: 'Customer',
            width: 'minmax(7rem, 1fr)',
            render: ({ customer }: Endpoint) => (customer === null ? null : <PlainText text={customer} chars={100} />),
          },
        ]),
    {
      id: 'description',
      title: 'Description',
      width: 'minmax(7.5rem, 2fr)',
      render: ({ description }) => (description === null ? null : <PlainText text={description} chars={200} />),
    },
    {
      id: 'success',
      title: 'Last delivered',
      width: '8.5rem',
      render: ({ health }) => <Time at={health.last_success_at} />,
    },
    {
      id: 'failure',
      title: 'Last failure',
      width: '8.5rem',
      render: ({ health }) => <Time at={health.last_failure_at} none="–" />,
    },
  ];
}

/** Where webhooks go, and how each endpoint fares. */
export function Endpoints() {
  const navigate = useNavigate();
  const { endpoints, isPortal, mayManage } = useOut();
  const filters = useFilters(['customer']);
  const customer = filters.get('customer');
  const source = useRows<Endpoint>(endpoints, { customer: customer || null }, { refetchEveryMs: refresh_ms });
  const counts = useRead<DeliveryCounts>(
    '/v1/event-delivery-statistics',
    { by: 'endpoint' },
    { enabled: !isPortal, refetchEveryMs: 6 * refresh_ms },
  );
  const byEndpoint = new Map(counts.data?.data.map((count) => [count.endpoint_id ?? '', count]));
  const [isLinking, setLinking] = useState(false);
  const make = mayManage ? (
    <Button component={Link} to="/endpoints/new">
      New endpoint
    </Button>
  ) : null;
  return (
    <>
      <PageHeader
        title="Endpoints"
        description="Addresses that events are sent to as signed webhooks, newest first."
        actions={
          <>
            {mayManage && !isPortal ? (
              <Button variant="default" onClick={() => setLinking(true)}>
                Customer portal
              </Button>
            ) : null}
            {make}
          </>
        }
      />
      {isLinking ? <PortalLink customer={customer} onClose={() => setLinking(false)} /> : null}
      {isPortal ? null : (
        <FilterBar filters={filters}>
          <TextFilter filters={filters} name="customer" label="Customer" placeholder="The whole id" />
        </FilterBar>
      )}
      <DataTable
        label="Endpoints"
        columns={columnsFor(isPortal, byEndpoint)}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/endpoints/${id}`)}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No endpoint of this customer"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all
                </Button>
              }
            />
          ) : (
            <EmptyState title="No endpoints yet" action={make}>
              <Text size="sm">
                {isPortal
                  ? 'Add the address of your own server: events are posted there, signed with a secret that only you see.'
                  : 'Make one, then a subscription with the action webhook that says which events go there.'}
              </Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
