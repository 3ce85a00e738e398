-- Signing in: the throttle, credentials, sessions, one-time tokens, and the installation's first administrator.

-- Throttle ------------------------------------------------------------------------------------------------------------

-- Seconds until the next try after this many failures: nothing for the free ones, then doubling up to a ceiling.
create function plinth.sign_in_delay(failures int, free int, ceiling_seconds int) returns interval
language sql immutable parallel safe security definer set search_path = pg_catalog, pg_temp
as $$
  select case when failures <= free then interval '0'
              else least(make_interval(secs => ceiling_seconds), make_interval(secs => power(2, least(failures - free - 1, 20)))) end
$$;

-- Claims one try at an account from an address: seconds to wait, or 0 and the try is counted as a failure until
-- clear_sign_in_attempts says otherwise. Counting first means that a thousand tries at once are not a thousand tries.
-- Refused tries are not counted, so a guesser can not keep anybody out for good. Two buckets:
--   account and address: 5 tries, then 1, 2, 4 … 900 seconds;
--   account from anywhere: 50 tries, then up to 60 seconds; it does not bind an address the person has signed in from in
--   the last 30 days, so that a guesser with many addresses slows down nobody at home.
create function plinth.claim_sign_in_attempt(account_bucket text, address_bucket text, given_email text, given_address text, at timestamptz)
returns double precision
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  by_account sign_in_attempts;
  by_address sign_in_attempts;
  is_known boolean;
  free_until timestamptz;
begin
  insert into sign_in_attempts (bucket, failures, last_failure_at, blocked_until)
  values (account_bucket, 0, at, at)
  on conflict do nothing;
  select * into by_account from sign_in_attempts where bucket = account_bucket for update;
  insert into sign_in_attempts (bucket, failures, last_failure_at, blocked_until)
  values (address_bucket, 0, at, at)
  on conflict do nothing;
  select * into by_address from sign_in_attempts where bucket = address_bucket for update;
  if by_address.last_failure_at < at - interval '1 day' then
    by_address.failures := 0;
  end if;
  if by_account.last_failure_at < at - interval '1 day' then
    by_account.failures := 0;
  end if;
  is_known := exists (
    select 1 from user_sessions s
    join users u on u.id = s.user_id
    where u.email = given_email and s.ip_address = given_address and s.created_at > at - interval '30 days');
  free_until := case when is_known then by_address.blocked_until else greatest(by_address.blocked_until, by_account.blocked_until) end;
  if free_until > at then
    return extract(epoch from free_until - at);
  end if;
  update sign_in_attempts
  set failures = by_address.failures + 1, last_failure_at = at,
      blocked_until = at + sign_in_delay(by_address.failures + 1, 5, 900)
  where bucket = address_bucket;
  update sign_in_attempts
  set failures = by_account.failures + 1, last_failure_at = at,
      blocked_until = greatest(by_account.blocked_until, at + sign_in_delay(by_account.failures + 1, 50, 60))
  where bucket = account_bucket;
  return 0;
end
$$;

-- The try was right: the address starts over, the account only takes back this one, so that signing in does not hand a
-- guesser elsewhere fifty more tries.
create function plinth.clear_sign_in_attempts(account_bucket text, address_bucket text) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  update sign_in_attempts set failures = greatest(failures - 1, 0) where bucket = account_bucket;
  delete from sign_in_attempts where bucket = address_bucket;
end
$$;

-- Sessions ------------------------------------------------------------------------------------------------------------

create function plinth.credentials_by_email(given_email text)
returns table (user_id uuid, password_hash text, is_active boolean)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select u.id, c.password_hash, u.is_active and u.deleted_at is null
    from users u
    left join user_credentials c on c.user_id = u.id
    where u.email = given_email;
end
$$;

-- The caller's own hash, to check a password again before something that matters.
create function plinth.credentials_of_user(person uuid) returns text
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_person(person);
  return (select c.password_hash from user_credentials c where c.user_id = person);
end
$$;

-- Replaces a hash made with an older algorithm or cost, unless the password was changed meanwhile.
create function plinth.renew_password_hash(person uuid, old_hash text, new_hash text) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  update user_credentials c set password_hash = new_hash where c.user_id = person and c.password_hash = old_hash;
end
$$;

-- False when the user is off, or the password that was checked (verified_hash) has been changed since: the lock makes a
-- change of password that comes first win, and one that comes second end this session too.
create function plinth.create_session(
  session uuid, person uuid, session_hash bytea, verified_hash text, device_name text, address text, expires timestamptz, at timestamptz
) returns boolean
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  -- the user before the password, as everywhere: on Citus a lock of a global row is one of the whole table
  perform from users u where u.id = person and u.is_active and u.deleted_at is null for no key update;
  if not found then
    return false;
  end if;
  if verified_hash is not null then
    perform from user_credentials c where c.user_id = person and c.password_hash = verified_hash for share;
    if not found then
      return false;
    end if;
  end if;
  update users u set last_login_at = at where u.id = person;
  insert into user_sessions (id, user_id, token_hash, family, device, ip_address, created_at, last_seen_at, expires_at)
  values (session, person, session_hash, session, left(device_name, 200), address, at, at, expires);
  return true;
end
$$;

-- The live session with this token, or no row: not revoked, not idle for too long, not past its end, of an active user.
-- organization_id and member_role are those of the organization asked for by id or slug, else of the only one there is;
-- null when there is none, several, or the one asked for is not theirs. memberships counts up to two.
create function plinth.find_session(session_hash bytea, wanted_id uuid, wanted_slug text, idle_since timestamptz, at timestamptz)
returns table (session_id uuid, user_id uuid, platform_role text, last_seen_at timestamptz, expires_at timestamptz,
               organization_id uuid, member_role text, memberships int)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  is_wanted constant boolean := wanted_id is not null or wanted_slug is not null;
  membership record;
begin
  select s.id, s.user_id, u.role, s.last_seen_at, s.expires_at
  into session_id, user_id, platform_role, last_seen_at, expires_at
  from user_sessions s
  join users u on u.id = s.user_id
  where s.token_hash = session_hash
    and s.revoked_at is null
    and s.expires_at > at
    and s.last_seen_at > idle_since
    and u.is_active
    and u.deleted_at is null;
  if not found then
    return;
  end if;
  memberships := 0;
  for membership in
    select m.organization_id as id, m.role
    from organization_memberships m
    join organizations o on o.id = m.organization_id
    where m.user_id = find_session.user_id
      and o.deleted_at is null
      and (not is_wanted or o.id = wanted_id or o.slug = wanted_slug)
    limit 2
  loop
    memberships := memberships + 1;
    organization_id := case when memberships = 1 then membership.id end;
    member_role := case when memberships = 1 then membership.role end;
  end loop;
  return next;
end
$$;

create function plinth.touch_sessions(sessions uuid[], seen timestamptz[]) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  update user_sessions s
  set last_seen_at = t.seen_at
  from unnest(sessions, seen) as t(id, seen_at)
  where s.id = t.id and s.last_seen_at < t.seen_at and s.revoked_at is null;
end
$$;

create function plinth.sessions_of_user(person uuid, idle_since timestamptz, at timestamptz)
returns table (id uuid, device text, ip_address text, created_at timestamptz, last_seen_at timestamptz, expires_at timestamptz)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  perform assert_person(person);
  return query
    select s.id, s.device, s.ip_address, s.created_at, s.last_seen_at, s.expires_at
    from user_sessions s
    where s.user_id = person
      and s.revoked_at is null
      and s.expires_at > at
      and s.last_seen_at > idle_since
    order by s.created_at desc
    limit 1000;
end
$$;

-- Ends one session of the person with all that were made from it; with null, every one. Returns how many.
create function plinth.revoke_sessions(person uuid, session uuid, at timestamptz) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  revoked int;
begin
  perform assert_person(person);
  update user_sessions s
  set revoked_at = at
  where s.user_id = person
    and s.revoked_at is null
    and (session is null or s.family = (select f.family from user_sessions f where f.id = session and f.user_id = person));
  get diagnostics revoked = row_count;
  if session is null then
    perform record_security_event(jsonb_build_object('kind', 'signed_out_everywhere', 'user_id', person));
  end if;
  return revoked;
end
$$;

-- One-time tokens -----------------------------------------------------------------------------------------------------

create function plinth.issue_one_time_token(token_kind text, new_hash bytea, person uuid, expires timestamptz, at timestamptz)
returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  insert into one_time_tokens (kind, token_hash, user_id, created_at, expires_at)
  values (token_kind, new_hash, person, at, expires);
end
$$;

-- Uses a token up: its row when it was good, none otherwise. Of two at once one waits for the other and then finds it used.
create function plinth.consume_one_time_token(token_kind text, given_hash bytea, at timestamptz)
returns table (id uuid, user_id uuid)
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    update one_time_tokens t
    set used_at = at
    where t.token_hash = given_hash and t.kind = token_kind and t.used_at is null and t.expires_at > at
    returning t.id, t.user_id;
end
$$;

-- Whose link it is, while it is good: what a new password must not be made of.
create function plinth.person_of_sign_in_link(given_hash bytea, at timestamptz)
returns table (email text, username text, full_name text)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  return query
    select u.email, u.username, u.full_name
    from one_time_tokens t
    join users u on u.id = t.user_id and u.is_active and u.deleted_at is null
    where t.token_hash = given_hash and t.kind = 'sign_in' and t.used_at is null and t.expires_at > at;
end
$$;

-- Uses a sign-in link up and stores the new password it is for; all sessions end, other links too. The user's id, or null.
create function plinth.redeem_sign_in_link(given_hash bytea, new_password_hash text, at timestamptz) returns uuid
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  person uuid;
begin
  select t.user_id into person from consume_one_time_token('sign_in', given_hash, at) t;
  if person is null or not exists (select 1 from users u where u.id = person and u.is_active and u.deleted_at is null) then
    return null;
  end if;
  insert into user_credentials (user_id, password_hash, changed_at) values (person, new_password_hash, at)
  on conflict (user_id) do update set password_hash = excluded.password_hash, changed_at = excluded.changed_at;
  update user_sessions s set revoked_at = at where s.user_id = person and s.revoked_at is null;
  update one_time_tokens t set used_at = at where t.user_id = person and t.used_at is null;
  perform record_security_event(jsonb_build_object('kind', 'sign_in_link_used', 'user_id', person));
  return person;
end
$$;

create function plinth.active_user_by_email(given_email text) returns uuid
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return (select u.id from users u where u.email = given_email and u.is_active and u.deleted_at is null);
end
$$;

-- First run -----------------------------------------------------------------------------------------------------------

create function plinth.has_administrator() returns boolean
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return exists (select 1 from users u where u.role = 'superuser' and u.is_active and u.deleted_at is null);
end
$$;

-- Makes the first administrator with an organization of their own, from a first-run link: created, token_invalid,
-- administrator_exists, slug_taken or email_taken. Whoever calls takes everything back unless it says created.
create function plinth.complete_first_run(
  organization uuid, person uuid, given_hash bytea, new_email text, new_full_name text, new_password_hash text,
  organization_name text, new_slug text, at timestamptz
) returns text
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  perform assert_organization(organization);
  perform assert_person(person);
  perform from consume_one_time_token('first_run', given_hash, at);
  if not found then
    return 'token_invalid';
  end if;
  -- every start prints a link: two of them at once make one administrator
  perform pg_advisory_xact_lock(hashtextextended('plinth.superusers', 0));
  if has_administrator() then
    return 'administrator_exists';
  end if;
  if add_user(person, new_email, new_full_name, 'superuser', at) is null then
    return 'email_taken';
  end if;
  insert into user_credentials (user_id, password_hash, changed_at) values (person, new_password_hash, at);
  perform record_security_event(jsonb_build_object('kind', 'first_administrator_created', 'severity', 'warning',
    'user_id', person, 'organization_id', organization));
  return create_organization(organization, organization_name, new_slug, person, null, at);
end
$$;

-- Forgetting ----------------------------------------------------------------------------------------------------------

-- Removes what no longer matters, at most rows_max of each kind; returns how many: tokens and sessions that ended 30 days
-- ago, failures of the day before.
create function plinth.delete_expired_access(at timestamptz, rows_max int) returns bigint
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  removed bigint := 0;
  batch bigint;
begin
  delete from one_time_tokens where id in (
    select t.id from one_time_tokens t where t.expires_at < at - interval '30 days' limit rows_max);
  get diagnostics batch = row_count;
  removed := removed + batch;
  delete from user_sessions where id in (
    select s.id
    from user_sessions s
    where s.expires_at < at - interval '30 days'
       or s.revoked_at < at - interval '30 days'
    limit rows_max);
  get diagnostics batch = row_count;
  removed := removed + batch;
  delete from sign_in_attempts where bucket in (
    select a.bucket
    from sign_in_attempts a
    where a.last_failure_at < at - interval '1 day' and a.blocked_until < at
    order by a.last_failure_at
    limit rows_max);
  get diagnostics batch = row_count;
  return removed + batch;
end
$$;

select plinth.register_function('sign_in_delay(integer, integer, integer)');
select plinth.register_function('claim_sign_in_attempt(text, text, text, text, timestamp with time zone)', '{app}');
select plinth.register_function('clear_sign_in_attempts(text, text)', '{app}');
select plinth.register_function('credentials_by_email(text)', '{app}');
select plinth.register_function('credentials_of_user(uuid)', '{app}');
select plinth.register_function('renew_password_hash(uuid, text, text)', '{app}');
select plinth.register_function('create_session(uuid, uuid, bytea, text, text, text, timestamp with time zone, timestamp with time zone)', '{app}');
select plinth.register_function('find_session(bytea, uuid, text, timestamp with time zone, timestamp with time zone)', '{app}');
select plinth.register_function('touch_sessions(uuid[], timestamp with time zone[])', '{app}');
select plinth.register_function('sessions_of_user(uuid, timestamp with time zone, timestamp with time zone)', '{app}');
select plinth.register_function('revoke_sessions(uuid, uuid, timestamp with time zone)', '{app}');
select plinth.register_function('issue_one_time_token(text, bytea, uuid, timestamp with time zone, timestamp with time zone)', '{worker}');
select plinth.register_function('consume_one_time_token(text, bytea, timestamp with time zone)');
select plinth.register_function('person_of_sign_in_link(bytea, timestamp with time zone)', '{app}');
select plinth.register_function('redeem_sign_in_link(bytea, text, timestamp with time zone)', '{app}');
select plinth.register_function('active_user_by_email(text)', '{worker}');
select plinth.register_function('has_administrator()', '{app,worker}');
select plinth.register_function('complete_first_run(uuid, uuid, bytea, text, text, text, text, text, timestamp with time zone)', '{app}');
select plinth.register_function('delete_expired_access(timestamp with time zone, integer)', '{worker}');
