import { Anchor, Button } from '@mantine/core';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useCan, useRead } from '../../api/hooks.ts';
import type { Page } from '../../api/types.ts';
import { useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable, type Selection } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText, plainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { BulkBar } from '../tasks/bulk.tsx';
import { RetryTask } from '../tasks/task-actions.tsx';
import type { TaskRow, TaskType } from '../tasks/types.ts';

const refresh_ms = 10_000;
const selected =
  'id,task_type,title,status,attempts,max_attempts,project_id,created_at,completed_at,reason:error->>message,code:error->>code';

type DeadRow = TaskRow & { readonly code: string | null };

const columns: readonly Column<DeadRow>[] = [
  {
    id: 'title',
    title: 'Task',
    width: 'minmax(11rem, 2fr)',
    render: ({ id, title, task_type }) => (
      <Anchor component={Link} to={`/tasks/${id}`} size="sm">
        <PlainText text={title || task_type} chars={200} />
      </Anchor>
    ),
  },
  { id: 'type', title: 'Type', width: 'minmax(9rem, 1fr)', render: ({ task_type }) => task_type },
  {
    id: 'code',
    title: 'Error',
    width: 'minmax(9rem, 1fr)',
    render: ({ code }) =>
      code === null ? null : (
        <Anchor component={Link} to={`/dead-letters?${new URLSearchParams({ error: code })}`} size="sm">
          <PlainText text={code} chars={100} />
        </Anchor>
      ),
  },
  {
    id: 'reason',
    title: 'What it said',
    width: 'minmax(9.5rem, 3fr)',
    render: ({ reason }) => (reason === null ? null : <PlainText text={reason} chars={300} />),
  },
  { id: 'attempts', title: 'Attempts', width: '5.5rem', align: 'end', render: ({ attempts }) => attempts },
  { id: 'failed', title: 'Failed', width: '8.5rem', render: ({ completed_at }) => <Time at={completed_at} /> },
  {
    id: 'retry',
    title: '',
    width: '5.5rem',
    render: ({ id, title, task_type }) => (
      <RetryTask id={id} name={plainText(title || task_type, 100)} size="compact-xs" />
    ),
  },
];

/** Tasks that have failed for good: to be looked at, and run again one by one, as chosen, or all that match. */
export function DeadLetters() {
  const navigate = useNavigate();
  const mayWrite = useCan('tasks:write');
  const filters = useFilters(['type', 'error']);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const types = useRead<Page<TaskType>>('/v1/task-types');
  const type = filters.get('type');
  const error = filters.get('error');
  const source = useTableRows<DeadRow>(
    'tasks',
    selected,
    {
      deleted_at: 'is.null',
      status: 'eq.failed',
      task_type: type ? `eq.${type}` : null,
      'error->>code': error ? `eq.${error}` : null,
    },
    { refetchEveryMs: refresh_ms },
  );
  const selection: Selection<DeadRow> = {
    keys: chosen,
    set: setChosen,
    name: ({ title, task_type }) => plainText(title || task_type, 100),
  };
  return (
    <>
      <PageHeader
        title="Dead letters"
        description="Tasks that failed for good, newest first. They stay until they are retried, or forgotten after 90 days."
      />
      <FilterBar filters={filters}>
        <ChoiceFilter
          filters={filters}
          name="type"
          label="Type"
          options={(types.data?.data ?? []).map(({ task_type: value }) => ({ value, label: value }))}
        />
        <TextFilter filters={filters} name="error" label="Error" placeholder="The whole code" />
      </FilterBar>
      {source.rows.length > 0 ? (
        <BulkBar
          actions={['retry']}
          chosen={chosen}
          onClear={() => setChosen(new Set())}
          filter={{
            status: 'failed',
            ...(type ? { task_type: type } : {}),
            ...(error ? { error_code: error } : {}),
          }}
        />
      ) : null}
      <DataTable
        label="Dead letters"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/tasks/${id}`)}
        {...(mayWrite ? { selection } : {})}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No dead letter matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all
                </Button>
              }
            />
          ) : (
            <EmptyState title="No dead letters">No task has failed for good.</EmptyState>
          )
        }
      />
    </>
  );
}
