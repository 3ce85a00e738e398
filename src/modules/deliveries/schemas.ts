import { Type } from 'typebox';
import { Id, Line, Lines, Nullable, pageFields, Timestamp } from '../../platform/http/schemas.ts';
import { eventLimits, PLACE } from '../events/index.ts';
import { deliveryLimits } from './limits.ts';
import { deliveryStatuses } from './read-deliveries.ts';
import { statisticsKeys } from './statistics.ts';

export const closed = { additionalProperties: false } as const;
export const tag = 'deliveries';

/** The tenant's own name of one of its customers. */
export const Customer = Type.String({
  pattern: '^[!-~]{1,200}$',
  description: 'The tenant’s own id of its customer.',
});
export const Secret = Type.String({ minLength: 1, maxLength: 2 * eventLimits.secret_bytes_max });
const Delay = Type.Integer({ minimum: 1, maximum: deliveryLimits.retry_delay_seconds_max });

/** What a customer may set of an endpoint. */
export const endpointFields = {
  description: Type.Optional(Nullable(Lines(1_000))),
  names: Type.Optional(
    Type.Array(Line(eventLimits.name_pattern_chars), {
      maxItems: eventLimits.subscription_names_max,
      description: 'Which of its customer’s events it wants, such as "order.*"; none: all.',
    }),
  ),
  headers: Type.Optional(
    Nullable(
      Type.Record(Type.String(), Type.String(), {
        description: 'Sent along; kept sealed, only their names are shown.',
      }),
    ),
  ),
};

/** What the tenant may set besides. */
export const tuningFields = {
  timeout_ms: Type.Optional(
    Type.Integer({ minimum: deliveryLimits.timeout_ms_min, maximum: deliveryLimits.timeout_ms_max }),
  ),
  rate_per_second: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: deliveryLimits.rate_per_second_max }))),
  concurrency_max: Type.Optional(Type.Integer({ minimum: 1, maximum: deliveryLimits.concurrency_max })),
  order_by: Type.Optional(
    Nullable(
      Type.String({
        pattern: `^\\*$|${PLACE}`,
        maxLength: 1_000,
        description: 'Events with the same value at this place are sent one after the other; "*": all of them.',
      }),
    ),
  ),
  retry_schedule_seconds: Type.Optional(
    Nullable(
      Type.Array(Delay, {
        maxItems: deliveryLimits.retry_schedule_items_max,
        description: 'Seconds after each failed attempt; null: the usual ones; []: one attempt.',
      }),
    ),
  ),
  jitter_percent: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 100, description: 'By how much a delay is lengthened at most.' }),
  ),
};

export const RotateBody = Type.Object(
  {
    secret: Type.Optional(Secret),
    overlap_hours: Type.Optional(Type.Integer({ minimum: 0, maximum: deliveryLimits.rotation_overlap_hours_max })),
  },
  closed,
);

export const Endpoint = Type.Object({
  id: Id,
  url: Type.String(),
  description: Nullable(Type.String()),
  customer: Nullable(Type.String()),
  names: Type.Array(Type.String()),
  header_names: Type.Array(Type.String()),
  previous_secret_expires_at: Nullable(Timestamp),
  timeout_ms: Type.Integer(),
  rate_per_second: Nullable(Type.Integer()),
  concurrency_max: Type.Integer(),
  order_by: Nullable(Type.String()),
  retry_schedule_seconds: Nullable(Type.Array(Type.Integer())),
  jitter_percent: Type.Integer(),
  is_active: Type.Boolean(),
  disabled_reason: Nullable(
    Type.Enum(['user', 'gone', 'failing'], {
      description: 'gone: it answered 410; failing: nothing but failures for 5 days.',
    }),
  ),
  disabled_at: Nullable(Timestamp),
  health: Type.Object({
    circuit: Type.Enum(['closed', 'open', 'half_open'], {
      description: 'open: nothing is sent until open_until; half_open: one delivery is out to try.',
    }),
    open_until: Nullable(Timestamp),
    paused_until: Nullable(Timestamp),
    failure_count: Type.Integer({ description: 'Failed attempts since the last that did not fail.' }),
    failing_since: Nullable(Timestamp),
    last_success_at: Nullable(Timestamp),
    last_failure_at: Nullable(Timestamp),
    last_error: Nullable(Type.String()),
  }),
  created_by: Nullable(Id),
  created_at: Timestamp,
  updated_at: Timestamp,
});
/** With the secret, which is in the first answer only: a replayed one does not hold it. */
export const EndpointShownOnce = Type.Intersect([Endpoint, Type.Object({ secret: Type.Optional(Type.String()) })]);

const deliveryFields = {
  id: Id,
  occurred_at: Timestamp,
  endpoint_id: Id,
  subscription_id: Nullable(Id),
  event_id: Id,
  event_type: Type.String(),
  customer: Nullable(Type.String()),
  is_test: Type.Boolean(),
  ordering_key: Nullable(Type.String()),
  status: Type.Enum([...deliveryStatuses]),
  attempts: Type.Integer(),
  due_at: Nullable(Timestamp),
  last_attempt_at: Nullable(Timestamp),
  last_status_code: Nullable(Type.Integer()),
  last_error: Nullable(Type.String()),
  ended_at: Nullable(Timestamp),
};
export const Delivery = Type.Object(deliveryFields);
export const DeliveryDetail = Type.Object({
  ...deliveryFields,
  attempt_log: Type.Array(
    Type.Object({
      id: Id,
      occurred_at: Timestamp,
      attempt: Type.Integer(),
      outcome: Type.Enum(['delivered', 'failed', 'lost']),
      status_code: Nullable(Type.Integer()),
      error_code: Nullable(Type.String()),
      error: Nullable(Type.String()),
      latency_ms: Nullable(Type.Integer()),
      response_excerpt: Nullable(Type.String({ description: 'From the receiver: text, never markup.' })),
      retry_at: Nullable(Timestamp),
    }),
  ),
});

const Time = (description: string) => Type.Optional(Type.String({ maxLength: 40, description }));

/** By what deliveries are found, by a customer too. */
export const deliveryFilterFields = {
  status: Type.Optional(Type.Enum([...deliveryStatuses])),
  endpoint_id: Type.Optional(Id),
  event_id: Type.Optional(Id),
  event_type: Type.Optional(Line(200)),
  since: Time('Deliveries made from this time.'),
  until: Time('Deliveries made before this time.'),
};
export const deliveryPageFields = { ...pageFields, ...deliveryFilterFields };

export const deliveryCountFields = {
  since: Time('Deliveries made from this time.'),
  until: Time('Deliveries made before this time; default now.'),
  by: Type.Optional(
    Type.Enum([...statisticsKeys], {
      default: 'hour',
      description:
        'endpoint: of the 1,000 newest, of each its newest 200 in that time, or all of the one that is asked for.',
    }),
  ),
  endpoint_id: Type.Optional(Id),
};
export const DeliveryCounts = Type.Object({
  since: Timestamp,
  until: Timestamp,
  by: Type.String(),
  data: Type.Array(
    Type.Object({
      at: Nullable(Timestamp),
      endpoint_id: Nullable(Id),
      deliveries: Type.Integer(),
      delivered: Type.Integer(),
      dead: Type.Integer(),
      waiting: Type.Integer({ description: 'On their way, or to be tried again.' }),
    }),
  ),
});

export const retryFields = {
  ids: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 1_000 })),
  status: Type.Optional(Type.Enum(['delivered', 'dead'], { description: 'Default: both.' })),
  endpoint_id: Type.Optional(Id),
  event_id: Type.Optional(Id),
  since: Time('Deliveries made from this time.'),
  until: Time('Deliveries made before this time.'),
};
export const Retried = Type.Object({ retried: Type.Integer() }, closed);
export const Tested = Type.Object({ delivery_id: Id, event_id: Id }, closed);
