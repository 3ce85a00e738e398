import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Platform } from '../platform.ts';
import { databaseMetrics } from './database-metrics.ts';
import { RequestDurations } from './durations.ts';

export interface HttpMetrics {
  readonly registry: Registry;
  readonly contentType: string;
  observe(request: FastifyRequest, reply: FastifyReply): void;
  /** Counts an answer that stays open, until it is over. */
  observeStream(request: FastifyRequest, answer: Readable): void;
  render(): Promise<string>;
}

/** Metrics of one process. Routes are labelled by pattern, never by URL, so that their number stays bounded. */
export function makeMetrics(platform: Platform): HttpMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'plinth_' });
  const durations = new RequestDurations({
    name: 'plinth_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  const refused = new Counter({
    name: 'plinth_http_server_errors_total',
    help: 'Answers with a status of 500 or above.',
    registers: [registry],
  });
  const streams = new Gauge({
    name: 'plinth_http_streams',
    help: 'Answers that are open as streams.',
    labelNames: ['route'],
    registers: [registry],
  });
  new Gauge({
    name: 'plinth_database_connections',
    help: 'Connections of the request pool.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { totalCount, idleCount, waitingCount } = platform.engine.pool;
      this.set({ state: 'open' }, totalCount);
      this.set({ state: 'idle' }, idleCount);
      this.set({ state: 'awaited' }, waitingCount);
    },
  });
  const database = databaseMetrics(platform, registry);
  return {
    registry,
    contentType: registry.contentType,
    observe(request, reply) {
      const route = request.routeOptions.url ?? 'none';
      durations.count(request.method, route, reply.statusCode, reply.elapsedTime / 1000);
      if (reply.statusCode >= 500) refused.inc();
    },
    observeStream(request, answer) {
      const open = streams.labels({ route: request.routeOptions.url ?? 'none' });
      open.inc();
      answer.once('close', () => open.dec());
    },
    async render() {
      await database.refresh();
      return registry.metrics();
    },
  };
}
