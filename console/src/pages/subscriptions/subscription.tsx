import { Anchor, Button, Group, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { forget, refresh, useCan, useChange, useRead } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { useTableRows } from '../../api/use-table-rows.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { durationText } from '../../parts/duration.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { useEndpointUrls } from './target.tsx';
import { type Batch, ruleInWords, type Subscription, targetInWords, touchedBySubscriptions } from './types.ts';

const refresh_ms = 10_000;

export function batchInWords(batch: Batch | null): string {
  if (batch === null) return 'each alone';
  return `${batch.count_max.toLocaleString('en')}, or ${durationText(batch.seconds_max * 1_000)}`;
}

export function SubscriptionPage() {
  const { id = '' } = useParams();
  const path = `/v1/event-subscriptions/${encodeURIComponent(id)}`;
  const { data, error, refetch } = useRead<Subscription>(path);
  if (data) return <Found subscription={data} path={path} />;
  return <DetailState name="Subscription" listPath="/subscriptions" error={error} onRetry={() => void refetch()} />;
}

function Found({ subscription, path }: { subscription: Subscription; path: string }) {
  const { id, name, is_active, filter } = subscription;
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(name, 200)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={is_active ? 'active' : 'paused'} />
            <span>
              {is_active ? 'for each event that matches' : 'events go by; those of the meantime are not made up for'}
            </span>
          </Group>
        }
        actions={<Actions subscription={subscription} path={path} />}
      />
      <Facts subscription={subscription} />
      {filter === null ? null : (
        <details className="surface" style={{ padding: '0.75rem 1rem' }}>
          <summary>The filter as it is kept</summary>
          <JsonView label="Filter as a tree" value={filter} />
        </details>
      )}
      <Done id={id} />
    </Stack>
  );
}

function Facts({ subscription }: { subscription: Subscription }) {
  const { action, target, batch, filter_text, sources, categories, names } = subscription;
  const urls = useEndpointUrls();
  const place = (text: string | undefined) => (text === undefined ? null : <PlainText text={text} chars={500} />);
  const entries: [string, ReactNode][] = [
    ['events', filter_text === null ? plainText(ruleInWords(subscription), 2_000) : null],
    ['sources', sources.join(', ')],
    ['categories', categories.join(', ')],
    ['names', names.length === 0 ? null : <PlainText text={names.join(', ')} chars={2_000} />],
    ['filter', filter_text === null ? null : <PlainText text={filter_text} chars={4_000} />],
    ['what happens', <PlainText key="what" text={targetInWords(subscription)} chars={300} />],
    [
      'endpoint',
      action === 'webhook' && target.endpoint_id ? (
        <Anchor component={Link} to={`/endpoints/${target.endpoint_id}`} size="sm">
          <PlainText text={urls.get(target.endpoint_id) ?? target.endpoint_id} chars={200} />
        </Anchor>
      ) : null,
    ],
    ['title', place(target.title)],
    ['text', place(target.body)],
    ['version', target.version],
    ['correlation key from', place(target.correlation_from)],
    ['priority', target.priority],
    ['at once', batchInWords(batch)],
    ['made', <ExactTime key="made" at={subscription.created_at} />],
    ['id', subscription.id],
  ];
  return <DefinitionList label="Subscription" entries={entries} />;
}

function Actions({ subscription: { id, name, is_active }, path }: { subscription: Subscription; path: string }) {
  const may = useCan('event_subscriptions:write');
  const navigate = useNavigate();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const act = useChange((isOn: boolean) => api.patch(path, { is_active: isOn }), {
    touches: touchedBySubscriptions,
    tells: (_, isOn) => (isOn ? 'The subscription goes on from now' : 'The subscription is paused'),
  });
  async function remove() {
    await api.delete(path);
    forget(client, path);
    await navigate('/subscriptions', { replace: true });
    await refresh(client, touchedBySubscriptions);
  }
  if (!may) return null;
  return (
    <>
      <Button variant="default" loading={act.isPending} onClick={() => act.mutate(!is_active)}>
        {is_active ? 'Pause' : 'Resume'}
      </Button>
      <Button variant="default" component={Link} to={`/subscriptions/${id}/edit`}>
        Edit
      </Button>
      <Button variant="default" onClick={() => setAsking(true)}>
        Delete
      </Button>
      {isAsking ? (
        <Confirm title="Delete this subscription?" action="Delete" onConfirm={remove} onClose={() => setAsking(false)}>
          Nothing more happens for <b>{plainText(name, 200)}</b>; what it has set off stays. This can not be undone.
        </Confirm>
      ) : null}
    </>
  );
}

interface DoneRow {
  readonly id: string;
  readonly occurred_at: string;
  readonly event_id: string;
  readonly outcome: string;
  readonly task_id: string | null;
  readonly reason: string | null;
}

const tones = {
  task_enqueued: 'good',
  delivery_queued: 'good',
  workflow_started: 'good',
  batched: 'waiting',
  failed: 'bad',
} as const;

const columns: readonly Column<DoneRow>[] = [
  {
    id: 'event',
    title: 'Event',
    width: 'minmax(12rem, 2fr)',
    render: ({ event_id }) => (
      <Anchor component={Link} to={`/events/${event_id}`} size="sm">
        {event_id}
      </Anchor>
    ),
  },
  {
    id: 'outcome',
    title: 'Outcome',
    width: '11rem',
    render: ({ outcome }) => <StatusBadge status={outcome} tone={tones[outcome as keyof typeof tones] ?? 'off'} />,
  },
  {
    id: 'task',
    title: 'Led to',
    width: 'minmax(9rem, 2fr)',
    render: ({ task_id, event_id, outcome, reason }) => {
      // of a workflow it is the run's
      if (task_id !== null && outcome === 'workflow_started')
        return <Led to={`/workflow-runs/${task_id}`} text="run" />;
      if (task_id !== null) return <Led to={`/tasks/${task_id}`} text="task" />;
      if (outcome === 'delivery_queued') return <Led to={`/deliveries?event=${event_id}`} text="deliveries" />;
      return reason === null ? null : <PlainText text={reason} chars={300} />;
    },
  },
  { id: 'at', title: 'When', width: '8.5rem', render: ({ occurred_at }) => <Time at={occurred_at} /> },
];

function Led({ to, text }: { to: string; text: string }) {
  return (
    <Anchor component={Link} to={to} size="sm">
      {text}
    </Anchor>
  );
}

function Done({ id }: { id: string }) {
  const source = useTableRows<DoneRow>(
    'event_processing_logs',
    'id,occurred_at,event_id,outcome,task_id,reason:detail->>message',
    { subscription_id: `eq.${id}` },
    { refetchEveryMs: refresh_ms },
  );
  return (
    <Section title="What it did">
      <DataTable
        label="What it did"
        columns={columns}
        source={source}
        rowKey={(row) => row.id}
        height="24rem"
        empty={<EmptyState title="Nothing yet">No event has matched since it was made.</EmptyState>}
      />
    </Section>
  );
}
