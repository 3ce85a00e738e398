import { Anchor, Button, Text } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { useMe, useRows } from '../../api/hooks.ts';
import { type Column, DataTable } from '../../parts/data-table.tsx';
import { ChoiceFilter, FilterBar, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { EmptyState } from '../../parts/states.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { Approval } from './types.ts';

const refresh_ms = 10_000;

const columnsFor = (me: string | undefined): Column<Approval>[] => [
  {
    id: 'title',
    title: 'Question',
    width: 'minmax(14rem, 3fr)',
    render: ({ id, title }) => (
      <Anchor component={Link} to={`/approvals/${id}`} size="sm">
        <PlainText text={title} chars={200} />
      </Anchor>
    ),
  },
  { id: 'status', title: 'Status', width: '8rem', render: ({ status }) => <StatusBadge status={status} /> },
  {
    id: 'mine',
    title: 'Your vote',
    width: '8rem',
    render: ({ assignees, votes, status }) => {
      const own = votes.find(({ user_id }) => user_id === me);
      if (own) return <StatusBadge status={own.vote} />;
      if (me === undefined || !assignees.includes(me)) return 'not asked';
      return status === 'pending' ? 'wanted' : 'none';
    },
  },
  {
    id: 'votes',
    title: 'Agreed',
    width: '7rem',
    align: 'end',
    render: ({ votes, quorum }) => `${votes.filter(({ vote }) => vote === 'approve').length} of ${quorum}`,
  },
  { id: 'workflow', title: 'Workflow', width: 'minmax(8rem, 1fr)', render: ({ workflow }) => workflow },
  { id: 'due', title: 'Until', width: '8.5rem', render: ({ due_at }) => <Time at={due_at} none="no end" /> },
  { id: 'asked', title: 'Asked', width: '8.5rem', render: ({ created_at }) => <Time at={created_at} /> },
];

/** What workflows ask of people: first what waits for the person, as an inbox does. */
export function Approvals() {
  const navigate = useNavigate();
  const me = useMe().user?.id;
  const filters = useFilters(['of', 'state']);
  const isAll = filters.get('of') === 'all';
  const state = filters.get('state');
  const source = useRows<Approval>(
    '/v1/approvals',
    { mine: isAll ? null : true, decided: state === 'all' ? null : state === 'decided' },
    { refetchEveryMs: refresh_ms },
  );
  const showAll = (
    <Button variant="default" onClick={() => void navigate('/approvals?of=all&state=all', { replace: true })}>
      Show everybody's
    </Button>
  );
  return (
    <>
      <PageHeader title="Approvals" description="Questions that workflows ask people; each assignee votes once." />
      <FilterBar filters={filters}>
        <ChoiceFilter
          filters={filters}
          name="of"
          label="Asked of"
          none="Me"
          options={[{ value: 'all', label: 'Everybody' }]}
        />
        <ChoiceFilter
          filters={filters}
          name="state"
          label="State"
          none="Pending"
          options={[
            { value: 'decided', label: 'Decided' },
            { value: 'all', label: 'All' },
          ]}
        />
      </FilterBar>
      <DataTable
        label="Approvals"
        columns={columnsFor(me)}
        source={source}
        rowKey={({ id }) => id}
        onOpen={({ id }) => void navigate(`/approvals/${id}`)}
        empty={
          filters.isAny ? (
            <EmptyState
              title="No approval matches"
              action={
                <Button variant="default" onClick={filters.clear}>
                  Show mine
                </Button>
              }
            />
          ) : (
            <EmptyState title="Nothing waits for you" action={showAll}>
              <Text size="sm">A workflow that asks you for an approval puts it here.</Text>
            </EmptyState>
          )
        }
      />
    </>
  );
}
