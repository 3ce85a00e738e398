import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, Line, Nullable, PageOf, pageFields, parseTime, Timestamp } from '../../platform/http/schemas.ts';
import { listActivities } from './activity.ts';
import { listAuditEntries } from './audit-log.ts';

const filterFields = {
  ...pageFields,
  resource_type: Type.Optional(Line(100)),
  resource_id: Type.Optional(Id),
  action: Type.Optional(Line(100)),
  from: Type.Optional(Line(40)),
  until: Type.Optional(Line(40)),
};

const AnyObject = Type.Record(Type.String(), Type.Unknown());

const ActivityEntry = Type.Object(
  {
    id: Id,
    occurred_at: Timestamp,
    user_id: Nullable(Id),
    api_key_id: Nullable(Id),
    action: Type.String(),
    resource_type: Type.String(),
    resource_id: Nullable(Id),
    summary: Type.String(),
    details: AnyObject,
  },
  { additionalProperties: false },
);

const AuditLogEntry = Type.Object(
  {
    id: Id,
    occurred_at: Timestamp,
    actor: Type.String({ description: 'user, api_key, service, or db:<login> for a write outside any request.' }),
    actor_user_id: Nullable(Id),
    api_key_id: Nullable(Id),
    request_id: Nullable(Type.String()),
    ip_address: Nullable(Type.String()),
    action: Type.String(),
    resource_type: Type.String(),
    resource_id: Nullable(Id),
    old_values: Nullable(AnyObject),
    new_values: Nullable(AnyObject),
    details: Nullable(Type.Unknown()),
  },
  { additionalProperties: false },
);

export function registerAuditRoutes(routes: RouteRegistrar): void {
  routes.add({
    method: 'GET',
    url: '/v1/activity',
    tag: 'audit',
    summary: 'What happened in the organization, newest first',
    permission: 'activity:read',
    query: Type.Object({ ...filterFields, user_id: Type.Optional(Id) }, { additionalProperties: false }),
    response: PageOf(ActivityEntry),
    mode: 'read',
    run: (tx, { query: { from, until, limit, ...filter } }) =>
      listActivities(tx, { ...filter, ...times(from, until), limit: limit ?? limits.page_rows_default }),
  });
  routes.add({
    method: 'GET',
    url: '/v1/audit',
    tag: 'audit',
    summary: 'Who changed what, newest first',
    permission: 'audit:read',
    query: Type.Object({ ...filterFields, actor_user_id: Type.Optional(Id) }, { additionalProperties: false }),
    response: PageOf(AuditLogEntry),
    mode: 'read',
    run: (tx, { query: { from, until, limit, ...filter } }) =>
      listAuditEntries(tx, { ...filter, ...times(from, until), limit: limit ?? limits.page_rows_default }),
  });
}

function times(from: string | undefined, until: string | undefined): { from?: Date; until?: Date } {
  const start = parseTime(from, 'from');
  const end = parseTime(until, 'until');
  return { ...(start ? { from: start } : {}), ...(end ? { until: end } : {}) };
}
