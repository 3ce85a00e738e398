import { Alert, Anchor, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useRead } from '../../api/hooks.ts';
import { useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable, rowsOf } from '../../parts/data-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { Section } from '../../parts/section.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { ServedType } from '../queue/types.ts';

const refresh_ms = 5_000;
/** After so long without a sign of life the server counts an external worker no more. */
const silent_ms = 120_000;

interface ExternalWorker {
  readonly id: string;
  readonly name: string;
  readonly task_types: readonly string[];
  readonly lease_seconds: number;
  readonly started_at: string;
  readonly last_seen_at: string;
  readonly stopped_at: string | null;
}

const typeColumns: readonly Column<ServedType>[] = [
  {
    id: 'type',
    title: 'Type',
    width: 'minmax(11rem, 2fr)',
    render: ({ task_type }) => (
      <Anchor component={Link} to={`/tasks?type=${task_type}`} size="sm">
        {task_type}
      </Anchor>
    ),
  },
  {
    id: 'state',
    title: 'State',
    width: '9rem',
    render: ({ no_worker, workers }) =>
      no_worker ? (
        <StatusBadge status="no worker" />
      ) : workers > 0 ? (
        <StatusBadge status="served" tone="good" />
      ) : (
        <StatusBadge status="no tasks" />
      ),
  },
  { id: 'workers', title: 'Workers', width: '6rem', align: 'end', render: ({ workers }) => workers },
  { id: 'due', title: 'Due', width: '6rem', align: 'end', render: ({ due }) => due.toLocaleString('en') },
  { id: 'open', title: 'Not ended', width: '7rem', align: 'end', render: ({ open }) => open.toLocaleString('en') },
  {
    id: 'seen',
    title: 'Last heard of',
    width: '10rem',
    render: ({ last_seen_at }) => <Time at={last_seen_at} />,
  },
];

function stateOf({ stopped_at, last_seen_at }: ExternalWorker) {
  if (stopped_at !== null) return <StatusBadge status="stopped" />;
  if (Date.now() - Date.parse(last_seen_at) > silent_ms) return <StatusBadge status="silent" tone="bad" />;
  return <StatusBadge status="alive" tone="good" />;
}

const workerColumns: readonly Column<ExternalWorker>[] = [
  {
    id: 'name',
    title: 'Worker',
    width: 'minmax(10rem, 2fr)',
    render: ({ name, id }) => <PlainText text={name || id} chars={200} />,
  },
  { id: 'state', title: 'State', width: '7rem', render: stateOf },
  {
    id: 'types',
    title: 'Serves',
    width: 'minmax(12rem, 3fr)',
    render: ({ task_types }) => <PlainText text={task_types.join(', ')} chars={400} />,
  },
  { id: 'started', title: 'Started', width: '8.5rem', render: ({ started_at }) => <Time at={started_at} /> },
  { id: 'seen', title: 'Last heard of', width: '8.5rem', render: ({ last_seen_at }) => <Time at={last_seen_at} /> },
];

/** Who serves which type of task, and which types wait for somebody. */
export function Workers() {
  const served = useRead<{ data: readonly ServedType[] }>('/v1/task-workers', {}, { refetchEveryMs: refresh_ms });
  const outside = useTableRows<ExternalWorker>(
    'external_workers',
    'id,name,task_types,lease_seconds,started_at,last_seen_at,stopped_at',
    {},
    { refetchEveryMs: refresh_ms },
  );
  const alone = served.data?.data.filter(({ no_worker }) => no_worker) ?? [];
  return (
    <Stack gap="lg">
      <PageHeader title="Workers" description="Who runs tasks: processes of this program, and programs outside it." />
      {alone.length > 0 ? (
        <Alert
          color="red"
          role="alert"
          icon={<IconAlertTriangle aria-hidden />}
          title={`No worker serves ${alone.length === 1 ? 'a type that has tasks' : `${alone.length} types that have tasks`}`}
        >
          <Text size="sm" c="var(--mantine-color-text)">
            {alone.map(({ task_type, open }) => `${task_type} (${open.toLocaleString('en')})`).join(', ')}. They wait
            until a worker that knows the type is started; is the process that has it running, and in its newest
            version?
          </Text>
        </Alert>
      ) : null}
      <Section title="By type">
        {served.data ? (
          <DataTable
            label="Types and their workers"
            columns={typeColumns}
            source={rowsOf([...served.data.data].sort((a, b) => Number(b.no_worker) - Number(a.no_worker)))}
            rowKey={({ task_type }) => task_type}
            height="28rem"
            empty={
              <EmptyState title="No types of tasks">No module this program was started with declares one.</EmptyState>
            }
          />
        ) : served.error ? (
          <ErrorState error={served.error} onRetry={() => void served.refetch()} />
        ) : (
          <LoadingState />
        )}
      </Section>
      <Section title="Outside this program">
        <DataTable
          label="Workers outside this program"
          columns={workerColumns}
          source={outside}
          rowKey={({ id }) => id}
          height="24rem"
          empty={
            <EmptyState title="None has registered">
              A program in any language can run tasks by an API key with the scope tasks:work.
            </EmptyState>
          }
        />
      </Section>
    </Stack>
  );
}
