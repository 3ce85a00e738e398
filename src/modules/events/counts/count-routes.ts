import { Type } from 'typebox';
import { errors } from '../../../platform/core/errors.ts';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Line, Nullable, parseTime, Timestamp } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { countBuckets, countKeys, eventCounts } from './statistics.ts';

const day_ms = 86_400_000;
/** As many hours as a month has, and as many days as events are kept. */
const range_days_max = { hour: 31, day: 770, week: 770, month: 770 } as const;
const range_days_default = { hour: 1, day: 30, week: 180, month: 365 } as const;

/** GET /v1/event-statistics: how many events there were, from the hourly counts. */
export function countRoutes(routes: RouteRegistrar, platform: Platform): void {
  routes.add({
    method: 'GET',
    url: '/v1/event-statistics',
    summary: 'How many events there were, by hour, day, week or month of UTC; counted within some 15 seconds',
    tag: 'events',
    permission: 'events:read',
    query: Type.Object(
      {
        since: Type.Optional(Type.String({ maxLength: 40, description: 'Hours that begin from this time.' })),
        until: Type.Optional(
          Type.String({ maxLength: 40, description: 'Hours that begin before this time; default now.' }),
        ),
        bucket: Type.Optional(Type.Enum([...countBuckets], { default: 'hour' })),
        by: Type.Optional(Type.Enum([...countKeys], { description: 'Told apart by this; the 50 most frequent.' })),
        source: Type.Optional(Line(100)),
        type: Type.Optional(Line(200)),
        category: Type.Optional(Line(100)),
        status: Type.Optional(Line(100)),
      },
      { additionalProperties: false },
    ),
    response: Type.Object({
      since: Timestamp,
      until: Timestamp,
      bucket: Type.String(),
      data: Type.Array(
        Type.Object({
          at: Timestamp,
          key: Nullable(Type.String()),
          events: Type.Integer(),
          payload_bytes: Type.Integer(),
        }),
      ),
    }),
    mode: 'read',
    async run(tx, { query }) {
      const { bucket = 'hour', since: from, until: to, ...rest } = query;
      // events may be dated a day ahead
      const until = parseTime(to, 'until') ?? new Date(platform.clock.now().getTime() + day_ms);
      const since =
        parseTime(from, 'since') ??
        new Date(Math.min(until.getTime(), platform.clock.now().getTime()) - range_days_default[bucket] * day_ms);
      const days = (until.getTime() - since.getTime()) / day_ms;
      if (since.getTime() < 0 || days < 0 || days > range_days_max[bucket] + 1) {
        throw errors.invalid_request({
          field: 'since',
          detail: `by ${bucket}, since is at most ${range_days_max[bucket]} days before until`,
        });
      }
      return { since, until, bucket, data: await eventCounts(tx, { since, until, bucket, ...rest }) };
    },
  });
}
