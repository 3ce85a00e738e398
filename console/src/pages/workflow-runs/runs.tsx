import { Anchor, Button, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useRead, useRows } from '../../api/hooks.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { between } from '../../parts/duration.ts';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { type RunRow, runStatuses } from './types.ts';

const refresh_ms = 5_000;
const filterNames = ['workflow', 'status', 'key'];

const columns: readonly Column<RunRow>[] = [
  {
    id: 'workflow',
    title: 'Workflow',
    width: 'minmax(12rem, 2fr)',
    render: ({ id, workflow, version }) => (
      <Anchor component={Link} to={`/workflow-runs/${id}`} size="sm">
        {workflow} v{version}
      </Anchor>
    ),
  },
  { id: 'status', title: 'Status', width: '8rem', render: ({ status }) => <StatusBadge status={status} /> },
  {
    id: 'steps',
    title: 'Steps ended',
    width: '8rem',
    render: ({ step_count, ended_step_count }) =>
      step_count === 0 ? 'none yet' : `${ended_step_count} of ${step_count}`,
  },
  {
    id: 'key',
    title: 'Correlation key',
    width: 'minmax(8rem, 1fr)',
    render: ({ correlation_key }) =>
      correlation_key === null ? null : <PlainText text={correlation_key} chars={200} />,
  },
  {
    id: 'about',
    title: 'Waits until, or error',
    width: 'minmax(10rem, 2fr)',
    render: ({ error, wakes_at }) =>
      error?.message ? <PlainText text={error.message} chars={200} /> : wakes_at ? <Time at={wakes_at} /> : null,
  },
  {
    id: 'took',
    title: 'Took',
    width: '7rem',
    align: 'end',
    render: ({ created_at, completed_at }) => between(created_at, completed_at),
  },
  { id: 'started', title: 'Begun', width: '8.5rem', render: ({ created_at }) => <Time at={created_at} /> },
];

interface WorkflowName {
  readonly name: string;
}

/** Runs of all workflows, newest first, with filters in the address. */
export function Runs() {
  const navigate = useNavigate();
  const filters = useFilters(filterNames);
  const workflows = useRead<{ data: readonly WorkflowName[] }>('/v1/workflows');
  const names = [...new Set(workflows.data?.data.map(({ name }) => name) ?? [])];
  const source = useRows<RunRow>(
    '/v1/workflow-runs',
    {
      workflow: filters.get('workflow') || null,
      status: filters.get('status') || null,
      correlation_key: filters.get('key') || null,
    },
    { refetchEveryMs: refresh_ms },
  );
  return (
    <>
      <PageHeader title="Workflow runs" description="Work of several steps that survives crashes, newest first." />
      <FilterBar filters={filters}>
        <ChoiceFilter
          filters={filters}
          name="workflow"
          label="Workflow"
          options={names.map((value) => ({ value, label: value }))}
        />
        <ChoiceFilter filters={filters} name="status" label="Status" options={runStatuses} />
        <TextFilter filters={filters} name="key" label="Correlation key" placeholder="The whole key" />
      </FilterBar>
      <DataTable
        label="Workflow runs"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/workflow-runs/${id}`)}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No run matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all runs
                </Button>
              }
            />
          ) : (
            <EmptyState
              title="No runs yet"
              action={
                <Button variant="default" component={Link} to="/workflows">
                  Show workflows
                </Button>
              }
            >
              <Text size="sm">Runs are started by programs, by schedules, and from the page of a workflow.</Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
