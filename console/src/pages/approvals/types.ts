import type { UseQueryResult } from '@tanstack/react-query';
import { useCan, useMe, useRead } from '../../api/hooks.ts';
import type { Problem } from '../../api/problem.ts';
import type { Page } from '../../api/types.ts';

export interface Vote {
  readonly user_id: string;
  readonly vote: 'approve' | 'reject';
  readonly comment: string;
  readonly voted_at: string;
}

export interface Approval {
  readonly id: string;
  readonly run_id: string;
  readonly workflow: string;
  readonly step_key: string;
  readonly title: string;
  readonly description: string;
  readonly assignees: readonly string[];
  readonly quorum: number;
  readonly status: 'pending' | 'approved' | 'rejected' | 'timed_out' | 'cancelled';
  readonly due_at: string | null;
  readonly decided_at: string | null;
  readonly created_at: string;
  readonly votes: readonly Vote[];
}

export const touchedByVotes = ['/v1/approvals', '/v1/workflow-runs'];

/** Whether the person is asked, and has not answered. */
export function useMayVote({ status, assignees, votes }: Approval): boolean {
  const may = useCan('approvals:vote');
  const id = useMe().user?.id;
  return (
    may &&
    status === 'pending' &&
    id !== undefined &&
    assignees.includes(id) &&
    !votes.some(({ user_id }) => user_id === id)
  );
}

/** Counted no further. */
export const counted_max = 50;
const refresh_ms = 30_000;

/** What waits for the person's answer. */
export function useWaitingForMe(): UseQueryResult<Page<Approval>, Problem> {
  const may = useCan('approvals:read');
  return useRead<Page<Approval>>(
    '/v1/approvals',
    { mine: true, decided: false, limit: counted_max },
    { enabled: may, refetchEveryMs: refresh_ms },
  );
}
