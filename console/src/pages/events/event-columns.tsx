import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import type { Column } from '../../parts/data-table.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { EventRow } from './types.ts';

const line = (text: string | null) => (text === null ? null : <PlainText text={text} chars={200} />);

/** What lists show of an event. */
export const eventColumns: readonly Column<EventRow>[] = [
  {
    id: 'title',
    title: 'Event',
    width: 'minmax(12rem, 4fr)',
    render: ({ id, title, type }) => (
      <Anchor component={Link} to={`/events/${id}`} size="sm">
        <PlainText text={title || type} chars={200} />
      </Anchor>
    ),
  },
  { id: 'status', title: 'Status', width: '7rem', render: ({ status }) => <StatusBadge status={status} /> },
  { id: 'name', title: 'Name', width: 'minmax(8rem, 1fr)', render: ({ type }) => line(type) },
  { id: 'source', title: 'Source', width: '7rem', render: ({ source }) => line(source.replaceAll('_', ' ')) },
  {
    id: 'repository',
    title: 'Repository',
    width: 'minmax(7rem, 1fr)',
    render: ({ repository_full_name }) => line(repository_full_name),
  },
  { id: 'actor', title: 'Actor', width: 'minmax(5rem, 1fr)', render: ({ actor }) => line(actor) },
  {
    id: 'error',
    title: 'Error',
    width: 'minmax(6rem, 1fr)',
    render: ({ error }) => line(error?.message ?? error?.code ?? null),
  },
  { id: 'occurred', title: 'Occurred', width: '8.5rem', render: ({ occurred_at }) => <Time at={occurred_at} /> },
];
