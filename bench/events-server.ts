/**
 * A server that takes webhooks and does nothing else, in a process of its own. Arguments: `batched` as we do it, `single` with
 * an insert for each, `parse` without a database: a body is parsed and answered.
 */
import fastify from 'fastify';
import { hookRoutes } from '../src/modules/events/hook-routes.ts';
import { makeReceiver } from '../src/modules/events/receive.ts';
import { modules } from '../src/modules.ts';
import { loadConfig } from '../src/platform/core/config.ts';
import type { ModuleDefinition } from '../src/platform/module.ts';
import { openPlinth } from '../src/plinth.ts';

const [mode] = process.argv.slice(2);
const at = { host: '127.0.0.1', port: 0 };

/** The events module with its hooks alone, which write batches of so many. */
const hooksOnly = (module: ModuleDefinition, batchEventsMax: number): ModuleDefinition => ({
  ...module,
  routes: (routes, platform) => hookRoutes(routes, makeReceiver(platform, { batchEventsMax })),
});

if (mode === 'parse') {
  const app = fastify({ bodyLimit: 25 * 1024 * 1024 });
  app.post('/*', async ({ body }) => ({ received: Object.keys(body as object).length }));
  process.stdout.write(`${await app.listen(at)}\n`);
} else {
  const plinth = await openPlinth({
    config: loadConfig(process.env),
    modules: modules.map((one) => (one.name === 'events' && mode === 'single' ? hooksOnly(one, 1) : one)),
  });
  const { url } = await plinth.listen(at);
  process.stdout.write(`${url}\n`);
}
