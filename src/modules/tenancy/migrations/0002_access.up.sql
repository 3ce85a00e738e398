-- Ways in: API keys, sessions, one-time tokens, and what slows a guesser down.

create table plinth.api_keys (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  user_id uuid,
  name text not null,
  prefix text not null,
  last4 text not null,
  role text not null default 'member',
  scopes text[] not null default '{*}',
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_by uuid,
  created_at timestamptz not null default now(),
  constraint api_keys_pkey primary key (organization_id, id),
  constraint api_keys_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint api_keys_user_fkey foreign key (user_id) references plinth.users (id),
  constraint api_keys_name_check check (length(name) between 1 and 200),
  constraint api_keys_role_check check (role in ('owner', 'admin', 'member', 'viewer', 'service')),
  constraint api_keys_scopes_check check (cardinality(scopes) between 1 and 100)
);
comment on table plinth.api_keys is 'Keys of programs. The key itself is shown once; its hash is in api_key_hashes.';
comment on column plinth.api_keys.user_id is 'Whose private rows it sees; null: a service of the organization.';
comment on column plinth.api_keys.scopes is 'Permissions it is cut down to: *, module:*, *:read or module:verb.';
-- using a key is not a change of it, and would otherwise make an audit entry a minute for each key in use
select plinth.register_table('api_keys', visibility => 'tenant', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}', unaudited_columns => '{last_used_at}');

create table plinth.api_key_hashes (
  organization_id uuid not null,
  id uuid not null,
  hash bytea not null,
  constraint api_key_hashes_pkey primary key (organization_id, id),
  constraint api_key_hashes_hash_key unique (organization_id, hash),
  constraint api_key_hashes_api_key_fkey foreign key (organization_id, id)
    references plinth.api_keys (organization_id, id) on delete cascade
);
comment on table plinth.api_key_hashes is 'SHA-256 of each key (128+ random bits, so no slow hash is needed).';
select plinth.register_table('api_key_hashes', visibility => 'auth', audit => 'action', definer_verbs => '{select,insert}');

create table plinth.user_sessions (
  id uuid not null default plinth.uuidv7(),
  user_id uuid not null,
  token_hash bytea not null,
  family uuid not null,
  device text not null default '',
  ip_address text,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  constraint user_sessions_pkey primary key (id),
  constraint user_sessions_token_hash_key unique (token_hash),
  constraint user_sessions_user_fkey foreign key (user_id) references plinth.users (id) on delete cascade
);
comment on table plinth.user_sessions is 'Signed-in browsers: an idle limit from last_seen_at and an absolute one.';
-- sign out everywhere; a person's sessions
create index user_sessions_user_idx on plinth.user_sessions (user_id, created_at);
select plinth.register_table('user_sessions', visibility => 'auth', audit => 'action', definer_verbs => '{select,insert,update,delete}');

create table plinth.one_time_tokens (
  id uuid not null default plinth.uuidv7(),
  kind text not null,
  token_hash bytea not null,
  user_id uuid,
  details jsonb not null default '{}',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint one_time_tokens_pkey primary key (id),
  constraint one_time_tokens_hash_key unique (token_hash),
  constraint one_time_tokens_user_fkey foreign key (user_id) references plinth.users (id) on delete cascade
);
comment on table plinth.one_time_tokens is 'Links that work once: first run, sign-in. 15 minutes.';
select plinth.register_table('one_time_tokens', visibility => 'auth', audit => 'action', definer_verbs => '{select,insert,update,delete}');

create table plinth.sign_in_attempts (
  bucket text not null,
  failures int not null,
  last_failure_at timestamptz not null,
  blocked_until timestamptz not null,
  constraint sign_in_attempts_pkey primary key (bucket)
);
comment on table plinth.sign_in_attempts is 'Failures per account and address: each one waits twice as long as the last, nobody is locked out for good.';
-- forgetting old failures
create index sign_in_attempts_last_failure_idx on plinth.sign_in_attempts (last_failure_at);
select plinth.register_table('sign_in_attempts', visibility => 'auth', audit => 'action', definer_verbs => '{select,insert,update,delete}');
