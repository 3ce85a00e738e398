import { Button, Center } from '@mantine/core';
import { useChange, useMe, useRows } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { ChoiceFilter, FilterBar, useFilters } from '../../parts/filter-bar.tsx';
import { PageHeader } from '../../parts/page-header.tsx';
import { EmptyState, ErrorState, LoadingState } from '../../parts/states.tsx';
import { Entry } from './entry.tsx';
import styles from './notifications.module.css';
import { type Notification, path, refresh_ms, useUnread } from './types.ts';

/** What the person was told of in this organization, unread first. */
export function Notifications() {
  const { permissions } = useMe();
  const filters = useFilters(['show']);
  const show = filters.get('show');
  const source = useRows<Notification>(
    path,
    { unread: show === 'unread' ? true : show === 'read' ? false : null },
    { refetchEveryMs: refresh_ms },
  );
  const unread = useUnread().data?.unread ?? 0;
  return (
    <>
      <PageHeader
        title="Notifications"
        description="What subscriptions with the action notification told you; nobody else sees them. Unread ones first."
        actions={unread > 0 ? <MarkAllRead rows={source.rows} /> : null}
      />
      <FilterBar filters={filters}>
        <ChoiceFilter filters={filters} name="show" label="Show" options={['unread', 'read']} />
      </FilterBar>
      {source.rows.length > 0 ? (
        <>
          <ol className={`surface ${styles['list']}`} aria-label="Notifications" tabIndex={-1}>
            {source.rows.map((notification) => (
              <Entry
                key={notification.id}
                notification={notification}
                mayMark={permissions.includes('notifications:write')}
                maySeeEvent={permissions.includes('events:read')}
              />
            ))}
          </ol>
          {source.error ? <ErrorState error={source.error} onRetry={source.reload} /> : null}
          {source.hasMore ? (
            <Center mt="sm">
              <Button variant="default" loading={source.isLoadingMore} onClick={source.loadMore}>
                Show more
              </Button>
            </Center>
          ) : null}
        </>
      ) : source.error ? (
        <ErrorState error={source.error} onRetry={source.reload} />
      ) : source.isLoading ? (
        <LoadingState />
      ) : filters.isAny ? (
        <EmptyState
          title={show === 'unread' ? 'You have read them all' : 'None of them'}
          action={
            <Button variant="default" onClick={filters.clear}>
              Show all
            </Button>
          }
        />
      ) : (
        <EmptyState title="Nobody told you anything yet">
          A subscription with the action notification tells members of the events it wants.
        </EmptyState>
      )}
    </>
  );
}

/** Marks what the page has shown: what came meanwhile stays unread. */
function MarkAllRead({ rows }: { rows: readonly Notification[] }) {
  const newest = rows.reduce<string | undefined>(
    (last, { id }) => (last === undefined || id > last ? id : last),
    undefined,
  );
  const mark = useChange(() => api.post<{ marked: number }>(`${path}/read`, { until: newest }), {
    touches: [path],
    tells: ({ marked }) => `${marked.toLocaleString('en')} marked as read`,
  });
  return (
    <Button variant="default" loading={mark.isPending} disabled={newest === undefined} onClick={() => mark.mutate()}>
      Mark all as read
    </Button>
  );
}
