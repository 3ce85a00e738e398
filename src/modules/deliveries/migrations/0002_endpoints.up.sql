-- Endpoints are written by these functions alone. Times come from the caller's clock.

create function plinth.create_event_endpoint(organization uuid, endpoint jsonb) returns uuid
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  endpoint_id constant uuid := (endpoint ->> 'id')::uuid;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  insert into event_endpoints (organization_id, id, url, description, customer, names, secret, headers, header_names, timeout_ms,
    rate_per_second, concurrency_max, order_by, retry_schedule_seconds, jitter_percent)
  select organization, endpoint_id, i.url, i.description, i.customer, coalesce(i.names, '{}'), i.secret, i.headers,
    coalesce(i.header_names, '{}'), coalesce(i.timeout_ms, 15000), i.rate_per_second, coalesce(i.concurrency_max, 10), i.order_by,
    i.retry_schedule_seconds, coalesce(i.jitter_percent, 10)
  from jsonb_to_record(endpoint) as i(url text, description text, customer text, names text[], secret text, headers text,
    header_names text[], timeout_ms int, rate_per_second int, concurrency_max int, order_by text, retry_schedule_seconds int[],
    jitter_percent int)
  on conflict do nothing;
  if not found then
    return null;
  end if;
  insert into endpoint_states (organization_id, id) values (organization, endpoint_id);
  return endpoint_id;
end
$$;

-- Changes what is given, null included.
create function plinth.update_event_endpoint(organization uuid, endpoint uuid, changes jsonb) returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  was event_endpoints;
  new_values event_endpoints;
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  select * into was
  from event_endpoints e
  where e.organization_id = organization and e.id = endpoint and e.deleted_at is null
  for update;
  if not found then
    return false;
  end if;
  new_values := jsonb_populate_record(was, changes);
  update event_endpoints e
  set url = new_values.url, description = new_values.description, names = new_values.names, headers = new_values.headers,
      header_names = new_values.header_names, timeout_ms = new_values.timeout_ms, rate_per_second = new_values.rate_per_second,
      concurrency_max = new_values.concurrency_max, order_by = new_values.order_by,
      retry_schedule_seconds = new_values.retry_schedule_seconds, jitter_percent = new_values.jitter_percent
  where e.organization_id = organization and e.id = endpoint;
  return true;
end
$$;

-- A new secret; the old one also signs until the time (null: no longer).
create function plinth.rotate_event_endpoint_secret(organization uuid, endpoint uuid, new_secret text, overlap_until timestamptz)
returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  update event_endpoints e
  set previous_secret = case when overlap_until is not null then e.secret end, previous_secret_expires_at = overlap_until,
      secret = new_secret
  where e.organization_id = organization and e.id = endpoint and e.deleted_at is null;
  return found;
end
$$;

-- Switches an endpoint off for a reason (null: on, its circuit closed), or deletes it. What waits for one that is switched off
-- is dead, and can be sent again.
create function plinth.switch_event_endpoint(organization uuid, endpoint uuid, reason text, is_deleted boolean, at timestamptz)
returns boolean
language plpgsql security definer
set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  perform 1 from endpoint_states s where s.organization_id = organization and s.id = endpoint for update;
  update event_endpoints e
  set is_active = reason is null and not is_deleted, disabled_reason = reason, disabled_at = case when reason is not null then at end,
      deleted_at = case when is_deleted then at end
  where e.organization_id = organization and e.id = endpoint and e.deleted_at is null;
  if not found then
    return false;
  end if;
  if reason is null and not is_deleted then
    update endpoint_states s
    set circuit = 'closed', open_until = null, open_count = 0, paused_until = null, failure_count = 0, failing_since = null
    where s.organization_id = organization and s.id = endpoint;
  else
    update event_deliveries d
    set status = 'dead', due_at = null, lease_id = null, ended_at = at, last_error = 'endpoint_disabled'
    where d.organization_id = organization and d.endpoint_id = endpoint and d.status = 'pending';
  end if;
  return true;
end
$$;

select plinth.register_function('create_event_endpoint(uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('update_event_endpoint(uuid, uuid, jsonb)', '{app}', tenant_argument => 'organization');
select plinth.register_function('rotate_event_endpoint_secret(uuid, uuid, text, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('switch_event_endpoint(uuid, uuid, text, boolean, timestamp with time zone)', '{app}', tenant_argument => 'organization');
