import { Type } from 'typebox';
import type { RouteRegistrar } from '../../../platform/http/route.ts';
import { Id, Line } from '../../../platform/http/schemas.ts';
import type { Platform } from '../../../platform/platform.ts';
import { eventCategories } from '../extract/github-columns.ts';
import { makeLive } from './live.ts';
import { parseCursor } from './position.ts';

/** GET /v1/live: new events as server-sent events. */
export function liveRoutes(routes: RouteRegistrar, platform: Platform): void {
  const live = makeLive(platform, routes);
  routes.app.addHook('preClose', async () => live.close());

  routes.add({
    method: 'GET',
    url: '/v1/live',
    summary: 'New events as they come, as server-sent events; goes on after Last-Event-ID without a gap',
    tag: 'events',
    permission: 'events:read',
    query: Type.Object(
      {
        source: Type.Optional(Line(100)),
        type: Type.Optional(
          Type.String({ minLength: 1, maxLength: 200, description: 'May hold * for any characters.' }),
        ),
        category: Type.Optional(Type.Enum([...eventCategories])),
        project_id: Type.Optional(Id),
        repository_id: Type.Optional(Id),
        last_event_id: Type.Optional(
          Type.String({ maxLength: 80, description: 'In place of the header, where that can not be set.' }),
        ),
      },
      { additionalProperties: false },
    ),
    stream: true,
    async handle({ query, request, reply }) {
      const { last_event_id, ...filters } = query;
      // a browser that connects again sends the header; the query still says where it began
      const header = request.headers['last-event-id'];
      const last = typeof header === 'string' && header !== '' ? header : last_event_id;
      const stream = await live.open(request, filters, last === undefined ? undefined : parseCursor(last));
      reply
        .header('content-type', 'text/event-stream; charset=utf-8')
        .header('cache-control', 'no-store, no-transform')
        // nginx would keep messages back until its buffer is full
        .header('x-accel-buffering', 'no');
      return stream;
    },
  });
}
