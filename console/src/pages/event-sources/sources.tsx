import { Anchor, Button, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useCan, useRows } from '../../api/hooks.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { type ListedSource, schemeOf } from './types.ts';

const refresh_ms = 10_000;

const columns: readonly Column<ListedSource>[] = [
  {
    id: 'name',
    title: 'Source',
    width: 'minmax(11rem, 2fr)',
    render: ({ id, name }) => (
      <Anchor component={Link} to={`/event-sources/${id}`} size="sm">
        <PlainText text={name} chars={200} />
      </Anchor>
    ),
  },
  {
    id: 'state',
    title: 'State',
    width: '7rem',
    render: ({ is_active }) => <StatusBadge status={is_active ? 'active' : 'paused'} />,
  },
  { id: 'scheme', title: 'Sender', width: 'minmax(12rem, 1fr)', render: ({ scheme }) => schemeOf(scheme).label },
  {
    id: 'last',
    title: 'Last received',
    width: '9rem',
    render: ({ has_received, last_received_at }) => (
      <Time at={last_received_at} none={has_received ? 'long ago' : 'nothing yet'} />
    ),
  },
  { id: 'address', title: 'Address ends in', width: '9rem', render: ({ token_last4 }) => `…${token_last4}` },
  { id: 'made', title: 'Made', width: '9rem', render: ({ created_at }) => <Time at={created_at} /> },
];

/** Who may send webhooks here. */
export function Sources() {
  const navigate = useNavigate();
  const mayWrite = useCan('event_sources:write');
  const source = useRows<ListedSource>('/v1/event-sources', {}, { refetchEveryMs: refresh_ms });
  const make = mayWrite ? (
    <Button component={Link} to="/event-sources/new">
      New source
    </Button>
  ) : null;
  return (
    <>
      <PageHeader
        title="Event sources"
        description="Who sends webhooks here. Each has an address and a secret of its own."
        actions={make}
      />
      <DataTable
        label="Event sources"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/event-sources/${id}`)}
        empty={
          <EmptyState title="No event sources yet" action={make}>
            <Text size="sm">
              A source is an address that GitHub, Slack, Linear or another sender posts its webhooks to. Programs of
              your own can send events with a key instead.
            </Text>
          </EmptyState>
        }
      />
    </>
  );
}
