import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deliveryLimits } from './limits.ts';
import { nextAttemptAt } from './schedule.ts';
import { standardWebhookHeaders, webhookBody } from './sign.ts';

it('signs the published example of Standard Webhooks as it is published', () => {
  const headers = standardWebhookHeaders(
    'msg_p5jXN8AQM9LWM0D4loKWxJek',
    new Date(1_614_265_330_999),
    '{"test": 2432232314}',
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  );
  const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  expect(headers).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': `${signature} ${signature}`,
  });
});

it('puts the payload into the body as the text it is', () => {
  const body = webhookBody({ id: 'a', type: 'b', timestamp: new Date(0), source: null }, '{"n": 1.10}');
  expect(body).toBe('{"id":"a","type":"b","timestamp":"1970-01-01T00:00:00.000Z","source":null,"data":{"n": 1.10}}');
});

it('tries again after the delay of the schedule, never sooner, nor before it was asked to, and at last no more', () => {
  const delays = fc.array(fc.integer({ min: 1, max: deliveryLimits.retry_delay_seconds_max }), { maxLength: 20 });
  const now = new Date('2026-11-23T12:00:00Z');
  fc.assert(
    fc.property(
      fc.option(delays),
      fc.integer({ min: 1, max: 25 }),
      fc.integer({ min: 0, max: 100 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.option(fc.integer({ min: 0, max: 86_400 }), { nil: undefined }),
      (retry_schedule_seconds, attempt, jitter_percent, random, asked) => {
        const notBefore = asked === undefined ? undefined : new Date(now.getTime() + asked * 1_000);
        const at = nextAttemptAt({ retry_schedule_seconds, jitter_percent }, attempt, now, notBefore, () => random);
        const delay = (retry_schedule_seconds ?? deliveryLimits.retry_schedule_seconds)[attempt - 1];
        if (delay === undefined) {
          expect(at).toBeNull();
          return;
        }
        const seconds = (at!.getTime() - now.getTime()) / 1_000;
        expect(seconds).toBeGreaterThanOrEqual(Math.max(delay, asked ?? 0));
        // times are whole milliseconds
        expect(seconds).toBeLessThan(Math.max(delay * (1 + jitter_percent / 100), asked ?? 0) + 0.001);
      },
    ),
    { seed: 5, numRuns: 500 },
  );
});
