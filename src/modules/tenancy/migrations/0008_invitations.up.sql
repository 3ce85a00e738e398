-- Invitations: somebody is asked to join by a link that works once, and becomes a member by following it. There is no
-- other way into an organization of others: whoever joins has agreed to.

create table plinth.invitations (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  email text not null,
  role text not null,
  invited_by uuid,
  token_hash bytea not null,
  links_made int not null default 1,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint invitations_pkey primary key (organization_id, id),
  constraint invitations_token_hash_key unique (organization_id, token_hash),
  constraint invitations_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint invitations_email_check check (email = lower(email) and length(email) <= 254 and email ~ '^[^@\s]+@[^@\s]+$'),
  constraint invitations_role_check check (role in ('owner', 'admin', 'member', 'viewer')),
  constraint invitations_accepted_check check ((accepted_at is null) = (accepted_by is null)),
  constraint invitations_end_check check (accepted_at is null or revoked_at is null)
);
comment on table plinth.invitations is 'Who was asked to join, as what, by whom. The link is shown once to whoever made it; its SHA-256 is token_hash.';
comment on column plinth.invitations.email is 'The address that was invited, lower case. Not proven by it.';
comment on column plinth.invitations.role is 'What the person becomes; at most what who invited may give when it is accepted.';
comment on column plinth.invitations.token_hash is 'SHA-256 of the link.';
comment on column plinth.invitations.expires_at is 'Seven days after the link was made.';
comment on column plinth.invitations.accepted_at is 'When somebody joined by it: it is used up.';
comment on column plinth.invitations.accepted_by is 'Who joined; the address of their account may be another.';
comment on column plinth.invitations.revoked_at is 'When it was taken back, or made way for a new one.';
comment on column plinth.invitations.invited_by is 'Null: the operator, at the command line.';
comment on column plinth.invitations.links_made is 'A new link replaces the one before.';
-- one open invitation for an address
create unique index invitations_pending_idx on plinth.invitations (organization_id, email)
  where accepted_at is null and revoked_at is null;
select plinth.register_table('invitations', visibility => 'tenant', user_column => 'accepted_by', request_verbs => '{select}',
  definer_verbs => '{select,insert,update}', personal_columns => '{email}', secret_columns => '{token_hash}');

-- created, already_member, pending (a live one for this address), or too_many (pending_max live ones). One that has expired
-- makes way. Says nothing of whether the address has an account.
create function plinth.create_invitation(
  organization uuid, invitation uuid, new_email text, new_role text, new_hash bytea, inviter uuid, pending_max int,
  expires timestamptz, at timestamptz
) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_organization(organization);
  -- before anything is looked up, so that what is there changes nothing of how nonsense is refused
  if role_rank(new_role) = 0 or new_email !~ '^[^@\s]+@[^@\s]+$' then
    raise exception 'no such role, or no address' using errcode = '22023';
  end if;
  if exists (select 1 from organization_memberships m where m.organization_id = organization and m.email = new_email) then
    return 'already_member';
  end if;
  update invitations i set revoked_at = at
  where i.organization_id = organization and i.email = new_email
    and i.accepted_at is null and i.revoked_at is null and i.expires_at <= at;
  if (select count(*) from invitations i
      where i.organization_id = organization and i.accepted_at is null and i.revoked_at is null and i.expires_at > at) >= pending_max then
    return 'too_many';
  end if;
  insert into invitations (organization_id, id, email, role, invited_by, token_hash, expires_at, created_at, updated_at)
  values (organization, invitation, new_email, new_role, inviter, new_hash, expires, at, at)
  on conflict do nothing;
  return case when found then 'created' else 'pending' end;
end
$$;

-- A new link in place of the old one, for as long again: renewed, not_found (or no longer open) or forbidden (its role is
-- above by_role). Whoever renews answers for it from now on.
create function plinth.renew_invitation(
  organization uuid, invitation uuid, by_role text, new_hash bytea, inviter uuid, expires timestamptz, at timestamptz
) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  asked_role text;
begin
  perform assert_organization(organization);
  select i.role into asked_role
  from invitations i
  where i.organization_id = organization and i.id = invitation and i.accepted_at is null and i.revoked_at is null
  for update;
  if not found then
    return 'not_found';
  end if;
  if role_rank(asked_role) > role_rank(by_role) then
    return 'forbidden';
  end if;
  update invitations i
  set token_hash = new_hash, invited_by = inviter, expires_at = expires, links_made = i.links_made + 1
  where i.organization_id = organization and i.id = invitation;
  return 'renewed';
end
$$;

-- revoked, not_found (or no longer open) or forbidden.
create function plinth.revoke_invitation(organization uuid, invitation uuid, by_role text, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  asked_role text;
begin
  perform assert_organization(organization);
  select i.role into asked_role
  from invitations i
  where i.organization_id = organization and i.id = invitation and i.accepted_at is null and i.revoked_at is null
  for update;
  if not found then
    return 'not_found';
  end if;
  if role_rank(asked_role) > role_rank(by_role) then
    return 'forbidden';
  end if;
  update invitations i set revoked_at = at where i.organization_id = organization and i.id = invitation;
  return 'revoked';
end
$$;

-- The open invitation of a link, or no row: not accepted, revoked or expired, of an organization that is there, and whoever
-- made it may still give the role.
create function plinth.find_invitation(organization uuid, given_hash bytea, at timestamptz)
returns table (id uuid, email text, role text, organization_name text, inviter_name text, expires_at timestamptz)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform assert_organization(organization);
  return query
    select i.id, i.email, i.role, o.name, m.display_name, i.expires_at
    from invitations i
    join organizations o on o.id = i.organization_id and o.deleted_at is null
    left join organization_memberships m on m.organization_id = i.organization_id and m.user_id = i.invited_by
    where i.organization_id = organization and i.token_hash = given_hash
      and i.accepted_at is null and i.revoked_at is null and i.expires_at > at
      and (i.invited_by is null or role_rank(m.role) >= role_rank(i.role));
end
$$;

-- Uses an invitation up for a person: accepted, not_valid, other_address (they have another one and did not say that they
-- mean it), already_member or no_user. Of two at once one waits for the other and then finds it used.
create function plinth.accept_invitation(organization uuid, given_hash bytea, person uuid, any_address boolean, at timestamptz)
returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  invitation record;
  u users;
begin
  perform assert_organization(organization);
  perform assert_person(person);
  select * into u from users where id = person and is_active and deleted_at is null for no key update;
  if not found then
    return 'no_user';
  end if;
  perform from invitations i where i.organization_id = organization and i.token_hash = given_hash for update;
  select f.* into invitation from find_invitation(organization, given_hash, at) f;
  if not found then
    return 'not_valid';
  end if;
  if invitation.email <> u.email and not any_address then
    return 'other_address';
  end if;
  insert into organization_memberships (organization_id, user_id, role, display_name, email, created_at, updated_at)
  values (organization, person, invitation.role, u.full_name, u.email, at, at)
  on conflict (organization_id, user_id) do nothing;
  if not found then
    return 'already_member';
  end if;
  update invitations i set accepted_at = at, accepted_by = person
  where i.organization_id = organization and i.id = invitation.id;
  perform record_security_event(jsonb_build_object('kind', 'invitation_accepted', 'user_id', person,
    'organization_id', organization,
    'details', jsonb_build_object('invitation_id', invitation.id, 'other_address', invitation.email <> u.email)));
  perform note_activity(organization, 'member_joined', format('A person joined as %s', invitation.role));
  return 'accepted';
end
$$;

-- The same for somebody new: makes the account, with the address that was invited, then accepts. As accept_invitation, or
-- email_taken. Whoever calls takes everything back unless it says accepted.
create function plinth.accept_invitation_as_new(
  organization uuid, given_hash bytea, person uuid, new_full_name text, new_password_hash text, at timestamptz
) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  invited_email text;
begin
  perform assert_organization(organization);
  perform assert_person(person);
  select f.email into invited_email from find_invitation(organization, given_hash, at) f;
  if not found then
    return 'not_valid';
  end if;
  if add_user(person, invited_email, new_full_name, 'user', at) is null then
    return 'email_taken';
  end if;
  insert into user_credentials (user_id, password_hash, changed_at) values (person, new_password_hash, at);
  perform record_security_event(jsonb_build_object('kind', 'user_created', 'user_id', person, 'organization_id', organization));
  return accept_invitation(organization, given_hash, person, false, at);
end
$$;

select plinth.register_function(
  'create_invitation(uuid, uuid, text, text, bytea, uuid, integer, timestamp with time zone, timestamp with time zone)', '{app}',
  tenant_argument => 'organization');
select plinth.register_function(
  'renew_invitation(uuid, uuid, text, bytea, uuid, timestamp with time zone, timestamp with time zone)', '{app}',
  tenant_argument => 'organization');
select plinth.register_function('revoke_invitation(uuid, uuid, text, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('find_invitation(uuid, bytea, timestamp with time zone)', '{app}');
select plinth.register_function('accept_invitation(uuid, bytea, uuid, boolean, timestamp with time zone)', '{app}');
select plinth.register_function('accept_invitation_as_new(uuid, bytea, uuid, text, text, timestamp with time zone)', '{app}');
