import Type from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import { decodeCursor, toPage } from '../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, IdParams, Lines, Nullable, PageOf, pageFields, Timestamp } from '../../platform/http/schemas.ts';
import type { Platform } from '../../platform/platform.ts';
import { approvalStatuses, castVote, getApproval, listApprovals } from './approvals.ts';

const closed = { additionalProperties: false } as const;
const tag = 'workflows';
const comment_chars_max = 2_000;
const Status = Type.Enum([...approvalStatuses, 'cancelled'], {
  description: 'cancelled: the run ended before a decision.',
});
const Choice = Type.Enum(['approve', 'reject']);

const Approval = Type.Object(
  {
    id: Id,
    run_id: Id,
    workflow: Type.String(),
    step_key: Type.String({ description: 'The step of the run that waits for it.' }),
    title: Type.String(),
    description: Type.String(),
    assignees: Type.Array(Id),
    quorum: Type.Integer(),
    status: Status,
    due_at: Nullable(Timestamp),
    decided_at: Nullable(Timestamp),
    created_at: Timestamp,
    votes: Type.Array(Type.Object({ user_id: Id, vote: Choice, comment: Type.String(), voted_at: Timestamp }, closed)),
  },
  closed,
);

/** /v1/approvals: what waits for people, and their votes. */
export function approvalRoutes(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'GET',
    url: '/v1/approvals',
    summary: 'Approvals, newest first; with mine=true those that you are asked for',
    tag,
    permission: 'approvals:read',
    query: Type.Object(
      {
        ...pageFields,
        mine: Type.Optional(Type.Boolean()),
        status: Type.Optional(Status),
        decided: Type.Optional(Type.Boolean({ description: 'false: those that are pending; true: all others.' })),
        run_id: Type.Optional(Id),
      },
      closed,
    ),
    response: PageOf(Approval),
    mode: 'read',
    async run(tx, { actor, query: { limit = limits.page_rows_default, cursor, mine, ...filter } }) {
      // of a key without a person nothing is asked
      if (mine && !actor?.userId) return { data: [], next_cursor: null };
      const assignee = mine ? actor?.userId : undefined;
      return toPage(await listApprovals(tx, { ...filter, assignee }, decodeCursor(cursor), limit + 1), limit);
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/approvals/:id',
    summary: 'An approval with its votes',
    tag,
    permission: 'approvals:read',
    params: IdParams,
    response: Approval,
    mode: 'read',
    run: (tx, { params }) => getApproval(tx, params.id),
  });

  routes.add({
    method: 'POST',
    url: '/v1/approvals/:id/votes',
    summary: 'Vote, once, on an approval that you are asked for',
    tag,
    permission: 'approvals:vote',
    params: IdParams,
    body: Type.Object({ vote: Choice, comment: Type.Optional(Lines(comment_chars_max)) }, closed),
    response: Approval,
    status: 201,
    mode: 'write',
    run: (tx, { params, body }) => castVote(platform, tx, params.id, body),
  });
}
