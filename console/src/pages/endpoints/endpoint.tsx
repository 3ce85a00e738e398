import { Alert, Anchor, Button, Group, Stack } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { useRead, useRows } from '../../api/hooks.ts';
import { DataTable } from '../../parts/data-table.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { durationText } from '../../parts/duration.ts';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { deliveryColumns } from '../deliveries/delivery-columns.tsx';
import type { Delivery } from '../deliveries/types.ts';
import { EndpointActions } from './endpoint-actions.tsx';
import { State, successRate } from './endpoints.tsx';
import { useOut } from './out.tsx';
import { type DeliveryCounts, type Endpoint, stateOf } from './types.ts';

const refresh_ms = 5_000;

export function EndpointPage() {
  const { id = '' } = useParams();
  const { endpoints } = useOut();
  const path = `${endpoints}/${encodeURIComponent(id)}`;
  const { data, error, refetch } = useRead<Endpoint>(path, {}, { refetchEveryMs: refresh_ms });
  if (data) return <Found endpoint={data} />;
  return <DetailState name="Endpoint" listPath="/endpoints" error={error} onRetry={() => void refetch()} />;
}

function Found({ endpoint }: { endpoint: Endpoint }) {
  const { says } = stateOf(endpoint);
  const { is_active, health } = endpoint;
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(endpoint.url, 200)}
        description={
          <Group gap="xs" mt={4} role="status">
            <State endpoint={endpoint} />
            <span>{says}</span>
          </Group>
        }
        actions={<EndpointActions endpoint={endpoint} />}
      />
      {is_active && health.last_error === null ? null : <Trouble endpoint={endpoint} />}
      <Section title="Health">
        <Health endpoint={endpoint} />
      </Section>
      <Section title="Settings">
        <Settings endpoint={endpoint} />
      </Section>
      <Latest id={endpoint.id} />
    </Stack>
  );
}

/** What went wrong last, and what will happen. */
function Trouble({ endpoint: { is_active, disabled_reason, disabled_at, health } }: { endpoint: Endpoint }) {
  const { circuit, open_until, failure_count, failing_since, last_error } = health;
  const isFailing = failing_since !== null;
  if (is_active && !isFailing) return null;
  return (
    <Alert
      color={is_active ? 'yellow' : 'gray'}
      icon={<IconAlertTriangle aria-hidden />}
      title={is_active ? 'It is failing' : 'It is off'}
    >
      <Stack gap={4} c="var(--mantine-color-text)" fz="sm">
        {is_active ? null : (
          <span>
            {disabled_reason === 'gone'
              ? 'It answered 410: it is not there any more. '
              : disabled_reason === 'failing'
                ? 'There was nothing but failures for five days. '
                : 'Somebody switched it off. '}
            That was <Time at={disabled_at} />: nothing is sent, and what comes is dead until it is enabled.
          </span>
        )}
        {isFailing ? (
          <span>
            {failure_count === 1
              ? 'The last attempt failed, '
              : `The last ${failure_count.toLocaleString('en')} attempts failed, the first `}
            <Time at={failing_since} />.
          </span>
        ) : null}
        {last_error === null ? null : (
          <span style={{ overflowWrap: 'anywhere' }}>
            The last error: <PlainText text={last_error} chars={500} />
          </span>
        )}
        {circuit === 'open' && open_until ? (
          <span>
            One delivery is tried <Time at={open_until} />; if it arrives, the others follow.
          </span>
        ) : null}
      </Stack>
    </Alert>
  );
}

function Health({ endpoint: { id, health } }: { endpoint: Endpoint }) {
  const { isPortal } = useOut();
  const { data } = useRead<DeliveryCounts>(
    '/v1/event-delivery-statistics',
    { by: 'endpoint', endpoint_id: id },
    { enabled: !isPortal, refetchEveryMs: 2 * refresh_ms },
  );
  const [count] = data?.data ?? [];
  const entries: [string, ReactNode][] = [
    ['circuit', { closed: 'closed: deliveries go out', open: 'open', half_open: 'half open' }[health.circuit]],
    ['open until', health.open_until && health.circuit !== 'closed' ? <Time key="t" at={health.open_until} /> : null],
    ['asked to wait until', health.paused_until ? <Time key="t" at={health.paused_until} /> : null],
    ['last delivered', <Time key="t" at={health.last_success_at} />],
    ['last failure', <Time key="t" at={health.last_failure_at} />],
    ['failures in a row', health.failure_count.toLocaleString('en')],
  ];
  if (!isPortal && data) {
    entries.unshift([
      'last 24 hours',
      count
        ? `${count.delivered.toLocaleString('en')} delivered, ${count.dead.toLocaleString('en')} dead, ${count.waiting.toLocaleString('en')} waiting${count.delivered + count.dead > 0 ? ` (${successRate(count)} delivered)` : ''}`
        : 'nothing was sent',
    ]);
  }
  return <DefinitionList label="Health" entries={entries} />;
}

function Settings({ endpoint }: { endpoint: Endpoint }) {
  const { isPortal } = useOut();
  const { names, customer, retry_schedule_seconds: schedule } = endpoint;
  const tuning: [string, ReactNode][] = [
    ['rate', endpoint.rate_per_second === null ? 'no limit' : `${endpoint.rate_per_second} a second`],
    ['at once', endpoint.concurrency_max],
    ['in order by', endpoint.order_by === null ? 'as they come' : <PlainText key="o" text={endpoint.order_by} />],
    ['timeout', durationText(endpoint.timeout_ms)],
    [
      'tried again after',
      schedule === null
        ? 'the usual times, over three days'
        : schedule.length === 0
          ? 'never'
          : schedule.map((seconds) => durationText(seconds * 1_000)).join(', '),
    ],
  ];
  return (
    <DefinitionList
      label="Settings"
      entries={[
        ['description', endpoint.description ? <PlainText text={endpoint.description} chars={1_000} /> : null],
        ['customer', customer ? <PlainText text={customer} chars={200} /> : null],
        ['event types', names.length === 0 ? 'all' : <PlainText text={names.join(', ')} chars={2_000} />],
        ['headers', endpoint.header_names.join(', ')],
        [
          'the old secret signs until',
          endpoint.previous_secret_expires_at ? <ExactTime at={endpoint.previous_secret_expires_at} /> : null,
        ],
        ...(isPortal ? [] : tuning),
        ['made', <ExactTime key="made" at={endpoint.created_at} />],
        ['id', endpoint.id],
      ]}
    />
  );
}

function Latest({ id }: { id: string }) {
  const navigate = useNavigate();
  const { deliveries, isPortal, mayManage } = useOut();
  const source = useRows<Delivery>(deliveries, { endpoint_id: id }, { refetchEveryMs: refresh_ms });
  return (
    <Section
      title="Deliveries"
      actions={
        <Anchor component={Link} to={`/deliveries?endpoint=${id}`} size="sm">
          Filter them
        </Anchor>
      }
    >
      <DataTable
        label="Deliveries"
        columns={deliveryColumns()}
        source={source}
        rowKey={(row) => row.id}
        onOpen={(row) => void navigate(`/deliveries/${row.id}`)}
        height="26rem"
        empty={
          <EmptyState
            title="Nothing was sent there yet"
            action={
              isPortal || !mayManage ? null : (
                <Button variant="default" component={Link} to={`/subscriptions/new?endpoint=${id}`}>
                  Say which events go there
                </Button>
              )
            }
          >
            A test event shows whether the receiver takes what is signed with this secret.
          </EmptyState>
        }
      />
    </Section>
  );
}
