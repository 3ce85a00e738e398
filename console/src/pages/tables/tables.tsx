import { Anchor, Button } from '@mantine/core';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { type Column, DataTable, rowsOf } from '../../parts/data-table.tsx';
import { FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { type TableInfo, useTables } from './types.ts';
import { ViewAs, ViewAsNotice } from './view-as.tsx';

const filterNames = ['search', 'as'];

function columnsFor(search: string): Column<TableInfo>[] {
  return [
    {
      id: 'name',
      title: 'Table',
      width: 'minmax(14rem, 2fr)',
      render: ({ name }) => (
        <Anchor component={Link} to={`/tables/${encodeURIComponent(name)}${search}`} size="sm">
          {name}
        </Anchor>
      ),
    },
    { id: 'module', title: 'Module', width: 'minmax(8rem, 1fr)', render: ({ module }) => module },
    {
      id: 'may',
      title: 'You may',
      width: 'minmax(16rem, 2fr)',
      render: ({ verbs }) =>
        Object.entries(verbs)
          .map(([verb, rows]) => (rows === 'own' ? `${verb} your own` : verb))
          .join(', '),
    },
    { id: 'columns', title: 'Columns', width: '6rem', align: 'end', render: ({ columns }) => columns.length },
  ];
}

/** Every table the API exposes to this user, an application's own among them. */
export function Tables() {
  const navigate = useNavigate();
  const [parameters] = useSearchParams();
  const filters = useFilters(filterNames);
  const as = filters.get('as');
  const tables = useTables(as);
  const wanted = filters.get('search').toLowerCase();
  const found = (tables.data ?? []).filter(({ name, module }) => `${name} ${module}`.toLowerCase().includes(wanted));
  const onwards = as === '' ? '' : `?${new URLSearchParams({ as })}`;
  const source = {
    ...rowsOf(found),
    isLoading: tables.isPending,
    error: tables.error,
    reload: () => void tables.refetch(),
  };
  return (
    <>
      <PageHeader
        title="Tables"
        description="Every table of /rest/v1, with the rows the API returns to you: to look at; nothing is changed here."
      />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="search" label="Search" placeholder="Table or module" />
        <ViewAs as={as} onChange={(value) => filters.set('as', value)} />
      </FilterBar>
      <ViewAsNotice as={as} />
      <DataTable
        key={parameters.get('as')}
        label="Tables"
        columns={columnsFor(onwards)}
        source={source}
        rowKey={({ name }) => name}
        onOpen={({ name }) => void navigate(`/tables/${encodeURIComponent(name)}${onwards}`)}
        empty={
          <EmptyState
            title={filters.isAny ? 'No table matches' : 'No table is exposed to you'}
            action={
              filters.isAny ? (
                <Button variant="default" onClick={filters.clear}>
                  Show all tables
                </Button>
              ) : null
            }
          />
        }
      />
    </>
  );
}
