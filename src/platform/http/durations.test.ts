import { Histogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { RequestDurations } from './durations.ts';

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

it('says what a histogram of prom-client says of the same requests', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const about = { name: 'durations', help: 'How long.', buckets };
  const counted = new RequestDurations({ ...about, registers: [ours] });
  const observed = new Histogram({ ...about, labelNames: ['method', 'route', 'status'], registers: [theirs] });
  expect(await ours.metrics()).toBe(await theirs.metrics());
  for (const [method, route, status] of [
    ['GET', '/v1/projects/:id', 200],
    ['GET', '/v1/"quoted"\\', 200],
    ['POST', '/v1/projects/:id', 200],
    ['GET', '/v1/projects/:id', 404],
  ] as const) {
    for (const seconds of [0, 0.0004, 0.001, 0.0011, 0.02, 0.5, 10, 10.001, 4000]) {
      counted.count(method, route, status, seconds);
      observed.observe({ method, route, status }, seconds);
    }
  }
  const sorted = async (registry: Registry) => (await registry.metrics()).split('\n').toSorted();
  expect(await sorted(ours)).toEqual(await sorted(theirs));
  expect(await ours.getMetricsAsJSON()).toMatchObject([{ name: 'durations', type: 'histogram', aggregator: 'sum' }]);
  const [asObject] = await ours.getMetricsAsJSON();
  expect(asObject?.values).toHaveLength(4 * (buckets.length + 3));
});
