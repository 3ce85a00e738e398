import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import type { Column } from '../../parts/data-table.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import type { Delivery } from './types.ts';

/** Of a list of deliveries; with the addresses of endpoints where it is not of one alone. */
export function deliveryColumns(urls?: ReadonlyMap<string, string>): Column<Delivery>[] {
  return [
    {
      id: 'type',
      title: 'Event',
      width: 'minmax(11rem, 2fr)',
      render: ({ id, event_type, is_test }) => (
        <Anchor component={Link} to={`/deliveries/${id}`} size="sm">
          <PlainText text={event_type} chars={200} />
          {is_test ? ' (test)' : ''}
        </Anchor>
      ),
    },
    { id: 'status', title: 'Status', width: '7rem', render: ({ status }) => <StatusBadge status={status} /> },
    ...(urls
      ? [
          {
            id: 'endpoint',
            title: 'Endpoint',
            width: 'minmax(12rem, 2fr)',
            render: ({ endpoint_id }: Delivery) => (
              <PlainText text={urls.get(endpoint_id) ?? endpoint_id} chars={200} />
            ),
          },
        ]
      : []),
    { id: 'attempts', title: 'Attempts', width: '5.5rem', align: 'end', render: ({ attempts }) => attempts },
    {
      id: 'answer',
      title: 'Last answer',
      width: 'minmax(8rem, 1fr)',
      render: ({ last_status_code: code, last_error: error }) =>
        error === null ? code : <PlainText text={code === null ? error : `${code} ${error}`} chars={200} />,
    },
    { id: 'next', title: 'Next try', width: '9rem', render: ({ due_at }) => <Time at={due_at} none="" /> },
    { id: 'made', title: 'Made', width: '8.5rem', render: ({ occurred_at }) => <Time at={occurred_at} /> },
  ];
}
