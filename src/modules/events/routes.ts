import type { RouteRegistrar } from '../../platform/http/route.ts';
import type { Platform } from '../../platform/platform.ts';
import { eventRoutes } from './event-routes.ts';
import { hookRoutes } from './hook-routes.ts';
import { makeReceiver } from './receive.ts';
import { sourceRoutes } from './source-routes.ts';
import { subscriptionRoutes } from './subscription-routes.ts';

/** /hooks, /v1/event-sources, /v1/event-subscriptions, /v1/events. */
export function allEventRoutes(routes: RouteRegistrar, platform: Platform): void {
  const receiver = makeReceiver(platform);
  hookRoutes(routes, receiver);
  sourceRoutes(routes, platform, receiver.forget);
  subscriptionRoutes(routes, platform);
  eventRoutes(routes, platform);
}
