import type { RouteRegistrar } from '../../platform/http/route.ts';
import type { Platform } from '../../platform/platform.ts';
import { countRoutes } from './counts/count-routes.ts';
import { retentionRoutes } from './counts/retention-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { eventTypeRoutes } from './event-type-routes.ts';
import { hookRoutes } from './hook-routes.ts';
import { liveRoutes } from './live/live-routes.ts';
import { makeReceiver } from './receive.ts';
import { sourceRoutes } from './source-routes.ts';
import { subscriptionRoutes } from './subscription-routes.ts';

/** /hooks, /v1/event-sources, /v1/event-subscriptions, /v1/events, /v1/live, /v1/event-statistics, /v1/event-retention. */
export function allEventRoutes(routes: RouteRegistrar, platform: Platform): void {
  const receiver = makeReceiver(platform);
  hookRoutes(routes, receiver);
  sourceRoutes(routes, platform, receiver);
  subscriptionRoutes(routes, platform);
  eventTypeRoutes(routes, platform);
  eventRoutes(routes, platform);
  liveRoutes(routes, platform);
  countRoutes(routes, platform);
  retentionRoutes(routes, platform);
}
