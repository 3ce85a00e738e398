import { Anchor, Button, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useCan } from '../../api/hooks.ts';
import { containing, useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { Time } from '../../parts/time.tsx';
import { type RepositoryRow, repositoryColumns, repositoryProviders } from './types.ts';

const filterNames = ['search', 'provider'];

const columns: Column<RepositoryRow>[] = [
  {
    id: 'name',
    title: 'Repository',
    width: 'minmax(14rem, 3fr)',
    render: ({ id, full_name }) => (
      <Anchor component={Link} to={`/repositories/${id}`} size="sm">
        <PlainText text={full_name} chars={200} />
      </Anchor>
    ),
  },
  { id: 'provider', title: 'Provider', width: '7rem', render: ({ provider }) => provider },
  {
    id: 'branch',
    title: 'Branch',
    width: 'minmax(7rem, 1fr)',
    render: ({ default_branch }) => <PlainText text={default_branch} chars={100} />,
  },
  {
    id: 'languages',
    title: 'Languages',
    width: 'minmax(8rem, 1fr)',
    render: ({ languages }) => <PlainText text={languages.join(', ')} chars={200} />,
  },
  {
    id: 'analyzed',
    title: 'Last analysed',
    width: '9rem',
    render: ({ last_analyzed_at }) => <Time at={last_analyzed_at} />,
  },
  { id: 'created', title: 'Added', width: '8.5rem', render: ({ created_at }) => <Time at={created_at} /> },
];

/** All repositories, newest first. */
export function Repositories() {
  const navigate = useNavigate();
  const mayWrite = useCan('repositories:write');
  const filters = useFilters(filterNames);
  const [search, provider] = filterNames.map((name) => filters.get(name));
  const source = useTableRows<RepositoryRow>('repositories', repositoryColumns, {
    full_name: search ? `ilike.${containing(search)}` : null,
    provider: provider ? `eq.${provider}` : null,
  });
  const add = mayWrite ? (
    <Button component={Link} to="/repositories/new">
      Add a repository
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title="Repositories" description="The code that projects are about, newest first." actions={add} />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="search" label="Search" placeholder="Words of the name" />
        <ChoiceFilter filters={filters} name="provider" label="Provider" options={repositoryProviders} />
      </FilterBar>
      <DataTable
        label="Repositories"
        columns={columns}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/repositories/${id}`)}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No repository matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all repositories
                </Button>
              }
            />
          ) : (
            <EmptyState title="No repositories yet" action={add}>
              <Text size="sm">Events find their repository by provider and full name.</Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
