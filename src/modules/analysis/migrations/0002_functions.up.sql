-- When a repository was last analysed: a column no request writes.
create function plinth.mark_repository_analyzed(organization uuid, repository uuid, at timestamptz) returns void
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  if organization is distinct from current_organization_id() then
    raise exception 'not the organization of this request' using errcode = '42501';
  end if;
  update repositories r
  set last_analyzed_at = greatest(r.last_analyzed_at, at)
  where r.organization_id = organization and r.id = repository;
end
$$;

-- The catalogue of metric definitions, as the program knows it: rows are added, never changed.
create function plinth.seed_metric_definitions(definitions jsonb) returns int
language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
as $$
declare
  added int;
begin
  insert into metric_definitions (family, metric, definition, version, unit, levels, source, formula)
  select d.family, d.metric, d.definition, d.version, d.unit, d.levels, d.source, d.formula
  from jsonb_to_recordset(definitions) as d(family text, metric text, definition text, version text, unit text,
    levels text[], source text, formula text)
  on conflict do nothing;
  get diagnostics added = row_count;
  return added;
end
$$;

select plinth.register_function('mark_repository_analyzed(uuid, uuid, timestamp with time zone)', '{app}', tenant_argument => 'organization');
select plinth.register_function('seed_metric_definitions(jsonb)', '{worker}');
