import { Type } from 'typebox';
import { errors } from '../../../platform/core/errors.ts';
import { limits } from '../../../platform/core/limits.ts';
import type { Actor } from '../../../platform/http/actor.ts';
import { withIdempotency } from '../../../platform/http/idempotency.ts';
import { decodeCursor } from '../../../platform/http/paging.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, IdParams, Line, PageOf, pageFields, parseTime, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { priceBook } from '../prices/index.ts';
import { shownUser } from './access.ts';
import { csvOf } from './csv.ts';
import { listCosts, readCost } from './list.ts';
import { monthUsage } from './month.ts';
import {
  costReport,
  type Dimension,
  dimensionFields,
  dimensions,
  dimensions_max,
  report_rows_default,
  report_rows_max,
  tokenSums,
} from './report.ts';
import { repriceCosts } from './reprice.ts';
import { CostAnswer, closed, MonthAnswer, NewCostBody, ReportAnswer, RepricedAnswer, TimeZone } from './schemas.ts';
import { tellCost } from './told.ts';
import { monthOf, monthSpan, type Span, zoneOf } from './zone.ts';

const tag = 'gateway';
const since = Type.Optional({ ...Timestamp, description: 'From this time on.' });
const until = Type.Optional({ ...Timestamp, description: 'Before this time.' });

/** /v1/costs: what calls of models cost. */
export function costRoutes(routes: RouteRegistrar, platform: Platform): void {
  addRecordRoutes(routes, platform);
  addReportRoutes(routes, platform);
  routes.add({
    method: 'POST',
    url: '/v1/costs/reprice',
    summary: 'Price the calls of a time again, after prices have changed',
    tag,
    permission: 'costs:reprice',
    body: Type.Object(
      {
        since: Timestamp,
        until: Timestamp,
        provider: Type.Optional(Line(100)),
        model: Type.Optional(Line(200)),
        after: Type.Optional({ ...Id, description: '"next" of the call before.' }),
      },
      closed,
    ),
    response: RepricedAnswer,
    handle: ({ body, scope }) => repriceCosts(platform, scope, { ...body, ...spanOf(body) }),
  });
}

function addRecordRoutes(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'POST',
    url: '/v1/costs',
    summary: 'Record a call that you made of a provider yourself; once for each call_id',
    tag,
    permission: 'costs:write',
    body: NewCostBody,
    response: Type.Object({ ...CostAnswer, is_new: Type.Boolean() }, closed),
    idempotent: true,
    async handle({ body, actor, scope, request, reply }) {
      const book = await priceBook(platform, scope);
      const told = { ...body, occurred_at: parseTime(body.occurred_at, 'occurred_at') };
      return withIdempotency(platform, request, reply, scope, (tx) =>
        tellCost(tx, actor as Actor, book, told, platform.clock.now()),
      );
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/costs',
    summary: 'Calls with what they cost, newest first: your own, or everybody’s for administrators',
    tag,
    permission: 'costs:read',
    query: Type.Object(
      {
        ...pageFields,
        since,
        until,
        user_id: Type.Optional(Id),
        project_id: Type.Optional(Id),
        conversation_id: Type.Optional(Id),
        trace_id: Type.Optional(Line(32)),
      },
      closed,
    ),
    response: PageOf(Type.Object(CostAnswer, closed)),
    mode: 'read',
    run: (tx, { query: { cursor, limit, ...query }, actor }) =>
      listCosts(
        tx,
        {
          ...query,
          user_id: shownUser(actor as Actor, query.user_id),
          since: parseTime(query.since, 'since'),
          until: parseTime(query.until, 'until'),
        },
        { before: decodeCursor(cursor), limit: limit ?? limits.page_rows_default },
      ),
  });

  routes.add({
    method: 'GET',
    url: '/v1/costs/:id',
    summary: 'One call with what it cost',
    tag,
    permission: 'costs:read',
    params: IdParams,
    response: Type.Object(CostAnswer, closed),
    mode: 'read',
    run: (tx, { params, actor }) => readCost(tx, params.id, shownUser(actor as Actor, undefined)),
  });
}

function addReportRoutes(routes: RouteRegistrar, { clock }: Platform): void {
  const filters = {
    user_id: Type.Optional(Id),
    project_id: Type.Optional(Id),
    agent_id: Type.Optional(Id),
    provider: Type.Optional(Line(100)),
    model: Type.Optional(Line(200)),
    time_zone: TimeZone,
  };

  routes.add({
    method: 'GET',
    url: '/v1/costs/report',
    summary: 'What calls cost by up to three dimensions, of this month or another time',
    tag,
    permission: 'costs:read',
    query: Type.Object(
      {
        by: Type.Optional(
          Type.String({
            maxLength: 100,
            description: `Up to ${dimensions_max} of ${dimensions.join(', ')}, with commas between them; none: the sum alone.`,
          }),
        ),
        since,
        until,
        ...filters,
        format: Type.Optional(Type.Enum(['json', 'csv'])),
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: report_rows_max, default: report_rows_default })),
      },
      closed,
    ),
    response: ReportAnswer,
    mode: 'read',
    async run(tx, { query, actor, reply }) {
      const by = dimensionsOf(query.by);
      const zone = await zoneOf(tx, query.time_zone);
      const span = reportSpan(query, zone, clock.now());
      const filter = { ...query, ...span, user_id: shownUser(actor as Actor, query.user_id) };
      const limit = query.limit ?? report_rows_default;
      const report = await costReport(tx, by, filter, { zone, limit });
      if (query.format !== 'csv') return { ...span, time_zone: zone, by, ...report };
      const fields = [...by.map((one) => dimensionFields[one]), 'calls', 'unpriced_calls', ...tokenSums, 'total_cost'];
      reply
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="costs.csv"')
        .header('plinth-complete', String(report.is_complete));
      const cells = report.rows.map((row) =>
        fields.map((field) => (row as Record<string, string | number | null>)[field]),
      );
      return Buffer.from(csvOf(fields, cells));
    },
  });

  routes.add({
    method: 'GET',
    url: '/v1/costs/usage',
    summary: 'What a month has used and cost, and what it is going to cost',
    tag,
    permission: 'costs:read',
    query: Type.Object(
      {
        month: Type.Optional(
          Type.String({ pattern: '^20[0-9]{2}-(0[1-9]|1[0-2])$', description: 'YYYY-MM; default: this month.' }),
        ),
        ...filters,
      },
      closed,
    ),
    response: MonthAnswer,
    mode: 'read',
    async run(tx, { query: { month, time_zone, ...query }, actor }) {
      const zone = await zoneOf(tx, time_zone);
      const filter = { ...query, user_id: shownUser(actor as Actor, query.user_id) };
      return monthUsage(tx, filter, { month, zone, now: clock.now() });
    },
  });
}

/** Throws `invalid_value` for a dimension there is none of, or one too many. */
export function dimensionsOf(text: string | undefined): Dimension[] {
  const by = (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const unknown = by.find((one) => !(dimensions as readonly string[]).includes(one));
  if (unknown !== undefined) {
    throw errors.invalid_value({ field: 'by', detail: `"${unknown}" is none of ${dimensions.join(', ')}` });
  }
  return by as Dimension[];
}

function spanOf(given: { since: string; until: string }): Span {
  const span = { since: parseTime(given.since, 'since')!, until: parseTime(given.until, 'until')! };
  if (span.until <= span.since) throw errors.invalid_value({ field: 'until', detail: 'until is not after since' });
  return span;
}

/** The time that is asked for; what is not said is where this month begins and ends. */
export function reportSpan(asked: { since?: string; until?: string }, zone: string, now: Date): Span {
  const month = monthSpan(monthOf(now, zone), zone);
  const span = {
    since: parseTime(asked.since, 'since') ?? month.since,
    until: parseTime(asked.until, 'until') ?? month.until,
  };
  if (span.until <= span.since) throw errors.invalid_value({ field: 'until', detail: 'until is not after since' });
  return span;
}
