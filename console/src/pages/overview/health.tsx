import { useCan, useCount, useRead, useRows } from '../../api/hooks.ts';
import type { ApiKey } from '../../api/types.ts';
import { dayAgo, minutesAgo } from './since.ts';
import { Tile } from './tile.tsx';

const refetch_ms = 30_000;
/** A task that has been due for so long says that no worker takes it. */
const late_minutes = 5;
const expiring_days = 14;

export function Health() {
  return (
    <>
      <ServerTile />
      {useCan('tasks:read') ? (
        <>
          <WaitingTile />
          <FailuresTile table="tasks" title="Failed tasks" timeColumn="completed_at" to="/dead-letters" />
        </>
      ) : null}
      {useCan('events:read') ? (
        <FailuresTile table="events" title="Failed events" timeColumn="received_at" to="/events?status=failed" />
      ) : null}
      {useCan('api_keys:read') ? <KeysTile /> : null}
    </>
  );
}

/** Process, database and schema, as a load balancer asks. */
function ServerTile() {
  const ready = useRead<{ status: string; schema: string }>('/readyz', {}, { refetchEveryMs: refetch_ms });
  return (
    <Tile
      title="Server and database"
      to="/settings"
      status={ready.error ? 'failed' : 'ok'}
      isLoading={ready.isPending}
      detail={ready.error ? ready.error.message : `Ready; the schema is ${ready.data?.schema}`}
    />
  );
}

function WaitingTile() {
  const late = useCount(
    'tasks',
    { status: 'in.(pending,retrying)', scheduled_at: `lt.${minutesAgo(late_minutes)}` },
    { refetchEveryMs: refetch_ms },
  );
  const isLate = (late.data ?? 0) > 0;
  return (
    <Tile
      title="Waiting tasks"
      to="/tasks?status=pending"
      status={late.error ? 'unknown' : isLate ? 'warning' : 'ok'}
      isLoading={late.isPending}
      detail={
        late.error?.message ??
        (isLate
          ? `${late.data?.toLocaleString('en')} due for more than ${late_minutes} minutes: is a worker running?`
          : 'Nothing waits longer than it should')
      }
    />
  );
}

interface FailuresProps {
  readonly table: string;
  readonly title: string;
  readonly timeColumn: string;
  readonly to: string;
}

function FailuresTile({ table, title, timeColumn, to }: FailuresProps) {
  const failed = useCount(
    table,
    { status: 'eq.failed', [timeColumn]: `gte.${dayAgo()}` },
    { refetchEveryMs: refetch_ms },
  );
  const count = failed.data ?? 0;
  return (
    <Tile
      title={title}
      to={to}
      status={failed.error ? 'unknown' : count > 0 ? 'failed' : 'ok'}
      isLoading={failed.isPending}
      detail={failed.error?.message ?? (count > 0 ? `${count.toLocaleString('en')} in 24 hours` : 'None in 24 hours')}
    />
  );
}

function KeysTile() {
  const keys = useRows<ApiKey>('/v1/api-keys');
  const soon = Date.now() + expiring_days * 86_400_000;
  const expiring = keys.rows.filter(
    ({ expires_at, revoked_at }) =>
      revoked_at === null &&
      expires_at !== null &&
      Date.parse(expires_at) > Date.now() &&
      Date.parse(expires_at) < soon,
  );
  return (
    <Tile
      title="API keys"
      to="/api-keys"
      status={keys.error ? 'unknown' : expiring.length > 0 ? 'warning' : 'ok'}
      isLoading={keys.isLoading}
      detail={
        keys.error?.message ??
        (expiring.length > 0
          ? `${expiring.length} end within ${expiring_days} days`
          : `None ends within ${expiring_days} days`)
      }
    />
  );
}
