-- What members are told of: rows of one person each, made by subscriptions.

create table plinth.notifications (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  user_id uuid not null,
  subscription_id uuid not null,
  event_id uuid not null,
  event_occurred_at timestamptz not null,
  event_type text not null,
  title text not null,
  body text,
  read_at timestamptz,
  is_read boolean generated always as (read_at is not null) stored,
  created_at timestamptz not null default now(),
  constraint notifications_pkey primary key (organization_id, id),
  -- an event that is matched again tells nobody again
  constraint notifications_event_key unique (organization_id, user_id, subscription_id, event_id),
  constraint notifications_member_fkey foreign key (organization_id, user_id)
    references plinth.organization_memberships (organization_id, user_id) on delete cascade,
  constraint notifications_subscription_fkey foreign key (organization_id, subscription_id)
    references plinth.event_subscriptions (organization_id, id) on delete cascade,
  constraint notifications_title_check check (length(title) between 1 and 200),
  constraint notifications_body_check check (length(body) between 1 and 2000)
);
comment on table plinth.notifications is 'What a member is told of: seen by that person alone, not by administrators. Goes with the membership.';
comment on column plinth.notifications.event_id is 'The event that told it; it may be gone by now.';
comment on column plinth.notifications.body is 'Plain text.';
-- one's own, unread first, newest first; and how many are unread
create index notifications_own_idx on plinth.notifications (organization_id, user_id, is_read, id);
-- retention, over all tenants
create index notifications_age_idx on plinth.notifications (created_at);
select plinth.register_table('notifications', visibility => 'private', audit => 'action', request_verbs => '{select,update}',
  definer_verbs => '{select,insert,delete}',
  fixed_columns => '{user_id,subscription_id,event_id,event_occurred_at,event_type,title,body}');

-- Tells members: items is [{ "position", "subscription_id", "event_id", "event_occurred_at", "event_type", "title", "body", and one
-- of "user_id", "role", "everyone" }]; the ids are in the order of the positions. Of each item at most members_max are told, the longest members first; once for an event and
-- subscription, however often it is matched. Returns how many rows were made.
create function plinth.make_notifications(organization uuid, items jsonb, at timestamptz, members_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  made int;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into notifications (organization_id, id, user_id, subscription_id, event_id, event_occurred_at, event_type, title, body, created_at)
  select organization, plinth.uuidv7(at + coalesce(i.position, 0) * interval '1 microsecond'), told.user_id, i.subscription_id, i.event_id, i.event_occurred_at, i.event_type, i.title, i.body, at
  from jsonb_to_recordset(items) as i(position int, subscription_id uuid, event_id uuid, event_occurred_at timestamptz,
    event_type text, title text, body text, user_id uuid, role text, everyone boolean)
  cross join lateral (
    select m.user_id
    from organization_memberships m
    where m.organization_id = organization and m.role <> 'service'
      and (m.user_id = i.user_id or m.role = i.role or i.everyone)
    order by m.id
    limit members_max) told
  on conflict do nothing;
  get diagnostics made = row_count;
  return made;
end
$$;

-- The organizations that have notifications of before, the oldest first.
create function plinth.organizations_with_old_notifications(before timestamptz, organizations_max int) returns setof uuid
language plpgsql stable security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select n.organization_id
    from notifications n
    where n.created_at < before
    group by n.organization_id
    order by min(n.created_at)
    limit organizations_max;
end
$$;

-- Removes an organization's notifications of before, at most so many; returns how many.
create function plinth.cleanup_old_notifications(organization uuid, before timestamptz, rows_max int) returns int
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  old constant uuid[] := array(
    select n.id from notifications n
    where n.organization_id = organization and n.created_at < before
    order by n.id
    limit rows_max);
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  delete from notifications n where n.organization_id = organization and n.id = any (old);
  return cardinality(old);
end
$$;

select plinth.register_function('make_notifications(uuid, jsonb, timestamp with time zone, integer)', '{app}', tenant_argument => 'organization');
select plinth.register_function('organizations_with_old_notifications(timestamp with time zone, integer)', '{worker}');
select plinth.register_function('cleanup_old_notifications(uuid, timestamp with time zone, integer)', '{worker}', tenant_argument => 'organization');
