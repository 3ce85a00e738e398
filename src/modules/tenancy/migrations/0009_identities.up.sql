-- People who come with tokens of other identity providers: an issuer and a subject lead to one user.

create table plinth.user_identities (
  issuer text not null,
  subject text not null,
  user_id uuid not null,
  created_at timestamptz not null default now(),
  constraint user_identities_pkey primary key (issuer, subject),
  constraint user_identities_user_fkey foreign key (user_id) references plinth.users (id) on delete cascade,
  constraint user_identities_text_check check (length(issuer) between 1 and 1000 and length(subject) between 1 and 255)
);
comment on table plinth.user_identities is 'Which person a configured issuer means by a subject. Never found by an e-mail address: that would hand accounts over.';
comment on column plinth.user_identities.issuer is 'As in the token (iss) and in the configuration.';
comment on column plinth.user_identities.subject is 'As in the token (sub).';
comment on column plinth.user_identities.user_id is 'Whom its tokens act as.';
-- a person's identities
create index user_identities_user_idx on plinth.user_identities (user_id);
select plinth.register_table('user_identities', visibility => 'auth', audit => 'action', definer_verbs => '{select,insert,delete}');

-- The person behind a token that was checked, and what they are in the organization asked for, else in the only one they
-- belong to: no row when the identity is not linked. organization_id is null when the one asked for is not there, or when
-- none was asked for and there is not exactly one; member_role is null when they do not belong to it.
create function plinth.find_identity(given_issuer text, given_subject text, wanted_id uuid, wanted_slug text)
returns table (user_id uuid, is_active boolean, organization_id uuid, organization_slug text, member_role text)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  is_wanted constant boolean := wanted_id is not null or wanted_slug is not null;
  membership record;
  memberships int := 0;
begin
  select u.id, u.is_active and u.deleted_at is null
  into user_id, is_active
  from user_identities i
  join users u on u.id = i.user_id
  where i.issuer = given_issuer and i.subject = given_subject;
  if not found then
    return;
  end if;
  if is_wanted then
    select o.id, o.slug, m.role
    into organization_id, organization_slug, member_role
    from organizations o
    left join organization_memberships m on m.organization_id = o.id and m.user_id = find_identity.user_id
    where o.deleted_at is null and (o.id = wanted_id or o.slug = wanted_slug);
    return next;
    return;
  end if;
  for membership in
    select o.id, o.slug, m.role
    from organization_memberships m
    join organizations o on o.id = m.organization_id
    where m.user_id = find_identity.user_id and o.deleted_at is null
    limit 2
  loop
    memberships := memberships + 1;
    organization_id := case when memberships = 1 then membership.id end;
    organization_slug := case when memberships = 1 then membership.slug end;
    member_role := case when memberships = 1 then membership.role end;
  end loop;
  return next;
end
$$;

-- The live organization a claim names by id or slug, or null.
create function plinth.find_claimed_organization(wanted_id uuid, wanted_slug text) returns uuid
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select o.id from organizations o where o.deleted_at is null and (o.id = wanted_id or o.slug = wanted_slug));
end
$$;

-- Links an issuer's subject to a person: linked, or taken by somebody else.
create function plinth.link_identity(given_issuer text, given_subject text, person uuid, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  holder uuid;
begin
  perform assert_person(person);
  perform from users u where u.id = person for no key update;
  insert into user_identities (issuer, subject, user_id, created_at) values (given_issuer, given_subject, person, at)
  on conflict do nothing;
  if not found then
    select i.user_id into holder from user_identities i where i.issuer = given_issuer and i.subject = given_subject;
    return case when holder = person then 'linked' else 'taken' end;
  end if;
  perform record_security_event(jsonb_build_object('kind', 'identity_linked', 'severity', 'warning', 'user_id', person,
    'details', jsonb_build_object('issuer', given_issuer)));
  return 'linked';
end
$$;

create function plinth.unlink_identity(given_issuer text, given_subject text, person uuid) returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_person(person);
  delete from user_identities i where i.issuer = given_issuer and i.subject = given_subject and i.user_id = person;
  if not found then
    return false;
  end if;
  perform record_security_event(jsonb_build_object('kind', 'identity_unlinked', 'user_id', person,
    'details', jsonb_build_object('issuer', given_issuer)));
  return true;
end
$$;

create function plinth.identities_of_user(person uuid)
returns table (issuer text, subject text, created_at timestamptz)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform assert_person(person);
  return query
    select i.issuer, i.subject, i.created_at
    from user_identities i
    where i.user_id = person
    order by i.created_at
    limit 100;
end
$$;

-- Makes the account of an identity that has none: the user's id, or null when the address belongs to another account,
-- which is never taken over. Two first calls at once take turns and find one person.
create function plinth.create_identity(given_issuer text, given_subject text, new_email text, new_full_name text, at timestamptz)
returns uuid
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  person uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('plinth.identity ' || given_issuer || ' ' || given_subject, 0));
  select i.user_id into person from user_identities i where i.issuer = given_issuer and i.subject = given_subject;
  if found then
    return person;
  end if;
  person := add_user(plinth.uuidv7(at), new_email, new_full_name, 'user', at);
  if person is null then
    return null;
  end if;
  insert into user_identities (issuer, subject, user_id, created_at) values (given_issuer, given_subject, person, at);
  perform record_security_event(jsonb_build_object('kind', 'user_created', 'user_id', person,
    'details', jsonb_build_object('issuer', given_issuer)));
  return person;
end
$$;

-- Membership as an issuer's claim says it: the role they have now, or null (no such user). An owner stays one: the
-- organization's own people decide about owners.
create function plinth.claim_membership(organization uuid, person uuid, claimed_role text, at timestamptz) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  u users;
  old_role text;
begin
  perform assert_organization(organization);
  perform assert_person(person);
  select * into u from users where id = person and is_active and deleted_at is null for no key update;
  if not found then
    return null;
  end if;
  insert into organization_memberships (organization_id, user_id, role, display_name, email, created_at, updated_at)
  values (organization, person, claimed_role, u.full_name, u.email, at, at)
  on conflict (organization_id, user_id) do nothing;
  if found then
    perform note_activity(organization, 'member_joined', format('A person joined as %s, as their token says', claimed_role));
    return claimed_role;
  end if;
  select m.role into old_role
  from organization_memberships m
  where m.organization_id = organization and m.user_id = person
  for update;
  if old_role = 'owner' or old_role = claimed_role then
    return old_role;
  end if;
  update organization_memberships m set role = claimed_role where m.organization_id = organization and m.user_id = person;
  return claimed_role;
end
$$;

select plinth.register_function('find_identity(text, text, uuid, text)', '{app}');
select plinth.register_function('find_claimed_organization(uuid, text)', '{app}');
select plinth.register_function('link_identity(text, text, uuid, timestamp with time zone)', '{app}');
select plinth.register_function('unlink_identity(text, text, uuid)', '{app}');
select plinth.register_function('identities_of_user(uuid)', '{app}');
select plinth.register_function('create_identity(text, text, text, text, timestamp with time zone)', '{app}');
select plinth.register_function('claim_membership(uuid, uuid, text, timestamp with time zone)', '{app}');
