import { Anchor, Code, Group, Stack, Table, Text } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { useRead } from '../../api/hooks.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { durationText } from '../../parts/duration.ts';
import { visible } from '../../parts/json-view.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { useOut } from '../endpoints/out.tsx';
import type { Endpoint } from '../endpoints/types.ts';
import { ResendOne } from './resend.tsx';
import { type Attempt, type DeliveryDetail, hasEnded } from './types.ts';

const refresh_ms = 2_000;

export function DeliveryPage() {
  const { id = '' } = useParams();
  const { deliveries } = useOut();
  const path = `${deliveries}/${encodeURIComponent(id)}`;
  const { data, error, refetch } = useRead<DeliveryDetail>(path);
  // the same answer, asked for again while something may still happen
  useRead<DeliveryDetail>(path, {}, { enabled: data !== undefined && !hasEnded(data), refetchEveryMs: refresh_ms });
  if (data) return <Found delivery={data} />;
  return <DetailState name="Delivery" listPath="/deliveries" error={error} onRetry={() => void refetch()} />;
}

function Found({ delivery }: { delivery: DeliveryDetail }) {
  const { event_type, status, is_test, occurred_at, attempt_log } = delivery;
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(event_type, 200)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={status} />
            {is_test ? <span>a test</span> : null}
            <span>{nextOf(delivery)}</span>
            <Time at={occurred_at} />
          </Group>
        }
        actions={hasEnded(delivery) ? <ResendOne delivery={delivery} /> : null}
      />
      <Facts delivery={delivery} />
      <Section title="Attempts">
        {attempt_log.length === 0 ? (
          <EmptyState title="No attempt yet">{whyNone(delivery)}</EmptyState>
        ) : (
          <Attempts attempts={attempt_log} />
        )}
      </Section>
    </Stack>
  );
}

function nextOf({ status, due_at, ordering_key }: DeliveryDetail): ReactNode {
  if (status === 'sending') return 'is being sent';
  if (status !== 'pending') return null;
  if (due_at === null) return ordering_key === null ? 'waits' : 'waits for one before it in its order';
  return (
    <>
      next try <Time at={due_at} />
    </>
  );
}

function whyNone({ status, last_error }: DeliveryDetail): string {
  if (last_error === 'endpoint_disabled') return 'The endpoint was off: enable it, then send this again.';
  return status === 'dead'
    ? 'It died before it was sent.'
    : 'It is sent within moments, within the limits of its endpoint.';
}

function Facts({ delivery }: { delivery: DeliveryDetail }) {
  const { endpoints, isPortal } = useOut();
  const { endpoint_id, event_id, subscription_id, customer, ordering_key, last_error } = delivery;
  const endpoint = useRead<Endpoint>(`${endpoints}/${endpoint_id}`);
  const link = (to: string, text: string) => (
    <Anchor component={Link} to={to} size="sm">
      <PlainText text={text} chars={200} />
    </Anchor>
  );
  return (
    <DefinitionList
      label="Delivery"
      entries={[
        [
          'endpoint',
          endpoint.data ? (
            link(`/endpoints/${endpoint_id}`, endpoint.data.url)
          ) : endpoint.error ? (
            <span>{endpoint_id} (deleted)</span>
          ) : (
            endpoint_id
          ),
        ],
        ['event', isPortal ? event_id : link(`/events/${event_id}`, event_id)],
        [
          'subscription',
          subscription_id === null || isPortal ? null : link(`/subscriptions/${subscription_id}`, subscription_id),
        ],
        ['customer', customer === null || isPortal ? null : <PlainText text={customer} chars={200} />],
        ['in order with', ordering_key === null ? null : <PlainText text={ordering_key} chars={500} />],
        ['attempts', delivery.attempts],
        ['last error', last_error === null ? null : <PlainText text={last_error} chars={500} />],
        ['made', <ExactTime key="made" at={delivery.occurred_at} />],
        ['ended', delivery.ended_at === null ? null : <ExactTime at={delivery.ended_at} />],
        ['id', delivery.id],
      ]}
    />
  );
}

const outcomes = { delivered: 'good', failed: 'bad', lost: 'waiting' } as const;

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  return (
    <Table.ScrollContainer
      minWidth={780}
      className="surface"
      type="native"
      tabIndex={0}
      aria-label="Attempts"
      role="region"
    >
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Attempt</Table.Th>
            <Table.Th>Outcome</Table.Th>
            <Table.Th>When</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Took</Table.Th>
            <Table.Th>Error</Table.Th>
            <Table.Th>Next try</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {attempts.map((one) => (
            <Fragment key={one.id}>
              <Table.Tr>
                <Table.Td>{one.attempt}</Table.Td>
                <Table.Td>
                  <StatusBadge status={one.outcome} tone={outcomes[one.outcome]} />
                </Table.Td>
                <Table.Td>
                  <ExactTime at={one.occurred_at} />
                </Table.Td>
                <Table.Td>{one.status_code ?? '–'}</Table.Td>
                <Table.Td>{one.latency_ms === null ? '–' : durationText(one.latency_ms)}</Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>
                  {one.error_code || one.error ? (
                    <PlainText text={[one.error_code, one.error].filter(Boolean).join(': ')} chars={1_000} />
                  ) : (
                    '–'
                  )}
                </Table.Td>
                <Table.Td>
                  <Time at={one.retry_at} none="none" />
                </Table.Td>
              </Table.Tr>
              {one.response_excerpt ? <Excerpt attempt={one.attempt} text={one.response_excerpt} /> : null}
            </Fragment>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** What the receiver answered, as inert text. */
function Excerpt({ attempt, text }: { attempt: number; text: string }) {
  return (
    <Table.Tr>
      <Table.Td colSpan={7}>
        <Text size="xs" c="dimmed">
          The beginning of the answer
        </Text>
        <Code
          block
          tabIndex={0}
          role="region"
          aria-label={`Answer to attempt ${attempt}`}
          mah="12rem"
          style={{ overflow: 'auto', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
        >
          {visible(text)}
        </Code>
      </Table.Td>
    </Table.Tr>
  );
}
