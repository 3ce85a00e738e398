import { errors } from '../../platform/core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { eventErrors } from './errors.ts';
import { events_channel } from './new-event.ts';

/**
 * Lets a failed event be matched again; an event and a subscription still make one task at most. Asked for twice it is
 * done, and audited, once. Throws `not_found`, `event_not_retryable`.
 */
export async function retryEvent(platform: Platform, tx: ScopedTx, id: string): Promise<void> {
  const [row] = await tx.sql<{ outcome: 'queued' | 'waiting' | 'refused' | null }>(
    'select plinth.retry_event($1, $2) as outcome',
    [tx.organizationId, id],
  );
  if (!row?.outcome) throw errors.not_found({ detail: 'no such event' });
  if (row.outcome === 'refused') throw eventErrors.event_not_retryable();
  tx.afterCommit(() => platform.wakeups.wake(events_channel));
}
