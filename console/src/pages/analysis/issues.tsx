import { Anchor, Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Query } from '../../api/request.ts';
import { containing, useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { SeverityBadge } from './score.tsx';
import { effort, type Issue, issueColumns, severities, useRepositoryNames } from './types.ts';

const filterNames = ['repository', 'status', 'severity', 'rule', 'file'];

const location: Column<Issue> = {
  id: 'file',
  title: 'Where',
  width: 'minmax(12rem, 2fr)',
  render: ({ file_path, start_line, last_run_id }) => (
    <Anchor
      component={Link}
      to={`/analysis/${last_run_id}/files?${new URLSearchParams({ search: file_path })}`}
      size="sm"
    >
      <PlainText text={start_line === null ? file_path : `${file_path}:${start_line}`} chars={300} />
    </Anchor>
  ),
};
const columns: readonly Column<Issue>[] = [
  {
    id: 'message',
    title: 'Issue',
    width: 'minmax(22rem, 4fr)',
    render: ({ message }) => <PlainText text={message} chars={300} />,
  },
  {
    id: 'severity',
    title: 'Severity',
    width: '7rem',
    render: ({ severity }) => <SeverityBadge severity={severity} />,
  },
  { id: 'status', title: 'Status', width: '7rem', render: ({ status }) => <StatusBadge status={status} /> },
  { id: 'rule', title: 'Rule', width: 'minmax(14rem, 1fr)', render: ({ rule_id }) => rule_id },
  {
    id: 'element',
    title: 'In',
    width: 'minmax(8rem, 1fr)',
    render: ({ element_path }) => (element_path === null ? '–' : <PlainText text={element_path} chars={200} />),
  },
  location,
  {
    id: 'effort',
    title: 'To mend',
    width: '6rem',
    align: 'end',
    render: ({ remediation_minutes }) => effort(remediation_minutes),
  },
  { id: 'created', title: 'First seen', width: '8.5rem', render: ({ created_at }) => <Time at={created_at} /> },
];

interface IssueTableProps {
  readonly filters: Query;
  readonly withFile?: boolean;
  readonly height?: string;
  readonly empty: ReactNode;
}

/** Issues by the dialect's filters, newest first. */
export function IssueTable({ filters, withFile = true, height, empty }: IssueTableProps) {
  const source = useTableRows<Issue>('issues', issueColumns, filters);
  return (
    <DataTable
      label="Issues"
      columns={withFile ? columns : columns.filter((column) => column !== location && column.id !== 'status')}
      source={source}
      rowKey={({ id }) => id}
      empty={empty}
      {...(height ? { height } : {})}
    />
  );
}

/** Issues of all repositories, with filters in the address. */
export function Issues() {
  const filters = useFilters(filterNames);
  const repositories = useRepositoryNames().data ?? [];
  const [repository, status, severity, rule, file] = filterNames.map((name) => filters.get(name));
  return (
    <>
      <PageHeader title="Issues" description="What analyses found in the code, newest first." />
      <FilterBar filters={filters}>
        <ChoiceFilter
          filters={filters}
          name="repository"
          label="Repository"
          options={repositories.map(({ id: value, full_name: label }) => ({ value, label }))}
        />
        <ChoiceFilter filters={filters} name="status" label="Status" options={['open', 'resolved']} />
        <ChoiceFilter filters={filters} name="severity" label="Severity" options={severities} />
        <TextFilter filters={filters} name="rule" label="Rule" />
        <TextFilter filters={filters} name="file" label="File" placeholder="Part of the path" />
      </FilterBar>
      <IssueTable
        filters={{
          repository_id: repository ? `eq.${repository}` : null,
          status: status ? `eq.${status}` : null,
          severity: severity ? `eq.${severity}` : null,
          rule_id: rule ? `ilike.${containing(rule)}` : null,
          file_path: file ? `ilike.${containing(file)}` : null,
        }}
        empty={
          <EmptyState
            title={filters.isAny ? 'No issue matches' : 'No issues'}
            action={
              filters.isAny ? (
                <Button variant="default" onClick={filters.clear}>
                  Show all issues
                </Button>
              ) : null
            }
          >
            {filters.isAny ? undefined : 'They come from analysis runs.'}
          </EmptyState>
        }
      />
    </>
  );
}
