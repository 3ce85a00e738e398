import { useCan, useCount } from '../../api/hooks.ts';
import type { Query } from '../../api/request.ts';
import { dayAgo } from './since.ts';
import { Tile } from './tile.tsx';

const refetch_ms = 30_000;

/** How much came in and was done since yesterday. */
export function Counts() {
  const since = dayAgo();
  return (
    <>
      {useCan('events:read') ? (
        <Count title="Events received" table="events" filters={{ received_at: `gte.${since}` }} to="/events" />
      ) : null}
      {useCan('tasks:read') ? (
        <>
          <Count title="Tasks made" table="tasks" filters={{ created_at: `gte.${since}` }} to="/tasks" />
          <Count
            title="Tasks completed"
            table="tasks"
            filters={{ status: 'eq.completed', completed_at: `gte.${since}` }}
            to="/tasks?status=completed"
          />
          <Count title="Tasks running" table="tasks" filters={{ status: 'eq.running' }} to="/tasks?status=running" />
        </>
      ) : null}
    </>
  );
}

function Count({ title, table, filters, to }: { title: string; table: string; filters: Query; to: string }) {
  const count = useCount(table, filters, { refetchEveryMs: refetch_ms });
  return (
    <Tile
      title={title}
      to={to}
      isLoading={count.isPending}
      value={count.data?.toLocaleString('en')}
      detail={count.error?.message}
    />
  );
}
