-- Organizations, people, and who belongs where.

create table plinth.organizations (
  id uuid not null default plinth.uuidv7(),
  name text not null,
  slug text not null,
  settings jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint organizations_pkey primary key (id),
  constraint organizations_name_check check (length(name) between 1 and 200),
  constraint organizations_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint organizations_settings_check check (jsonb_typeof(settings) = 'object')
);
comment on table plinth.organizations is 'The tenants. Deleted ones can be recovered for 30 days, then they are purged.';
select plinth.register_table('organizations', visibility => 'tenant', tenant_column => 'id', request_verbs => '{select,update}',
  definer_verbs => '{select,insert,update}', fixed_columns => '{slug,deleted_at}');

-- Unique across tenants, so in a global table: a distributed one can not hold it.
create table plinth.organization_slugs (
  slug text not null,
  organization_id uuid not null,
  constraint organization_slugs_pkey primary key (slug)
);
comment on table plinth.organization_slugs is 'Which organization a slug belongs to.';
-- removing an organization
create index organization_slugs_organization_idx on plinth.organization_slugs (organization_id);
select plinth.register_table('organization_slugs', visibility => 'platform', audit => 'action',
  definer_verbs => '{select,insert,delete}');

create table plinth.users (
  id uuid not null default plinth.uuidv7(),
  email text not null,
  username text not null,
  full_name text not null default '',
  role text not null default 'user',
  is_active boolean not null default true,
  is_verified boolean not null default false,
  preferred_language text not null default 'en',
  timezone text not null default 'UTC',
  learning_style text,
  preferences jsonb not null default '{}',
  last_login_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  constraint users_pkey primary key (id),
  constraint users_email_key unique (email),
  constraint users_username_key unique (username),
  constraint users_email_check check (email = lower(email) and length(email) <= 254 and email ~ '^[^@\s]+@[^@\s]+$'),
  constraint users_username_check check (username ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  constraint users_full_name_check check (length(full_name) <= 200),
  constraint users_role_check check (role in ('user', 'admin', 'superuser')),
  constraint users_preferences_check check (jsonb_typeof(preferences) = 'object')
);
comment on table plinth.users is 'People, once each, however many organizations they belong to. Seen by themselves alone; colleagues read organization_memberships.';
comment on column plinth.users.role is 'Platform-wide: user, admin (of the installation), superuser (may make admins).';
comment on column plinth.users.email is 'Lower case.';
select plinth.register_table('users', visibility => 'user', audit => 'action', user_column => 'id', request_verbs => '{select,update}',
  definer_verbs => '{select,insert,update}', personal_columns => '{email,username,full_name}',
  fixed_columns => '{email,username,full_name,role,is_active,is_verified,last_login_at,deleted_at}');

create table plinth.user_credentials (
  user_id uuid not null,
  password_hash text not null,
  changed_at timestamptz not null default now(),
  constraint user_credentials_pkey primary key (user_id),
  constraint user_credentials_user_fkey foreign key (user_id) references plinth.users (id) on delete cascade
);
comment on table plinth.user_credentials is 'Password hashes (argon2id, or bcrypt where it was chosen).';
select plinth.register_table('user_credentials', visibility => 'auth', audit => 'action', definer_verbs => '{select,insert,update}');

create table plinth.organization_memberships (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  user_id uuid not null,
  role text not null default 'member',
  permissions jsonb not null default '{}',
  display_name text not null default '',
  email text not null,
  avatar_url text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organization_memberships_pkey primary key (organization_id, id),
  constraint organization_memberships_user_key unique (organization_id, user_id),
  constraint organization_memberships_organization_fkey foreign key (organization_id)
    references plinth.organizations (id) on delete cascade,
  constraint organization_memberships_user_fkey foreign key (user_id) references plinth.users (id),
  constraint organization_memberships_role_check check (role in ('owner', 'admin', 'member', 'viewer', 'service'))
);
comment on table plinth.organization_memberships is 'Who belongs to an organization, with what role; carries what colleagues may see of a person.';
-- the organizations of a person, at sign-in
create index organization_memberships_user_idx on plinth.organization_memberships (user_id);
select plinth.register_table('organization_memberships', visibility => 'tenant', request_verbs => '{select}',
  definer_verbs => '{select,insert,update,delete}', personal_columns => '{display_name,email,avatar_url}');
