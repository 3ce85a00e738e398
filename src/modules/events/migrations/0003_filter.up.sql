-- The filters of event subscriptions in SQL. The same rules as evaluate.ts, which a property test holds it to:
-- a condition is true, false or unknown (null); unknown is what a missing value or one of the wrong type gives; and, or
-- and not are SQL's own; an event matches when the whole filter is true.

-- The value an operand stands for: a literal, or what the event has at a path; null when there is nothing.
create function plinth.event_filter_operand(operand jsonb, event jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog
as $$
declare
  path jsonb := operand -> 'path';
  current jsonb := event;
  segment jsonb;
begin
  if path is null then
    return operand -> 'value';
  end if;
  if jsonb_typeof(path) <> 'array' or jsonb_array_length(path) > 16 then
    return null;
  end if;
  for i in 0 .. jsonb_array_length(path) - 1 loop
    segment := path -> i;
    if jsonb_typeof(segment) = 'string' and jsonb_typeof(current) = 'object' then
      current := current -> (segment #>> '{}');
    elsif jsonb_typeof(segment) = 'number' and jsonb_typeof(current) = 'array' and segment::text ~ '^[0-9]{1,6}$' then
      current := current -> segment::text::integer;
    else
      return null;
    end if;
  end loop;
  return current;
end
$$;

-- A JSON number as a double, as JSON.parse reads it. Beyond the largest double it is infinite (the bound is
-- 2^1024 - 2^970, half way to the next one), below the smallest normal one it is zero; the cast alone would fail.
create function plinth.event_filter_number(value jsonb)
returns double precision
language plpgsql
immutable
parallel safe
set search_path = pg_catalog
as $$
declare
  exact numeric := (value #>> '{}')::numeric;
  approximate double precision;
begin
  if abs(exact) >= 179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880177904174497792 then
    return case when exact > 0 then 'Infinity'::double precision else '-Infinity'::double precision end;
  end if;
  if abs(exact) < 1e-320 then
    return 0;
  end if;
  approximate := exact::double precision;
  if abs(approximate) < 2.2250738585072014e-308 then
    return 0;
  end if;
  return approximate;
end
$$;

-- Whether two values are equal: of different types they are not; lists and objects cannot be compared.
create function plinth.event_filter_equal(l jsonb, r jsonb)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = pg_catalog
as $$
begin
  if l is null or r is null then
    return null;
  end if;
  if jsonb_typeof(l) in ('array', 'object') or jsonb_typeof(r) in ('array', 'object') then
    return null;
  end if;
  if jsonb_typeof(l) = 'number' and jsonb_typeof(r) = 'number' then
    return plinth.event_filter_number(l) = plinth.event_filter_number(r);
  end if;
  return l = r;
end
$$;

-- A condition without others inside.
create function plinth.event_filter_condition(condition jsonb, event jsonb)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = pg_catalog
as $$
declare
  op text := condition ->> 'op';
  l jsonb;
  r jsonb;
  l_text text;
  r_text text;
  sign integer;
begin
  if op = 'has' then
    return plinth.event_filter_operand(jsonb_build_object('path', condition -> 'path'), event) is not null;
  end if;
  if op = 'test' then
    l := plinth.event_filter_operand(condition -> 'operand', event);
    return case when jsonb_typeof(l) = 'boolean' then l = 'true'::jsonb end;
  end if;

  l := plinth.event_filter_operand(condition -> 'left', event);
  r := plinth.event_filter_operand(condition -> 'right', event);
  if l is null or r is null then
    return null;
  end if;

  if op = 'eq' then
    return plinth.event_filter_equal(l, r);
  elsif op = 'ne' then
    return not plinth.event_filter_equal(l, r);
  elsif op = 'in' then
    if jsonb_typeof(l) in ('array', 'object') or jsonb_typeof(r) <> 'array' then
      return null;
    end if;
    for i in 0 .. jsonb_array_length(r) - 1 loop
      if plinth.event_filter_equal(l, r -> i) then
        return true;
      end if;
    end loop;
    return false;
  end if;

  if jsonb_typeof(l) <> jsonb_typeof(r) then
    return null;
  end if;
  if op in ('startsWith', 'endsWith', 'contains') then
    if jsonb_typeof(l) <> 'string' then
      return null;
    end if;
    l_text := l #>> '{}';
    r_text := r #>> '{}';
    if op = 'startsWith' then
      return starts_with(l_text collate "C", r_text collate "C");
    elsif op = 'endsWith' then
      return right(l_text, length(r_text)) collate "C" = r_text collate "C";
    end if;
    return case
      when length(l_text) <= 65536 and length(r_text) <= 200 then strpos(l_text collate "C", r_text collate "C") > 0
    end;
  end if;

  -- The order of two numbers, two texts (by code point) or two booleans.
  if jsonb_typeof(l) = 'number' then
    sign := case
      when plinth.event_filter_number(l) < plinth.event_filter_number(r) then -1
      when plinth.event_filter_number(l) > plinth.event_filter_number(r) then 1
      else 0
    end;
  elsif jsonb_typeof(l) = 'string' then
    l_text := l #>> '{}';
    r_text := r #>> '{}';
    sign := case
      when l_text collate "C" < r_text collate "C" then -1
      when l_text collate "C" > r_text collate "C" then 1
      else 0
    end;
  elsif jsonb_typeof(l) = 'boolean' then
    sign := (l = 'true'::jsonb)::integer - (r = 'true'::jsonb)::integer;
  else
    return null;
  end if;
  return case op when 'lt' then sign < 0 when 'le' then sign <= 0 when 'gt' then sign > 0 when 'ge' then sign >= 0 end;
end
$$;

-- Whether the event matches the filter; no filter (null) matches everything, a tree that is not a filter nothing.
-- Walks with its own stack: a recursive function could overflow the server's, which kills the embedded engine.
create function plinth.event_filter_matches(filter jsonb, event jsonb)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = pg_catalog
as $$
declare
  -- One entry for each open condition: itself, how many of its parts were entered, what they gave so far.
  open jsonb[];
  entered integer[];
  so_far boolean[];
  depth integer := 1;
  steps integer := 0;
  searches integer := 0;
  -- Decompressed once: passed on as it is stored, every operator would do it again (44 µs with this, 69 without, for 13 kB).
  document jsonb := event #> '{}';
  condition jsonb;
  parts jsonb;
  op text;
  decisive boolean;
  result boolean;
begin
  if filter is null then
    return true;
  end if;
  open[1] := filter;
  entered[1] := 0;
  while depth > 0 loop
    steps := steps + 1;
    condition := open[depth];
    op := condition ->> 'op';
    searches := searches + (op is not distinct from 'contains')::integer;
    if depth > 16 or steps > 1000 or searches > 20 then
      return false;
    end if;
    if op in ('and', 'or', 'not') then
      parts := case when op = 'not' then jsonb_build_array(condition -> 'filter') else condition -> 'filters' end;
      if jsonb_typeof(parts) is distinct from 'array' then
        return false;
      end if;
      decisive := op = 'or';
      if entered[depth] = 0 then
        so_far[depth] := not decisive;
      elsif op = 'not' then
        so_far[depth] := not result;
      elsif op = 'and' then
        so_far[depth] := so_far[depth] and result;
      else
        so_far[depth] := so_far[depth] or result;
      end if;
      if entered[depth] < jsonb_array_length(parts)
        and (op = 'not' or entered[depth] = 0 or so_far[depth] is distinct from decisive) then
        entered[depth] := entered[depth] + 1;
        depth := depth + 1;
        open[depth] := parts -> (entered[depth - 1] - 1);
        entered[depth] := 0;
        continue;
      end if;
      result := so_far[depth];
    else
      result := plinth.event_filter_condition(condition, document);
    end if;
    depth := depth - 1;
  end loop;
  return coalesce(result, false);
end
$$;

-- Whether a name fits one of the patterns, in which * stands for any characters; no patterns fit every name.
create function plinth.event_name_matches(patterns text[], name text)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = pg_catalog
as $$
declare
  pattern text;
begin
  if coalesce(cardinality(patterns), 0) = 0 then
    return true;
  end if;
  foreach pattern in array patterns loop
    if name collate "C"
      like replace(replace(replace(replace(pattern, '\', '\\'), '%', '\%'), '_', '\_'), '*', '%') collate "C" then
      return true;
    end if;
  end loop;
  return false;
end
$$;

select plinth.register_function('event_filter_operand(jsonb, jsonb)', '{app,worker,definer}', 'invoker');
select plinth.register_function('event_filter_number(jsonb)', '{app,worker,definer}', 'invoker');
select plinth.register_function('event_filter_equal(jsonb, jsonb)', '{app,worker,definer}', 'invoker');
select plinth.register_function('event_filter_condition(jsonb, jsonb)', '{app,worker,definer}', 'invoker');
select plinth.register_function('event_filter_matches(jsonb, jsonb)', '{app,worker,definer}', 'invoker');
select plinth.register_function('event_name_matches(text[], text)', '{app,worker,definer}', 'invoker');
