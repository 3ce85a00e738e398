import { Type } from 'typebox';
import { PASSWORD_BYTES_MAX } from '../../platform/core/password-policy.ts';
import { TOKEN_CHARS } from '../../platform/core/tokens.ts';
import { Id, Line, Nullable, Timestamp } from '../../platform/http/schemas.ts';
import { memberRoles } from './roles.ts';
import { tenancyLimits as limits } from './settings.ts';

const closed = { additionalProperties: false } as const;

export const Email = Line(limits.email_chars, 3);
export const Password = Type.String({ minLength: 1, maxLength: PASSWORD_BYTES_MAX });
export const Slug = Type.String({ minLength: 1, maxLength: limits.slug_chars });
export const Name = Line(limits.name_chars);
export const FullName = Line(limits.name_chars, 0);
export const OneTimeToken = Type.String({ maxLength: TOKEN_CHARS * 2 });
export const MemberRoleSchema = Type.Union(memberRoles.map((role) => Type.Literal(role)));
const AnyRole = Type.Union([...memberRoles, 'service'].map((role) => Type.Literal(role)));
const Settings = Type.Record(Type.String(), Type.Unknown());

export const OrganizationAnswer = Type.Object(
  {
    id: Id,
    name: Type.String(),
    slug: Type.String(),
    settings: Settings,
    created_at: Timestamp,
    updated_at: Timestamp,
  },
  closed,
);
export const NewOrganizationAnswer = Type.Object({ id: Id, name: Type.String(), slug: Type.String() }, closed);
export const OwnOrganizationAnswer = Type.Object(
  { id: Id, name: Type.String(), slug: Type.String(), role: AnyRole, deleted_at: Nullable(Timestamp) },
  closed,
);
export const OrganizationChanges = Type.Object(
  { name: Type.Optional(Name), slug: Type.Optional(Slug), settings: Type.Optional(Settings) },
  { ...closed, minProperties: 1 },
);

export const MemberAnswer = Type.Object(
  {
    id: Id,
    user_id: Id,
    role: AnyRole,
    display_name: Type.String(),
    email: Type.String(),
    avatar_url: Nullable(Type.String()),
    created_at: Timestamp,
  },
  closed,
);

export const AccountAnswer = Type.Object(
  {
    id: Id,
    email: Type.String(),
    username: Type.String(),
    full_name: Type.String(),
    role: Type.String(),
    is_verified: Type.Boolean(),
    preferred_language: Type.String(),
    timezone: Type.String(),
    created_at: Timestamp,
  },
  closed,
);

export const SessionAnswer = Type.Object(
  {
    id: Id,
    device: Type.String(),
    ip_address: Nullable(Type.String()),
    created_at: Timestamp,
    last_seen_at: Timestamp,
    expires_at: Timestamp,
    is_current: Type.Boolean(),
  },
  closed,
);

const apiKeyFields = {
  id: Id,
  user_id: Nullable(Id),
  name: Type.String(),
  prefix: Type.String(),
  last4: Type.String(),
  role: AnyRole,
  scopes: Type.Array(Type.String()),
  expires_at: Nullable(Timestamp),
  last_used_at: Nullable(Timestamp),
  revoked_at: Nullable(Timestamp),
  created_by: Nullable(Id),
  created_at: Timestamp,
};
export const ApiKeyAnswer = Type.Object(apiKeyFields, closed);
export const NewApiKeyAnswer = Type.Object(
  {
    ...apiKeyFields,
    key: Nullable(Type.String({ description: 'The key itself, this once; null where a request was repeated.' })),
  },
  closed,
);
export const ApiKeyInputSchema = Type.Object(
  {
    name: Name,
    service: Type.Optional(Type.Boolean({ description: 'A key of the organization, not of a person.' })),
    role: Type.Optional(MemberRoleSchema),
    scopes: Type.Optional(
      Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: limits.api_key_scopes_max }),
    ),
    expires_at: Type.Optional(Line(40)),
  },
  closed,
);

export const MeAnswer = Type.Object(
  {
    kind: Type.Union([Type.Literal('user'), Type.Literal('api_key')]),
    user: Nullable(AccountAnswer),
    organization: Nullable(Type.Object({ id: Id, name: Type.String(), slug: Type.String(), role: AnyRole }, closed)),
    organizations: Type.Array(OwnOrganizationAnswer),
    api_key_id: Nullable(Id),
    session_id: Nullable(Id),
    permissions: Type.Array(Type.String()),
  },
  closed,
);
export { closed };
