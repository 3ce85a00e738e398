import { Anchor, Button, Code, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { type ListedRun, runColumns } from './run-columns.tsx';
import { runStatuses, useRepositoryNames } from './types.ts';

type RunRow = ListedRun & { readonly repositories: { readonly id: string; readonly full_name: string } | null };

const select =
  'id,branch,commit_sha,status,quality_score,rating,issues_total,debt_minutes,files_total,created_at,repositories(id,full_name)';
const filterNames = ['repository', 'status', 'rating', 'commit'];
const refresh_ms = 5_000;

const repositoryColumn: Column<RunRow> = {
  id: 'repository',
  title: 'Repository',
  width: 'minmax(10rem, 2fr)',
  render: ({ repositories }) =>
    repositories === null ? (
      '–'
    ) : (
      <Anchor component={Link} to={`/repositories/${repositories.id}`} size="sm">
        <PlainText text={repositories.full_name} chars={200} />
      </Anchor>
    ),
};
const columns: readonly Column<RunRow>[] = [...runColumns.slice(0, 1), repositoryColumn, ...runColumns.slice(1)];

/** Analysis runs of all repositories, newest first. */
export function Runs() {
  const navigate = useNavigate();
  const filters = useFilters(filterNames);
  const repositories = useRepositoryNames().data ?? [];
  const [repository, status, rating, commit] = filterNames.map((name) => filters.get(name));
  const source = useTableRows<RunRow>(
    'analysis_runs',
    select,
    {
      repository_id: repository ? `eq.${repository}` : null,
      status: status ? `eq.${status}` : null,
      rating: rating ? `eq.${rating}` : null,
      commit_sha: commit ? `like.${commit.toLowerCase().replace(/[\\%_*]/g, '')}*` : null,
    },
    { refetchEveryMs: refresh_ms },
  );
  return (
    <>
      <PageHeader title="Analysis" description="What the code is like: a run for each commit, newest first." />
      <FilterBar filters={filters}>
        <ChoiceFilter
          filters={filters}
          name="repository"
          label="Repository"
          options={repositories.map(({ id: value, full_name: label }) => ({ value, label }))}
        />
        <ChoiceFilter filters={filters} name="status" label="Status" options={runStatuses} />
        <ChoiceFilter filters={filters} name="rating" label="Rating" options={['A', 'B', 'C', 'D', 'E']} />
        <TextFilter filters={filters} name="commit" label="Commit" placeholder="Its first digits" />
      </FilterBar>
      <DataTable
        label="Analysis runs"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/analysis/${id}`)}
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
            <EmptyState title="No runs yet">
              <Text size="sm">
                They are started from a repository's page, by a push that a subscription wants, or with{' '}
                <Code>plinth analyze</Code>.
              </Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
