import { Anchor, Button, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useCan, useRows } from '../../api/hooks.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { Schedule } from './types.ts';

const refresh_ms = 15_000;

const columns: readonly Column<Schedule>[] = [
  {
    id: 'name',
    title: 'Schedule',
    width: 'minmax(11rem, 2fr)',
    render: ({ id, name }) => (
      <Anchor component={Link} to={`/schedules/${id}`} size="sm">
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
  {
    id: 'when',
    title: 'When',
    width: 'minmax(14rem, 3fr)',
    render: ({ explanation, timezone }) => `${explanation} (${timezone})`,
  },
  {
    id: 'what',
    title: 'Enqueues',
    width: 'minmax(9rem, 1fr)',
    render: ({ definition, task_type }) => <PlainText text={definition ?? task_type ?? ''} chars={100} />,
  },
  { id: 'next', title: 'Next', width: '8.5rem', render: ({ next_run_at }) => <Time at={next_run_at} /> },
  { id: 'last', title: 'Last', width: '8.5rem', render: ({ last_run_at }) => <Time at={last_run_at} /> },
];

/** Tasks that are enqueued again and again. */
export function Schedules() {
  const navigate = useNavigate();
  const mayWrite = useCan('schedules:write');
  const source = useRows<Schedule>('/v1/schedules', {}, { refetchEveryMs: refresh_ms });
  const make = mayWrite ? (
    <Button component={Link} to="/schedules/new">
      New schedule
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title="Schedules" description="Tasks that are enqueued again and again." actions={make} />
      <DataTable
        label="Schedules"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/schedules/${id}`)}
        empty={
          <EmptyState title="No schedules yet" action={make}>
            <Text size="sm">A schedule enqueues a task at the times of a cron expression, once a time.</Text>
          </EmptyState>
        }
      />
    </>
  );
}
