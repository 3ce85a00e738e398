import { Anchor, Button, Group, Text } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useCan, useRead } from '../../api/hooks.ts';
import { type Column, DataTable, rowsOf } from '../../parts/data-table.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { StartRun } from './start-run.tsx';

interface WorkflowRow {
  readonly name: string;
  readonly version: number;
  readonly description: string;
  readonly kind: 'code' | 'data';
  readonly is_active: boolean;
}

const columnsFor = (start?: (row: WorkflowRow) => void): Column<WorkflowRow>[] => [
  {
    id: 'name',
    title: 'Workflow',
    width: 'minmax(12rem, 2fr)',
    render: ({ name, kind }) =>
      kind === 'data' ? (
        <Anchor component={Link} to={`/workflows/${name}`} size="sm">
          {name}
        </Anchor>
      ) : (
        name
      ),
  },
  { id: 'version', title: 'Version', width: '6rem', align: 'end', render: ({ version }) => version },
  {
    id: 'kind',
    title: 'Written as',
    width: '7rem',
    render: ({ kind }) => kind,
  },
  {
    id: 'state',
    title: 'May be started',
    width: '8rem',
    render: ({ is_active }) => <StatusBadge status={is_active ? 'yes' : 'no'} tone={is_active ? 'good' : 'off'} />,
  },
  {
    id: 'description',
    title: 'Description',
    width: 'minmax(12rem, 3fr)',
    render: ({ description }) => <PlainText text={description} chars={300} />,
  },
  {
    id: 'do',
    title: 'Runs',
    width: '13rem',
    render: (row) => (
      <Group gap="xs" wrap="nowrap">
        <Anchor
          component={Link}
          to={`/workflow-runs?workflow=${row.name}`}
          size="sm"
          aria-label={`Show runs of ${row.name}`}
        >
          Show runs
        </Anchor>
        {start && row.is_active ? (
          <Button
            size="compact-xs"
            variant="default"
            aria-label={`Start ${row.name} v${row.version}`}
            onClick={() => start(row)}
          >
            Start
          </Button>
        ) : null}
      </Group>
    ),
  },
];

/** The workflows of the program's code, and those that are data. */
export function Workflows() {
  const mayStart = useCan('workflow_runs:write');
  const [starts, setStarts] = useState<WorkflowRow>();
  const { data, error, refetch } = useRead<{ data: readonly WorkflowRow[] }>('/v1/workflows');
  return (
    <>
      <PageHeader
        title="Workflows"
        description="Those of the program's code with each version, those that are data with their newest."
      />
      {data ? (
        <DataTable
          label="Workflows"
          columns={columnsFor(mayStart ? setStarts : undefined)}
          source={rowsOf(data.data)}
          rowKey={({ name, version }) => `${name} ${version}`}
          empty={
            <EmptyState title="No workflows yet">
              <Text size="sm">
                Write one in your program with workflow(…), or store one as data by PUT /v1/workflows/name.
              </Text>
            </EmptyState>
          }
        />
      ) : error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <LoadingState />
      )}
      {starts ? <StartRun {...starts} onClose={() => setStarts(undefined)} /> : null}
    </>
  );
}
