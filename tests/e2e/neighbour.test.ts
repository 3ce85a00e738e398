/** A database that others use too: their schemas are after Plinth as they were before. */
import { expect, it } from 'vitest';
import application from '../../examples/app/plinth.config.ts';
import { composeApplication } from '../../src/application/compose.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import { migrateDown } from '../../src/platform/migrate/run.ts';
import { migrateEngine, migrationsOf } from '../../src/platform/migrate/schema.ts';
import { openTestPlinth } from '../../src/testing.ts';
import { version } from '../../src/version.ts';
import { describeEngines } from '../support/engines.ts';

/** Names that Plinth uses too, where they could be mixed up. */
const neighbour = `
  create schema neighbour;
  create table neighbour.projects (id serial primary key, name text not null);
  insert into neighbour.projects (name) values ('theirs');
  create table public.organizations (id int primary key, note text);
  insert into public.organizations values (1, 'theirs');
  create function public.uuidv7() returns text language sql as $$ select 'theirs' $$;
  create function neighbour.touch() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger touch before update on neighbour.projects for each row execute function neighbour.touch();
  create view neighbour.names as select name from neighbour.projects;
  alter table neighbour.projects enable row level security;
  create policy everyone on neighbour.projects using (true);
  alter default privileges in schema neighbour grant select on tables to public;
  grant usage on schema neighbour to public;`;

/** Everything that is not Plinth's: objects with their definitions and rights, the default rights of other roles, rows. */
const inventory = `
  select 'schema ' || nspname || ' ' || coalesce(nspacl::text, '-') as line from pg_namespace
    where nspname !~ '^(pg_|information_schema|plinth$)'
  union all
  select 'relation ' || c.oid::regclass || ' ' || c.relkind::text || ' ' || c.relowner::regrole || ' ' || coalesce(c.relacl::text, '-')
      || c.relrowsecurity || c.relforcerowsecurity
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^(pg_|information_schema|plinth$)'
  union all
  select 'function ' || p.oid::regprocedure || ' ' || md5(p.prosrc) || coalesce(p.proacl::text, '-')
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname !~ '^(pg_|information_schema|plinth$)'
  union all
  select 'trigger ' || pg_get_triggerdef(t.oid)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^(pg_|information_schema|plinth$)'
  union all
  select 'policy ' || schemaname || '.' || tablename || ' ' || policyname || ' ' || coalesce(qual, '-') from pg_policies where schemaname <> 'plinth'
  union all
  select 'default rights ' || coalesce(n.nspname, 'everywhere') || ' ' || d.defaclobjtype::text || ' ' || d.defaclacl::text
    from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace where n.nspname is distinct from 'plinth' and d.defaclrole::regrole::text !~ '^plinth_'
  union all
  select 'extension ' || extname from pg_extension
  union all
  select 'row ' || id || name from neighbour.projects
  union all
  select 'row ' || id || note from public.organizations
  order by 1`;

async function linesOf(engine: Engine): Promise<string[]> {
  const { rows } = await engine.directPool.query<{ line: string }>(inventory);
  return rows.map(({ line }) => line);
}

describeEngines(
  'a neighbour in the database',
  (on) => {
    it('stays as it was: migrated, seeded, used, an application’s module too, and all taken back', async () => {
      const { engine } = on;
      await engine.directPool.query(neighbour);
      const before = await linesOf(engine);
      expect(before.length).toBeGreaterThan(12);
      const { modules } = composeApplication(application);
      await migrateEngine(engine, modules, { programVersion: version });
      const plinth = await openTestPlinth({ engine, application });
      const { key } = await plinth.makeOrganization();
      expect(await plinth.call('POST', '/v1/projects', { key, body: { name: 'Ours' } })).toMatchObject({ status: 201 });
      expect(await linesOf(engine)).toEqual(before);
      const set = await migrationsOf(modules);
      await migrateDown(engine.directPool, set, { programVersion: version, target: { all: true } });
      expect(await linesOf(engine)).toEqual(before);
    });
  },
  { empty: true },
);
