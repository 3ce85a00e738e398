import { Anchor, Group, Text, Timeline } from '@mantine/core';
import { IconArrowRight, IconCheck, IconHourglass, IconInbox, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useCan, useRead } from '../../api/hooks.ts';
import type { Page } from '../../api/types.ts';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime } from '../../parts/time.tsx';
import { RetryTask } from '../tasks/task-actions.tsx';
import { canRetry, type Failure } from '../tasks/types.ts';
import type { EventDelivery, EventDetail, JourneyStep } from './types.ts';

const refresh_ms = 5_000;

const icons = { done: IconCheck, failed: IconX, waiting: IconHourglass, none: IconArrowRight } as const;

/** What became of an event: received, matched with subscriptions, and each task that came of it as it stands now. */
export function Journey({ event }: { event: EventDetail }) {
  const { status, processed_at, attempts, journey } = event;
  const deliveries = useDeliveries(event);
  const outcome = outcomes[status] ?? { title: status, kind: 'waiting' as const };
  return (
    <Timeline bulletSize={24} lineWidth={2} active={journey.length + 2}>
      <Timeline.Item bullet={<IconInbox size={14} aria-hidden />} title="Received">
        <When at={event.received_at} />
        <Origin event={event} />
      </Timeline.Item>
      <Timeline.Item bullet={<Bullet kind={outcome.kind} />} color={colorOf(outcome.kind)} title={outcome.title}>
        {processed_at === null ? null : <When at={processed_at} />}
        {attempts > 1 ? (
          <Text size="sm" c="dimmed">
            Tried {attempts} times
          </Text>
        ) : null}
        {event.error ? <Reason failure={event.error} /> : null}
      </Timeline.Item>
      {journey.map((step) => (
        <Timeline.Item
          key={step.subscription_id}
          bullet={<Bullet kind={step.outcome === 'failed' ? 'failed' : 'none'} />}
          color={colorOf(step.outcome === 'failed' ? 'failed' : 'done')}
          title={
            <Anchor component={Link} to={`/subscriptions/${step.subscription_id}`} inherit>
              Subscription <PlainText text={step.subscription_name ?? step.subscription_id} chars={200} />
            </Anchor>
          }
        >
          <Step
            step={step}
            deliveries={deliveries.filter(({ subscription_id }) => subscription_id === step.subscription_id)}
          />
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

/** What was sent of it, in one question: a subscription may send to several endpoints. */
function useDeliveries({ id, journey }: EventDetail): readonly EventDelivery[] {
  const may = useCan('event_deliveries:read');
  const { data } = useRead<Page<EventDelivery>>(
    '/v1/event-deliveries',
    { event_id: id, limit: 200 },
    { enabled: may && journey.some(({ outcome }) => outcome === 'delivery_queued'), refetchEveryMs: refresh_ms },
  );
  return data?.data ?? [];
}

/** Where it came from: the source whose address it was posted to, or a key. */
function Origin({ event: { source, source_id } }: { event: EventDetail }) {
  const read = useRead<{ name: string }>(`/v1/event-sources/${source_id}`, {}, { enabled: source_id !== null });
  if (source_id === null) {
    return <Text size="sm">{source === 'api' ? 'Sent with a key' : `From ${plainText(source, 100)}`}</Text>;
  }
  const name = read.data?.name ?? (read.error ? 'a source that was deleted' : '…');
  return (
    <Text size="sm">
      By the source{' '}
      {read.error ? (
        name
      ) : (
        <Anchor component={Link} to={`/event-sources/${source_id}`} inherit underline="always">
          <PlainText text={name} chars={200} />
        </Anchor>
      )}
    </Text>
  );
}

const outcomes: Readonly<Record<string, { title: string; kind: keyof typeof icons }>> = {
  pending: { title: 'Waits to be matched with subscriptions', kind: 'waiting' },
  processing: { title: 'Is being matched with subscriptions', kind: 'waiting' },
  processed: { title: 'Processed: a subscription wanted it', kind: 'done' },
  skipped: { title: 'Skipped: no subscription wanted it', kind: 'none' },
  failed: { title: 'Failed', kind: 'failed' },
};

/** What subscriptions came to where there is no row of its own to link to. */
const came: Readonly<Record<string, string>> = {
  batched: 'Kept for a batch: what the subscription does, it does once for several events.',
  notified: 'Notifications were made.',
};

function Step({ step, deliveries }: { step: JourneyStep; deliveries: readonly EventDelivery[] }) {
  const { detail, at, outcome } = step;
  return (
    <>
      <When at={at} />
      {came[outcome] ? <Text size="sm">{came[outcome]}</Text> : null}
      <Made step={step} />
      {deliveries.map(({ id, status, attempts, last_error }) => (
        <Group gap="xs" mt={4} key={id}>
          <Anchor component={Link} to={`/deliveries/${id}`} size="sm" underline="always">
            Delivery
          </Anchor>
          <StatusBadge status={status} />
          <Text size="sm" c="dimmed">
            {attempts} {attempts === 1 ? 'attempt' : 'attempts'}
          </Text>
          {last_error === null ? null : <PlainText text={last_error} chars={200} />}
        </Group>
      ))}
      {outcome === 'delivery_queued' && deliveries.length === 0 ? (
        <Text size="sm" c="dimmed">
          A webhook was queued.
        </Text>
      ) : null}
      {detail ? <Reason failure={detail} /> : null}
    </>
  );
}

/** The task or the run of a workflow that a subscription made, as it stands now. */
function Made({ step: { task_id, task_type, task_status, outcome } }: { step: JourneyStep }) {
  if (task_id === null) return null;
  const isRun = outcome === 'workflow_started';
  const name = `${isRun ? 'Run of' : 'Task'} ${plainText(task_type ?? task_id)}`;
  return (
    <Group gap="xs" mt={4}>
      <Anchor
        component={Link}
        to={isRun ? `/workflow-runs/${task_id}` : `/tasks/${task_id}`}
        size="sm"
        underline="always"
      >
        {name}
      </Anchor>
      {task_status === null ? (
        <Text size="sm" c="dimmed">
          no longer kept
        </Text>
      ) : (
        <StatusBadge status={task_status} />
      )}
      {!isRun && task_status !== null && canRetry(task_status) ? (
        <RetryTask id={task_id} name={`task ${plainText(task_type ?? task_id)}`} size="compact-xs" />
      ) : null}
    </Group>
  );
}

function Bullet({ kind }: { kind: keyof typeof icons }) {
  const Icon = icons[kind];
  return <Icon size={14} aria-hidden />;
}

function colorOf(kind: keyof typeof icons): string {
  return kind === 'failed' ? 'red.9' : 'brand';
}

function When({ at }: { at: string }): ReactNode {
  return (
    <Text size="sm" c="dimmed">
      <ExactTime at={at} />
    </Text>
  );
}

function Reason({ failure: { code, message } }: { failure: Failure }) {
  return (
    <Text size="sm" c="var(--mantine-color-error)" style={{ overflowWrap: 'anywhere' }}>
      <PlainText text={[code, message].filter(Boolean).join(': ') || 'No reason was kept.'} chars={4_000} />
    </Text>
  );
}
