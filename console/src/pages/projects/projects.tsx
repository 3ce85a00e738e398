import { Anchor, Button, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useCan } from '../../api/hooks.ts';
import { containing, quoted, useTableRows } from '../../api/use-table-rows.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, TextFilter, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { type ProjectRow, projectColumns, projectStatuses } from './types.ts';
import { usePeople } from './use-people.ts';

const filterNames = ['search', 'status', 'owner'];

function columnsFor(nameOf: (id: string | null) => string | null): Column<ProjectRow>[] {
  return [
    {
      id: 'name',
      title: 'Project',
      width: 'minmax(14rem, 3fr)',
      render: ({ id, name }) => (
        <Anchor component={Link} to={`/projects/${id}`} size="sm">
          <PlainText text={name} chars={200} />
        </Anchor>
      ),
    },
    { id: 'status', title: 'Status', width: '8rem', render: ({ status }) => <StatusBadge status={status} /> },
    { id: 'slug', title: 'Slug', width: 'minmax(8rem, 1fr)', render: ({ slug }) => slug },
    {
      id: 'owner',
      title: 'Owner',
      width: 'minmax(8rem, 1fr)',
      render: ({ owner_id }) => <PlainText text={nameOf(owner_id) ?? '–'} chars={100} />,
    },
    { id: 'priority', title: 'Priority', width: '6rem', align: 'end', render: ({ priority }) => priority },
    { id: 'due', title: 'Due', width: '7rem', render: ({ due_on }) => due_on ?? '–' },
    { id: 'created', title: 'Created', width: '8.5rem', render: ({ created_at }) => <Time at={created_at} /> },
  ];
}

/** All projects, newest first; deleted ones only when asked for. */
export function Projects() {
  const navigate = useNavigate();
  const mayWrite = useCan('projects:write');
  const filters = useFilters(filterNames);
  const people = usePeople();
  const [search, status, owner] = filterNames.map((name) => filters.get(name));
  const found = search ? quoted(containing(search)) : '';
  const source = useTableRows<ProjectRow>('projects', projectColumns, {
    deleted_at: status === 'deleted' ? null : 'is.null',
    status: status ? `eq.${status}` : null,
    owner_id: owner ? `eq.${owner}` : null,
    or: search ? `(name.ilike.${found},slug.ilike.${found},description.ilike.${found})` : null,
  });
  const create = mayWrite ? (
    <Button component={Link} to="/projects/new">
      New project
    </Button>
  ) : null;
  return (
    <>
      <PageHeader title="Projects" description="What work is about, newest first." actions={create} />
      <FilterBar filters={filters}>
        <TextFilter filters={filters} name="search" label="Search" placeholder="Name, slug or description" />
        <ChoiceFilter filters={filters} name="status" label="Status" options={projectStatuses} />
        {people.members.length > 0 ? (
          <ChoiceFilter
            filters={filters}
            name="owner"
            label="Owner"
            options={people.members.map(({ user_id: value, display_name, email }) => ({
              value,
              label: display_name || email,
            }))}
          />
        ) : null}
      </FilterBar>
      <DataTable
        label="Projects"
        columns={columnsFor(people.nameOf)}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/projects/${id}`)}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No project matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show all projects
                </Button>
              }
            />
          ) : (
            <EmptyState title="No projects yet" action={create}>
              <Text size="sm">A project holds repositories, and tasks are filed under it.</Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
