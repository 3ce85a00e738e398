import { Anchor, Button, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useCan, useRows } from '../../api/hooks.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { batchInWords } from './subscription.tsx';
import { useEndpointUrls } from './target.tsx';
import { ruleInWords, type Subscription, targetInWords } from './types.ts';

const refresh_ms = 15_000;

const columnsFor = (urls: ReadonlyMap<string, string>): readonly Column<Subscription>[] => [
  {
    id: 'name',
    title: 'Subscription',
    width: 'minmax(11rem, 2fr)',
    render: ({ id, name }) => (
      <Anchor component={Link} to={`/subscriptions/${id}`} size="sm">
        <PlainText text={name} chars={200} />
      </Anchor>
    ),
  },
  {
    id: 'state',
    title: 'State',
    width: '6.5rem',
    render: ({ is_active }) => <StatusBadge status={is_active ? 'active' : 'paused'} />,
  },
  {
    id: 'events',
    title: 'Which events',
    width: 'minmax(13rem, 3fr)',
    render: (row) => <PlainText text={ruleInWords(row)} chars={300} />,
  },
  {
    id: 'does',
    title: 'What happens',
    width: 'minmax(11rem, 2fr)',
    render: (row) => <PlainText text={targetInWords(row, urls)} chars={200} />,
  },
  { id: 'batch', title: 'At once', width: 'minmax(8rem, 1fr)', render: ({ batch }) => batchInWords(batch) },
  { id: 'changed', title: 'Changed', width: '8.5rem', render: ({ updated_at }) => <Time at={updated_at} /> },
];

/** What is to happen for which events. */
export function Subscriptions() {
  const navigate = useNavigate();
  const mayWrite = useCan('event_subscriptions:write');
  const urls = useEndpointUrls();
  const source = useRows<Subscription>('/v1/event-subscriptions', {}, { refetchEveryMs: refresh_ms });
  const make = mayWrite ? (
    <Button component={Link} to="/subscriptions/new">
      New subscription
    </Button>
  ) : null;
  return (
    <>
      <PageHeader
        title="Subscriptions"
        description="What is to happen for which events: a task, a workflow, a webhook or a notification."
        actions={
          <>
            <Button variant="default" component={Link} to="/subscriptions/test">
              Filter tester
            </Button>
            {make}
          </>
        }
      />
      <DataTable
        label="Subscriptions"
        columns={columnsFor(urls)}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/subscriptions/${id}`)}
        empty={
          <EmptyState title="No subscriptions yet" action={make}>
            <Text size="sm">
              Events are stored all the same. A subscription makes a task, starts a workflow or sends a webhook for
              those that match.
            </Text>
          </EmptyState>
        }
      />
    </>
  );
}
