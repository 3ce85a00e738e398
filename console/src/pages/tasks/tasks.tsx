import { Anchor, Button, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useCan, useRead } from '../../api/hooks.ts';
import type { Page } from '../../api/types.ts';
import { containing, useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable, type Selection } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { BulkBar } from './bulk.tsx';
import { type TaskRow, type TaskType, taskColumns, taskStatuses, useProjectNames } from './types.ts';

const refresh_ms = 5_000;
const filterNames = ['status', 'type', 'project', 'search'];

function columnsFor(projects: ReadonlyMap<string, string>): Column<TaskRow>[] {
  return [
    {
      id: 'title',
      title: 'Task',
      width: 'minmax(11.5rem, 3fr)',
      render: ({ id, title, task_type }) => (
        <Anchor component={Link} to={`/tasks/${id}`} size="sm">
          <PlainText text={title || task_type} chars={200} />
        </Anchor>
      ),
    },
    { id: 'status', title: 'Status', width: '8rem', render: ({ status }) => <StatusBadge status={status} /> },
    { id: 'type', title: 'Type', width: 'minmax(9rem, 1fr)', render: ({ task_type }) => task_type },
    {
      id: 'project',
      title: 'Project',
      width: 'minmax(7rem, 1fr)',
      render: ({ project_id }) =>
        project_id === null ? null : <PlainText text={projects.get(project_id) ?? project_id} chars={100} />,
    },
    {
      id: 'reason',
      title: 'Error',
      width: 'minmax(9rem, 2fr)',
      render: ({ reason }) => (reason === null ? null : <PlainText text={reason} chars={200} />),
    },
    {
      id: 'attempts',
      title: 'Attempts',
      width: '6rem',
      align: 'end',
      render: ({ attempts, max_attempts }) => `${attempts} of ${max_attempts}`,
    },
    { id: 'created', title: 'Created', width: '8.5rem', render: ({ created_at }) => <Time at={created_at} /> },
  ];
}

/** All tasks, newest first, with filters in the address. */
export function Tasks() {
  const navigate = useNavigate();
  const mayWrite = useCan('tasks:write');
  const filters = useFilters(filterNames);
  const types = useRead<Page<TaskType>>('/v1/task-types');
  const projects = useProjectNames().data?.data ?? [];
  const [status, type, project, search] = filterNames.map((name) => filters.get(name));
  const source = useTableRows<TaskRow>(
    'tasks',
    taskColumns,
    {
      deleted_at: 'is.null',
      status: status ? `eq.${status}` : null,
      task_type: type ? `eq.${type}` : null,
      project_id: project ? `eq.${project}` : null,
      title: search ? `ilike.${containing(search)}` : null,
    },
    { refetchEveryMs: refresh_ms },
  );
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const selection: Selection<TaskRow> = {
    keys: chosen,
    set: setChosen,
    name: ({ title, task_type }) => plainText(title || task_type, 100),
  };
  const enqueue = mayWrite ? (
    <Button component={Link} to="/tasks/new">
      Enqueue a task
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title="Tasks" description="Work done in the background, newest first." actions={enqueue} />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="search" label="Search" placeholder="Words of the title" />
        <ChoiceFilter filters={filters} name="status" label="Status" options={taskStatuses} />
        <ChoiceFilter
          filters={filters}
          name="type"
          label="Type"
          options={(types.data?.data ?? []).map(({ task_type: value }) => ({ value, label: value }))}
        />
        {projects.length > 0 || project ? (
          <ChoiceFilter
            filters={filters}
            name="project"
            label="Project"
            options={projects.map(({ id: value, name }) => ({ value, label: name }))}
          />
        ) : null}
      </FilterBar>
      {source.rows.length > 0 ? (
        <BulkBar
          actions={['cancel', 'retry', 'pause', 'resume']}
          chosen={chosen}
          onClear={() => setChosen(new Set())}
          filter={
            // what the API is told holds for all its fields; of a title it knows nothing
            search || !(status || type || project)
              ? undefined
              : {
                  ...(status ? { status } : {}),
                  ...(type ? { task_type: type } : {}),
                  ...(project ? { project_id: project } : {}),
                }
          }
        />
      ) : null}
      <DataTable
        label="Tasks"
        columns={columnsFor(new Map(projects.map(({ id, name }) => [id, name])))}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/tasks/${id}`)}
        {...(mayWrite ? { selection } : {})}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No task matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all tasks
                </Button>
              }
            />
          ) : (
            <EmptyState title="No tasks yet" action={enqueue}>
              <Text size="sm">Tasks come from events that match a subscription, from programs, and from here.</Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
