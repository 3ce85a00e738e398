import { Anchor, Button, Group, List, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { forget, refresh, useCan, useChange, useRead, useRows } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { DefinitionList } from '../../parts/definition-list.tsx';
import { DetailState } from '../../parts/detail-state.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { ExactTime, Time } from '../../parts/time.tsx';
import { type Firing, inZone, type Schedule, touchedBySchedules } from './types.ts';

const refresh_ms = 5_000;

export function SchedulePage() {
  const { id = '' } = useParams();
  const path = `/v1/schedules/${encodeURIComponent(id)}`;
  const { data, error, refetch } = useRead<Schedule>(path);
  if (data) return <Found schedule={data} path={path} />;
  return <DetailState name="Schedule" listPath="/schedules" error={error} onRetry={() => void refetch()} />;
}

function Found({ schedule, path }: { schedule: Schedule; path: string }) {
  const { name, is_active, explanation, timezone } = schedule;
  return (
    <Stack gap="lg">
      <PageHeader
        title={plainText(name, 200)}
        description={
          <Group gap="xs" mt={4} role="status">
            <StatusBadge status={is_active ? 'active' : 'paused'} />
            <span>
              {explanation} ({timezone})
            </span>
          </Group>
        }
        actions={<Actions schedule={schedule} path={path} />}
      />
      <Facts schedule={schedule} />
      <Next schedule={schedule} path={path} />
      <Firings path={path} />
      <div className="surface" style={{ padding: '1rem' }}>
        <JsonView label="Payload" value={schedule.payload} />
      </div>
    </Stack>
  );
}

const toldWhenDone = {
  run: 'A task is enqueued',
  pause: 'The schedule is paused',
  resume: 'The schedule goes on from now',
};

function Actions({ schedule: { id, is_active, name }, path }: { schedule: Schedule; path: string }) {
  const may = useCan('schedules:write');
  const navigate = useNavigate();
  const [isAsking, setAsking] = useState(false);
  const act = useChange((action: keyof typeof toldWhenDone) => api.post(`${path}/${action}`), {
    touches: touchedBySchedules,
    tells: (_, action) => toldWhenDone[action],
  });
  const client = useQueryClient();
  async function remove() {
    await api.delete(path);
    forget(client, path);
    await navigate('/schedules', { replace: true });
    await refresh(client, touchedBySchedules);
  }
  if (!may) return null;
  return (
    <>
      <Button variant="default" onClick={() => act.mutate('run')}>
        Run now
      </Button>
      {is_active ? (
        <Button variant="default" onClick={() => act.mutate('pause')}>
          Pause
        </Button>
      ) : (
        <Button variant="default" onClick={() => act.mutate('resume')}>
          Resume
        </Button>
      )}
      <Button variant="default" component={Link} to={`/schedules/${id}/edit`}>
        Edit
      </Button>
      <Button variant="default" onClick={() => setAsking(true)}>
        Delete
      </Button>
      {isAsking ? (
        <Confirm title="Delete this schedule?" action="Delete" onConfirm={remove} onClose={() => setAsking(false)}>
          <PlainText text={name} chars={200} /> fires no more. The tasks it has enqueued stay.
        </Confirm>
      ) : null}
    </>
  );
}

function Facts({ schedule }: { schedule: Schedule }) {
  const { cron, timezone, definition, task_type, priority, catch_up, description, last_run_at, created_at } = schedule;
  const missed = { last: 'the last one is made up for', all: 'all are made up for', skip: 'left out' };
  return (
    <DefinitionList
      label="About this schedule"
      entries={[
        ['Expression', cron],
        ['Time zone', timezone],
        [
          definition === null ? 'Enqueues tasks of type' : 'Enqueues by the definition',
          <PlainText key="what" text={definition ?? task_type ?? ''} chars={100} />,
        ],
        ['Priority', priority],
        ['Missed times', missed[catch_up]],
        ['Last', last_run_at === null ? 'never' : <ExactTime at={last_run_at} />],
        ['Made', <ExactTime key="made" at={created_at} />],
        ['Description', description === '' ? null : <PlainText text={description} chars={2_000} />],
      ]}
    />
  );
}

function Next({ schedule: { is_active, timezone }, path }: { schedule: Schedule; path: string }) {
  const next = useRead<{ data: readonly string[] }>(`${path}/next`, { count: 5 });
  return (
    <Section title={is_active ? 'Next times' : 'Next times, were it resumed now'}>
      {next.data ? (
        <List size="sm" className="surface" p="sm" listStyleType="none">
          {next.data.data.map((at) => (
            <List.Item key={at}>
              {inZone(at, timezone)} ({timezone}), <Time at={at} />
            </List.Item>
          ))}
        </List>
      ) : next.error ? (
        <ErrorState error={next.error} onRetry={() => void next.refetch()} />
      ) : (
        <LoadingState lines={3} />
      )}
    </Section>
  );
}

const columns: readonly Column<Firing>[] = [
  {
    id: 'tick',
    title: 'Time',
    width: '15rem',
    render: ({ tick }) => <ExactTime at={tick} />,
  },
  { id: 'kind', title: 'By', width: '7rem', render: ({ kind }) => (kind === 'tick' ? 'the clock' : 'hand') },
  { id: 'outcome', title: 'Outcome', width: '8rem', render: ({ outcome }) => <StatusBadge status={outcome} /> },
  {
    id: 'task',
    title: 'Task',
    width: 'minmax(10rem, 1fr)',
    render: ({ task_id, task_status }) =>
      task_id === null ? null : (
        <Anchor component={Link} to={`/tasks/${task_id}`} size="sm">
          {task_status === null ? 'forgotten by now' : `Task, ${task_status}`}
        </Anchor>
      ),
  },
  {
    id: 'error',
    title: 'Error',
    width: 'minmax(10rem, 2fr)',
    render: ({ error }) => (error === null ? null : <PlainText text={`${error.code}: ${error.message}`} chars={300} />),
  },
];

function Firings({ path }: { path: string }) {
  const source = useRows<Firing>(`${path}/firings`, {}, { refetchEveryMs: refresh_ms });
  return (
    <Section title="Last times">
      <DataTable
        label="Last times"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        height="24rem"
        empty={<EmptyState title="It has not fired yet">What it enqueues is listed here.</EmptyState>}
      />
    </Section>
  );
}
