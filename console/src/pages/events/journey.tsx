import { Anchor, Group, Text, Timeline } from '@mantine/core';
import { IconArrowRight, IconCheck, IconHourglass, IconInbox, IconX } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime } from '../../parts/time.tsx';
import { RetryTask } from '../tasks/task-actions.tsx';
import { canRetry, type Failure } from '../tasks/types.ts';
import type { EventDetail, JourneyStep } from './types.ts';

const icons = { done: IconCheck, failed: IconX, waiting: IconHourglass, none: IconArrowRight } as const;

/** What became of an event: received, matched with subscriptions, and each task that came of it as it stands now. */
export function Journey({ event }: { event: EventDetail }) {
  const { status, processed_at, attempts, journey } = event;
  const outcome = outcomes[status] ?? { title: status, kind: 'waiting' as const };
  return (
    <Timeline bulletSize={24} lineWidth={2} active={journey.length + 2}>
      <Timeline.Item bullet={<IconInbox size={14} aria-hidden />} title="Received">
        <When at={event.received_at} />
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
            <>
              Subscription <PlainText text={step.subscription_name ?? step.subscription_id} chars={200} />
            </>
          }
        >
          <Step step={step} />
        </Timeline.Item>
      ))}
    </Timeline>
  );
}

const outcomes: Readonly<Record<string, { title: string; kind: keyof typeof icons }>> = {
  pending: { title: 'Waits to be matched with subscriptions', kind: 'waiting' },
  processing: { title: 'Is being matched with subscriptions', kind: 'waiting' },
  processed: { title: 'Processed: a subscription wanted it', kind: 'done' },
  skipped: { title: 'Skipped: no subscription wanted it', kind: 'none' },
  failed: { title: 'Failed', kind: 'failed' },
};

function Step({ step }: { step: JourneyStep }) {
  const { task_id, task_type, task_status, detail, at } = step;
  return (
    <>
      <When at={at} />
      {task_id === null ? null : (
        <Group gap="xs" mt={4}>
          <Anchor component={Link} to={`/tasks/${task_id}`} size="sm" underline="always">
            Task {task_type ?? task_id}
          </Anchor>
          {task_status === null ? (
            <Text size="sm" c="dimmed">
              no longer kept
            </Text>
          ) : (
            <StatusBadge status={task_status} />
          )}
          {task_status !== null && canRetry(task_status) ? (
            <RetryTask id={task_id} name={`task ${plainText(task_type ?? task_id)}`} size="compact-xs" />
          ) : null}
        </Group>
      )}
      {detail ? <Reason failure={detail} /> : null}
    </>
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
