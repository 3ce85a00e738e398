import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

function deferred() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return { promise, resolve, reject };
}

test('a bounded number runs, a bounded number waits in order, the next is refused at once', async () => {
  const gate = new Gate({ in_flight_max: 2, queue_max: 2, retry_after_seconds: 3 });
  const works = [deferred(), deferred(), deferred(), deferred()];
  const started: number[] = [];
  const runs = works.map((work, index) =>
    gate.run(() => {
      started.push(index);
      return work.promise;
    }),
  );
  expect(started).toEqual([0, 1]);
  expect([gate.inFlight, gate.waiting]).toEqual([2, 2]);
  const refused = gate.run(() => Promise.reject(new Error('was called')));
  await expect(refused).rejects.toMatchObject({ code: 'too_busy', retryAfterSeconds: 3 });

  works[1]!.resolve('b');
  expect(await runs[1]).toBe('b');
  expect(started).toEqual([0, 1, 2]);
  for (const work of works) work.resolve('x');
  await Promise.all(runs);
  expect(started).toEqual([0, 1, 2, 3]);
  expect([gate.inFlight, gate.waiting]).toEqual([0, 0]);
});

test('a failing or throwing call gives its place back', async () => {
  const gate = new Gate({ in_flight_max: 1, queue_max: 0 });
  await expect(gate.run(() => Promise.reject(new Error('one')))).rejects.toThrow('one');
  const throwing = () => {
    throw new Error('two');
  };
  await expect(gate.run(throwing)).rejects.toThrow('two');
  expect(await gate.run(async () => 'three')).toBe('three');
  expect(gate.inFlight).toBe(0);
});

test('a gate that lets nobody in is a mistake', () => {
  expect(() => new Gate({ in_flight_max: 0, queue_max: 1 })).toThrow(RangeError);
  expect(() => new Gate({ in_flight_max: 1, queue_max: Number.NaN })).toThrow(RangeError);
});
