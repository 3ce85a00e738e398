-- What the operator's command line asks, which belongs to no tenant.

-- The live organizations, by slug.
create function plinth.list_organizations(rows_max int)
returns table (id uuid, slug text, name text, created_at timestamptz)
language plpgsql stable security definer set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  return query
    select o.id, o.slug, o.name, o.created_at
    from organizations o
    where o.deleted_at is null
    order by o.slug
    limit rows_max;
end
$$;

select plinth.register_function('list_organizations(integer)', '{worker}');
