import { Type } from 'typebox';
import { Id, Line, Nullable, Timestamp } from '../../../platform/http/schemas.ts';
import { wires } from '../prices/index.ts';

export const closed = { additionalProperties: false } as const;

const tokens_max = 1_000_000_000_000;
const Tokens = Type.Integer({ minimum: 0, maximum: tokens_max });
const Usd = Type.String({ description: 'USD, as a decimal.' });
const UsdOrNone = Nullable({ ...Usd, description: 'USD, as a decimal; null: no price is known.' });
const Count = Type.Integer({ minimum: 0 });
/** As OTLP has it. */
const TraceId = Type.String({ pattern: '^[0-9a-f]{32}$', description: '32 hexadecimal digits.' });

export const CostAnswer = {
  id: Id,
  occurred_at: Timestamp,
  kind: Type.Enum(['call', 'trace']),
  call_id: Type.String(),
  is_counted: Type.Boolean({ description: 'False for the trace of a call that has a record of its own.' }),
  provider: Type.String(),
  model: Type.String(),
  input_tokens: Count,
  cached_input_tokens: Count,
  cache_write_tokens: Count,
  output_tokens: Count,
  reasoning_tokens: Count,
  total_tokens: Count,
  raw_usage: Type.Unknown(),
  is_batch: Type.Boolean(),
  input_cost: UsdOrNone,
  output_cost: UsdOrNone,
  total_cost: UsdOrNone,
  price_source: Nullable(Type.String()),
  project_id: Nullable(Id),
  user_id: Nullable(Id),
  agent_id: Nullable(Id),
  agent_type: Nullable(Type.String()),
  api_key_id: Nullable(Id),
  task_id: Nullable(Id),
  conversation_id: Nullable(Id),
  trace_id: Nullable(Type.String()),
};

export const NewCostBody = Type.Object(
  {
    call_id: { ...Line(200), description: 'Names the call: told again, it is recorded once.' },
    provider: Line(100),
    model: Line(200),
    usage: Type.Optional(
      Type.Object(
        {
          input_tokens: Type.Optional({ ...Tokens, description: 'Neither read from a cache nor written to one.' }),
          cached_input_tokens: Type.Optional(Tokens),
          cache_write_tokens: Type.Optional(Tokens),
          cache_write_1h_tokens: Type.Optional({ ...Tokens, description: 'Of cache_write_tokens.' }),
          output_tokens: Type.Optional({ ...Tokens, description: 'Without reasoning.' }),
          reasoning_tokens: Type.Optional(Tokens),
          audio_tokens: Type.Optional({ ...Tokens, description: 'Of all tokens, those of audio.' }),
        },
        { ...closed, minProperties: 1 },
      ),
    ),
    wire: Type.Optional(Type.Enum([...wires], { description: 'How raw_usage says it.' })),
    raw_usage: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'The provider’s answer, or its usage alone.' }),
    ),
    occurred_at: Type.Optional(Timestamp),
    batch: Type.Optional(
      Type.Boolean({ description: 'Made in a batch: at the prices for batches, where there are any.' }),
    ),
    user_id: Type.Optional(Id),
    project_id: Type.Optional(Id),
    agent_id: Type.Optional(Id),
    agent_type: Type.Optional(Line(100)),
    task_id: Type.Optional(Id),
    conversation_id: Type.Optional(Id),
    trace_id: Type.Optional(TraceId),
  },
  closed,
);

const sums = {
  calls: Count,
  unpriced_calls: { ...Count, description: 'Calls without a price: nothing of them is in the cost.' },
  input_tokens: Count,
  cached_input_tokens: Count,
  cache_write_tokens: Count,
  output_tokens: Count,
  reasoning_tokens: Count,
  total_tokens: Count,
  total_cost: Usd,
};

const optionalId = Type.Optional(Nullable(Id));
const optionalText = Type.Optional(Nullable(Type.String()));

export const ReportAnswer = Type.Object(
  {
    since: Timestamp,
    until: Timestamp,
    time_zone: Type.String(),
    by: Type.Array(Type.String()),
    rows: Type.Array(
      Type.Object(
        {
          user_id: optionalId,
          agent_id: optionalId,
          agent_type: optionalText,
          project_id: optionalId,
          api_key_id: optionalId,
          provider: optionalText,
          model: optionalText,
          day: optionalText,
          ...sums,
        },
        closed,
      ),
    ),
    total: Type.Object(sums, closed),
    is_complete: Type.Boolean({ description: 'False: there are more rows than the limit; the total is of all.' }),
  },
  closed,
);

export const MonthAnswer = Type.Object(
  {
    month: Type.String(),
    time_zone: Type.String(),
    since: Timestamp,
    until: Timestamp,
    ...sums,
    forecast: Nullable(
      Type.Object(
        {
          cost: Usd,
          low: Nullable(Usd),
          high: Nullable(Usd),
          days: { ...Count, description: 'Complete days it is made from.' },
          mean_daily_cost: Usd,
          method: Type.String(),
        },
        closed,
      ),
    ),
  },
  closed,
);

export const RepricedAnswer = Type.Object(
  {
    examined: Count,
    changed: Count,
    unpriced: { ...Count, description: 'Of those that were examined, how many have no price.' },
    cost_before: Usd,
    cost_after: Usd,
    difference: { ...Usd, description: 'After less before, of what was changed and counts.' },
    next: Nullable({ ...Id, description: 'Where to go on: "after" of the next call; null: all of the time is done.' }),
  },
  closed,
);

export const TimeZone = Type.Optional(
  Type.String({
    maxLength: 64,
    description: 'Such as Europe/Berlin; default: time_zone of the organization’s settings, or UTC.',
  }),
);
