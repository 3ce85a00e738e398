import { Type } from 'typebox';
import { limits } from '../../../platform/core/limits.ts';
import { Id, Line, Lines, Nullable, Timestamp } from '../../../platform/http/schemas.ts';
import { wires } from './connections.ts';
import { connectionLimits } from './limits.ts';
import { captures } from './policies.ts';

export const tag = 'gateway';
export const closed = { additionalProperties: false } as const;

const { key_chars_max, models_max, targets_max, headers_max } = connectionLimits;

const Name = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
  description: 'Short, lower case: a model may be asked for as name/model.',
});
const Models = Type.Array(Line(200), { minItems: 1, maxItems: models_max, description: 'Each may end in *.' });
const whoAndWhen = { created_by: Nullable(Id), created_at: Timestamp, updated_at: Timestamp };

export const connectionFields = {
  base_url: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: limits.url_chars,
      description: 'What SDKs call the base URL; of openai and anthropic it is known.',
    }),
  ),
  key: Type.Optional(
    Nullable(Type.String({ minLength: 1, maxLength: key_chars_max, description: 'Kept sealed, never shown.' })),
  ),
  headers: Type.Optional(
    Nullable(
      Type.Record(Type.String(), Type.String({ maxLength: key_chars_max }), {
        maxProperties: headers_max,
        description: 'Sent along with every call; kept sealed, only the names are shown.',
      }),
    ),
  ),
  models: Type.Optional(Nullable(Models)),
};

export const NewConnectionBody = Type.Object(
  {
    name: Name,
    provider: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,39}$',
      description: 'Whose prices hold: openai, anthropic, groq, mistral, …',
    }),
    wire: Type.Optional(Type.Enum([...wires], { description: 'The format it speaks; default by the provider.' })),
    ...connectionFields,
  },
  closed,
);

export const ConnectionChange = Type.Object(
  { name: Type.Optional(Name), is_active: Type.Optional(Type.Boolean()), ...connectionFields },
  closed,
);

export const Connection = Type.Object({
  id: Id,
  name: Type.String(),
  provider: Type.String(),
  wire: Type.Enum([...wires]),
  base_url: Type.String(),
  key_last4: Nullable(Type.String()),
  header_names: Type.Array(Type.String()),
  models: Nullable(Type.Array(Type.String())),
  is_active: Type.Boolean(),
  tested_at: Nullable(Timestamp),
  test_error: Nullable(
    Type.String({ description: 'What the last test came to; null with tested_at: it was answered.' }),
  ),
  ...whoAndWhen,
});

const Target = Type.Object(
  {
    connection_id: Id,
    model: Line(200),
    priority: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 100, default: 0, description: 'Lower first; higher ones are fall-backs.' }),
    ),
    weight: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, default: 1, description: 'Its part among those of its priority.' }),
    ),
  },
  closed,
);
const Targets = Type.Array(Target, { minItems: 1, maxItems: targets_max });

export const NewAliasBody = Type.Object(
  {
    alias: Line(200),
    description: Type.Optional(Lines(2000)),
    is_active: Type.Optional(Type.Boolean()),
    targets: Targets,
  },
  closed,
);

export const AliasChange = Type.Object(
  {
    alias: Type.Optional(Line(200)),
    description: Type.Optional(Lines(2000)),
    is_active: Type.Optional(Type.Boolean()),
    targets: Type.Optional(Targets),
  },
  closed,
);

export const Alias = Type.Object({
  id: Id,
  alias: Type.String(),
  description: Type.String(),
  is_active: Type.Boolean(),
  targets: Type.Array(
    Type.Object({ connection_id: Id, model: Type.String(), priority: Type.Integer(), weight: Type.Integer() }),
  ),
  ...whoAndWhen,
});

export const policyFields = {
  content_capture: Type.Optional(
    Nullable(
      Type.Enum([...captures], { description: 'What the log keeps of requests and answers. Default of all: none.' }),
    ),
  ),
  output_tokens_cap: Type.Optional(
    Nullable(
      Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        description: 'How many tokens a call that names no limit may put out, where a budget must know. Default: 4096.',
      }),
    ),
  ),
  allowed_models: Type.Optional(Nullable(Models)),
  when_unreachable: Type.Optional(
    Nullable(
      Type.Enum(['refuse', 'allow'], {
        description: 'Calls while the database can not be reached. Default: refuse; allow: without budgets.',
      }),
    ),
  ),
};

export const NewPolicyBody = Type.Object({ project_id: Type.Optional(Nullable(Id)), ...policyFields }, closed);
export const PolicyChange = Type.Object(policyFields, closed);
export const Policy = Type.Object({
  id: Id,
  project_id: Nullable(Id),
  content_capture: Nullable(Type.Enum([...captures])),
  output_tokens_cap: Nullable(Type.Integer()),
  allowed_models: Nullable(Type.Array(Type.String())),
  when_unreachable: Nullable(Type.Enum(['refuse', 'allow'])),
  ...whoAndWhen,
});
