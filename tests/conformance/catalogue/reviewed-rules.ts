import { foreignKeys, functions, type Rule, tables } from './rule.ts';

/**
 * What may be, for a reason: each finding is a line of the golden file of that name, with its reason. A new one fails
 * the test until somebody has written down why it is fine, and a line that is no longer found fails too.
 */
export interface ReviewedRule extends Rule {
  readonly golden: string;
}

export const reviewedRules: readonly ReviewedRule[] = [
  {
    name: 'index columns after the tenant whose operators are not leakproof: under a policy the index stops there',
    golden: 'not-leakproof.txt',
    findings: `with ${tables}
      select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' || am.amname as finding
      from tables as t
      join pg_index as i on i.indrelid = t.oid
      join pg_class as c on c.oid = i.indexrelid
      join pg_am as am on am.oid = c.relam
      cross join lateral unnest(i.indkey::int2[], i.indclass::oid[]) with ordinality as k(attnum, opclass, n)
      join pg_attribute as a on a.attrelid = t.oid and a.attnum = k.attnum
      join pg_opclass as o on o.oid = k.opclass
      where exists (select from pg_policy as p where p.polrelid = t.oid and p.polroles && array[
              (select oid from pg_roles where rolname = plinth.role_name('app'))])
        and k.n <= i.indnkeyatts
        and exists (
          select from pg_amop as op
          join pg_operator as x on x.oid = op.amopopr
          join pg_proc as f on f.oid = x.oprcode
          where op.amopfamily = o.opcfamily and op.amoplefttype = o.opcintype and op.amoprighttype = o.opcintype
            and not f.proleakproof)`,
    fault:
      'alter table plinth.projects add column planted numeric; create index planted_idx on plinth.projects (organization_id, planted)',
    expects: 'planted_idx.planted numeric btree',
  },
  {
    name: 'foreign keys whose columns no index starts with: deleting or changing the parent scans the child',
    golden: 'keys-without-index.txt',
    findings: `with ${tables}, ${foreignKeys}
      select k.name as finding
      from foreign_keys as k
      where not exists (
        select from pg_index as i
        where i.indrelid = k.conrelid
          and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
          -- a key is looked up by values, so an index without the nulls will do
          and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'))`,
    fault: 'drop index plinth.project_repositories_repository_idx',
    expects: 'project_repositories_repository_fkey',
  },
  {
    name: 'definer functions a request may call without naming its organization first',
    golden: 'functions-without-tenant.txt',
    findings: `with ${functions}
      select f.name as finding
      from functions as f
      join pg_proc as p on p.oid = f.oid
      where f.security <> 'invoker' and 'app' = any (f.callers) and coalesce(p.proargnames[1], '') <> 'organization'`,
    fault: `create function plinth.planted(name text) returns int language sql security definer set search_path = pg_catalog, pg_temp as 'select 1';
      select plinth.register_function('planted(text)', '{app}')`,
    expects: 'plinth.planted(text)',
  },
];

/** Columns whose name alone is to say what they are: the golden file has a line for each table. */
export const columnsWithoutComment = `with ${tables}
  select t.name || ': ' || string_agg(a.attname, ' ' order by a.attnum) as finding
  from tables as t
  join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  where a.attname not in ('organization_id', 'id', 'occurred_at', 'created_at', 'updated_at', 'deleted_at', 'created_by', 'name', 'description')
    and coalesce(col_description(t.oid, a.attnum), '') = ''
  group by t.name`;
