import type { UseQueryResult } from '@tanstack/react-query';
import { useCan, useRead } from '../../api/hooks.ts';
import type { Problem } from '../../api/problem.ts';

export const path = '/v1/notifications';

export interface Notification {
  readonly id: string;
  readonly subscription_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly title: string;
  readonly body: string | null;
  readonly read_at: string | null;
  readonly created_at: string;
}

/** The server counts no further. */
export const counted_max = 1_000;
export const refresh_ms = 30_000;

/** How many the person has not read; nothing is asked where the module is off. */
export function useUnread(): UseQueryResult<{ unread: number }, Problem> {
  return useRead<{ unread: number }>(
    `${path}/unread-count`,
    {},
    { enabled: useCan('notifications:read'), refetchEveryMs: refresh_ms },
  );
}

/** "12"; "1,000+" where nobody counted on. */
export const countText = (unread: number): string =>
  `${unread.toLocaleString('en')}${unread >= counted_max ? '+' : ''}`;
