import { Anchor, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useRows } from '../../api/hooks.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { TaskDefinition } from './types.ts';

const columns: readonly Column<TaskDefinition>[] = [
  {
    id: 'name',
    title: 'Definition',
    width: 'minmax(11rem, 2fr)',
    render: ({ name }) => (
      <Anchor component={Link} to={`/task-definitions/${name}`} size="sm">
        {name}
      </Anchor>
    ),
  },
  { id: 'version', title: 'Version', width: '6rem', align: 'end', render: ({ version }) => version },
  {
    id: 'state',
    title: 'State',
    width: '8rem',
    render: ({ is_active }) => <StatusBadge status={is_active ? 'active' : 'off'} />,
  },
  { id: 'type', title: 'Type of task', width: 'minmax(9rem, 1fr)', render: ({ task_type }) => task_type },
  {
    id: 'where',
    title: 'Runs',
    width: '9rem',
    render: ({ is_external }) => (is_external ? 'outside' : 'in this program'),
  },
  {
    id: 'description',
    title: 'Description',
    width: 'minmax(12rem, 3fr)',
    render: ({ description }) => <PlainText text={description} chars={300} />,
  },
  { id: 'made', title: 'Made', width: '8.5rem', render: ({ created_at }) => <Time at={created_at} /> },
];

/** Named kinds of tasks, each in its newest version. */
export function Definitions() {
  const navigate = useNavigate();
  const source = useRows<TaskDefinition>('/v1/task-definitions');
  return (
    <>
      <PageHeader
        title="Task definitions"
        description="Named kinds of tasks: what they are given, how often they are tried, what they need."
      />
      <DataTable
        label="Task definitions"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ name }) => void navigate(`/task-definitions/${name}`)}
        empty={
          <EmptyState title="No task definitions yet">
            <Text size="sm">A program puts them, by PUT /v1/task-definitions/name. Tasks run without them too.</Text>
          </EmptyState>
        }
      />
    </>
  );
}
