import { errors } from '../../platform/core/errors.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { tasks_channel } from '../tasks/index.ts';
import { workflowErrors } from './errors.ts';

export const assignees_max = 100;
export const approvalStatuses = ['pending', 'approved', 'rejected', 'timed_out'] as const;
export type ApprovalStatus = (typeof approvalStatuses)[number];

/** What a workflow asks of people. */
export interface ApprovalRequest {
  readonly title: string;
  readonly description?: string;
  /** Ids of members of the organization, 1 to 100. */
  readonly assignees: readonly string[];
  /** How many must agree; default 1. */
  readonly quorum?: number;
}

export interface Vote {
  readonly user_id: string;
  readonly vote: 'approve' | 'reject';
  readonly comment: string;
  readonly voted_at: string;
}

/** What a workflow is told. */
export interface ApprovalOutcome {
  readonly outcome: Exclude<ApprovalStatus, 'pending'>;
  readonly votes: readonly Vote[];
}

export interface ApprovalRow {
  readonly id: string;
  readonly run_id: string;
  readonly workflow: string;
  readonly step_key: string;
  readonly title: string;
  readonly description: string;
  readonly assignees: readonly string[];
  readonly quorum: number;
  readonly status: ApprovalStatus | 'cancelled';
  readonly due_at: Date | null;
  readonly decided_at: Date | null;
  readonly created_at: Date;
  readonly votes: readonly Vote[];
}

/** The votes of an approval `a`, as JSON. */
const votesSql = `coalesce((
    select jsonb_agg(jsonb_build_object('user_id', v.user_id, 'vote', v.vote, 'comment', v.comment, 'voted_at', v.created_at)
                     order by v.created_at, v.user_id)
    from plinth.approval_votes v
    where v.organization_id = a.organization_id and v.approval_id = a.id), '[]')`;

/** What nobody decided before its run ended is cancelled. */
const statusSql = `case when a.status = 'pending' and t.completed_at is not null then 'cancelled'
    when a.status = 'pending' and a.due_at <= now() then 'timed_out'
    else a.status end`;

const approvalsSql = `select a.id, a.run_id, r.name as workflow, a.step_key, a.title, a.description, a.assignees, a.quorum, ${statusSql} as status, a.due_at,
    a.decided_at, a.created_at, ${votesSql} as votes
  from plinth.approvals a
  join plinth.workflow_runs r on r.organization_id = a.organization_id and r.id = a.run_id
  join plinth.tasks t on t.organization_id = a.organization_id and t.id = a.run_id
  where a.organization_id = $1`;

/** Asks: in the transaction of the step. Throws `invalid_request`. */
export async function askApproval(
  tx: ScopedTx,
  runId: string,
  stepKey: string,
  { title, description = '', assignees, quorum = 1 }: ApprovalRequest,
  dueInSeconds: number | undefined,
): Promise<void> {
  const people = [...new Set(assignees)];
  if (people.length < 1 || people.length > assignees_max || quorum < 1 || quorum > people.length) {
    const detail = `an approval needs 1 to ${assignees_max} assignees, and a quorum of 1 up to their number`;
    throw errors.invalid_request({ field: 'assignees', detail });
  }
  const known = await tx.sql<{ user_id: string }>(
    'select user_id from plinth.organization_memberships where organization_id = $1 and user_id = any ($2::uuid[])',
    [tx.organizationId, people],
  );
  const missing = people.find((id) => !known.some(({ user_id }) => user_id === id));
  if (missing)
    throw errors.invalid_request({ field: 'assignees', detail: `${missing} is no member of the organization` });
  await tx.sql(
    `insert into plinth.approvals (organization_id, run_id, step_key, title, description, assignees, quorum, due_at)
     values ($1, $2, $3, $4, $5, $6::uuid[], $7, clock_timestamp() + make_interval(secs => $8::float8))`,
    [tx.organizationId, runId, stepKey, title, description, people, quorum, dueInSeconds ?? null],
  );
}

/** How a step's approval ended; what is pending still is closed. The caller knows that it is decided, or that time is up. */
export async function closeApproval(tx: ScopedTx, runId: string, stepKey: string): Promise<ApprovalOutcome> {
  await tx.sql(
    `update plinth.approvals
     set status = 'timed_out', decided_at = now()
     where organization_id = $1 and run_id = $2 and step_key = $3 and status = 'pending'`,
    [tx.organizationId, runId, stepKey],
  );
  const [row] = await tx.sql<ApprovalOutcome>(
    `select a.status as outcome, ${votesSql} as votes
     from plinth.approvals a
     where a.organization_id = $1 and a.run_id = $2 and a.step_key = $3`,
    [tx.organizationId, runId, stepKey],
  );
  if (!row) throw errors.not_found({ detail: 'no such approval' });
  return row;
}

/** Approvals, newest first, below the id `before`; of one assignee, in one state. */
export function listApprovals(
  tx: ScopedTx,
  filter: {
    assignee?: string | undefined;
    status?: ApprovalRow['status'] | undefined;
    decided?: boolean | undefined;
    run_id?: string | undefined;
  },
  before: string | undefined,
  rowsMax: number,
): Promise<ApprovalRow[]> {
  return tx.sql<ApprovalRow>(
    `${approvalsSql}
       and ($2::uuid is null or a.id < $2)
       and ($3::uuid is null or $3 = any (a.assignees))
       and ($4::text is null or ${statusSql} = $4)
       and ($5::uuid is null or a.run_id = $5)
       and ($6::boolean is null or ((${statusSql}) <> 'pending') = $6)
     order by a.id desc
     limit $7`,
    [tx.organizationId, before, filter.assignee, filter.status, filter.run_id, filter.decided, rowsMax],
  );
}

/** Throws `not_found`. */
export async function getApproval(tx: ScopedTx, id: string): Promise<ApprovalRow> {
  const [row] = await tx.sql<ApprovalRow>(`${approvalsSql} and a.id = $2`, [tx.organizationId, id]);
  if (!row) throw errors.not_found({ detail: 'no such approval' });
  return row;
}

/**
 * A vote of an assignee, once. With the one that decides the run goes on. Throws `not_found`, `approval_not_assigned`,
 * `approval_closed`, `approval_voted`.
 */
export async function castVote(
  platform: Platform,
  tx: ScopedTx,
  id: string,
  { vote, comment = '' }: { vote: Vote['vote']; comment?: string },
): Promise<ApprovalRow> {
  const [row] = await tx.sql<{ outcome: string | null }>('select plinth.cast_vote($1, $2, $3, $4) as outcome', [
    tx.organizationId,
    id,
    vote,
    comment,
  ]);
  if (row?.outcome === 'not_assigned') throw workflowErrors.approval_not_assigned();
  if (row?.outcome === 'voted') throw workflowErrors.approval_voted();
  if (row?.outcome === 'closed') throw workflowErrors.approval_closed();
  tx.afterCommit(() => platform.wakeups.wake(tasks_channel));
  return getApproval(tx, id);
}
