import { Alert, Anchor, Box, Group, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link, useParams } from 'react-router';
import { useRead } from '../../api/hooks.ts';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime } from '../../parts/time.tsx';
import { Attempts } from './attempts.tsx';
import { CancelTask, HoldTask, RetryTask } from './task-actions.tsx';
import { TaskLogs } from './task-logs.tsx';
import { canRetry, type Failure, hasEnded, type Task, useProjectNames } from './types.ts';
import { Usage } from './usage.tsx';

const refresh_ms = 2_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function TaskPage() {
  const { id = '' } = useParams();
  const path = `/v1/tasks/${encodeURIComponent(id)}`;
  const { data: task, error, refetch } = useRead<Task>(path);
  // the same answer, asked for again while something may still happen
  useRead<Task>(path, {}, { enabled: task !== undefined && !hasEnded(task.status), refetchEveryMs: refresh_ms });
  if (task) return <Found task={task} />;
  return <DetailState name="Task" listPath="/tasks" error={error} onRetry={() => void refetch()} />;
}

function Found({ task }: { task: Task }) {
  const { id, title, task_type, status } = task;
  const actions = canRetry(status) ? (
    <RetryTask id={id} />
  ) : hasEnded(status) ? undefined : (
    <>
      <HoldTask id={id} isHeld={status === 'paused'} />
      <CancelTask id={id} />
    </>
  );
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(title || task_type, 200)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={status} />
            <span>{task_type}</span>
          </Group>
        }
        actions={actions}
      />
      {task.error ? <FailureAlert failure={task.error} status={status} /> : null}
      <Facts task={task} />
      <Attempts attempts={task.failed_attempts} />
      <TaskLogs id={id} status={status} />
      {task.started_at === null ? null : <Usage id={id} />}
      {task.results === null ? null : <Json label="Result" value={task.results} />}
      {task.error?.details === undefined ? null : <Json label="Error details" value={task.error.details} />}
      <Json label="Payload" value={task.payload} />
    </Stack>
  );
}

function Json(props: { label: string; value: unknown }) {
  return (
    <Box className="surface" p="md">
      <JsonView {...props} />
    </Box>
  );
}

function FailureAlert({ failure: { code, message }, status }: { failure: Failure; status: string }) {
  return (
    <Alert
      color={status === 'failed' ? 'red' : 'gray'}
      title={plainText(code ?? 'error', 100)}
      icon={<IconAlertTriangle aria-hidden />}
    >
      <Text size="sm" c="var(--mantine-color-text)" style={{ overflowWrap: 'anywhere' }}>
        <PlainText text={message ?? 'No message was given.'} chars={4_000} />
      </Text>
    </Alert>
  );
}

function Facts({ task }: { task: Task }) {
  const project = useProjectNames().data?.data.find(({ id }) => id === task.project_id);
  const event = eventOf(task.payload);
  const exact = (at: string | null) => (at === null ? null : <ExactTime at={at} />);
  return (
    <DefinitionList
      label="About this task"
      entries={[
        ['Id', task.id],
        ['Created', exact(task.created_at)],
        [hasEnded(task.status) ? 'Was due' : 'Due', exact(task.scheduled_at)],
        ['Started', exact(task.started_at)],
        ['Ended', exact(task.completed_at)],
        ['Attempts', `${task.attempts} of ${task.max_attempts}`],
        ['Priority', task.priority],
        ['Project', task.project_id === null ? null : <PlainText text={project?.name ?? task.project_id} />],
        ['Repository', task.repository_id],
        ['Created by', task.created_by],
        [
          'Is',
          task.task_type.startsWith('workflow.') ? (
            <Anchor component={Link} to={`/workflow-runs/${task.id}`} size="sm" underline="always">
              a workflow run, with its steps
            </Anchor>
          ) : null,
        ],
        [
          'Made by',
          event === undefined ? null : (
            <Anchor component={Link} to={`/events/${event}`} size="sm" underline="always">
              an event
            </Anchor>
          ),
        ],
      ]}
    />
  );
}

/** The event whose subscription made the task: such a payload names it. */
function eventOf(payload: unknown): string | undefined {
  const { event, subscription_id } = (payload ?? {}) as { event?: { id?: unknown } | null; subscription_id?: unknown };
  const id = typeof subscription_id === 'string' ? event?.id : undefined;
  return typeof id === 'string' && UUID.test(id) ? id : undefined;
}
