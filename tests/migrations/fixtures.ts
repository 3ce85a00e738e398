/** Folders of migrations, written to a temporary directory. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type MigrationSet, type MigrationSource, readMigrations } from '../../src/platform/migrate/files.ts';

/** "projects/0001_projects": [up, down] */
export type FixtureFiles = Readonly<Record<string, readonly [up: string, down: string]>>;

export class Fixture {
  readonly root: string;
  readonly sources: MigrationSource[];

  private constructor(root: string, sources: MigrationSource[]) {
    this.root = root;
    this.sources = sources;
  }

  /** Modules in order; each depends on all before it unless said otherwise. */
  static async create(files: FixtureFiles, dependsOn: Record<string, string[]> = {}): Promise<Fixture> {
    const root = await mkdtemp(join(tmpdir(), 'plinth-fixture-'));
    const modules = [...new Set(Object.keys(files).map((path) => path.split('/')[0]!))];
    const sources = modules.map((module, i) => ({
      module,
      directory: join(root, module, 'migrations'),
      dependsOn: dependsOn[module] ?? modules.slice(0, i),
    }));
    const fixture = new Fixture(root, sources);
    for (const [path, [up, down]] of Object.entries(files)) {
      await fixture.write(`${path}.up.sql`, up);
      await fixture.write(`${path}.down.sql`, down);
    }
    return fixture;
  }

  /** `path` is "module/0001_name.up.sql". */
  path(path: string): string {
    const [module, file] = path.split('/');
    return join(this.root, module!, 'migrations', file!);
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    await mkdir(dirname(this.path(path)), { recursive: true });
    await writeFile(this.path(path), content);
  }

  async remove(path: string): Promise<void> {
    await rm(this.path(path));
  }

  read(): Promise<MigrationSet> {
    return readMigrations(this.sources);
  }

  async cleanUp(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

/** A small `register_table` with what matters here: forced row security and the owner's own policy. */
export const platformUp = `-- the smallest platform
create function plinth.owner_name() returns text language sql stable set search_path = pg_catalog, pg_temp
as $$ select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'plinth' $$;

create table plinth.registered_tables (
  table_name text not null,
  constraint registered_tables_pkey primary key (table_name)
);

create function plinth.register_table(p_table text, with_owner boolean default true) returns void
language plpgsql set search_path = plinth, pg_catalog, pg_temp
as $$
begin
  execute format('alter table plinth.%I enable row level security', p_table);
  execute format('alter table plinth.%I force row level security', p_table);
  if with_owner then
    execute format('create policy owner_all on plinth.%I to %I using (true) with check (true)', p_table, plinth.owner_name());
  end if;
  insert into plinth.registered_tables (table_name) values (p_table);
end
$$;
`;

export const platformDown = `-- everything
drop function plinth.register_table(text, boolean);
drop table plinth.registered_tables;
drop function plinth.owner_name();
`;

export const projectsUp = `-- projects and what belongs to them
create table plinth.projects (
  organization_id uuid not null,
  id uuid not null,
  name text not null,
  status text not null default 'draft',
  metadata jsonb not null default '{}',
  name_lower text generated always as (lower(name)) stored,
  created_at timestamptz not null default now(),
  constraint projects_pkey primary key (organization_id, id),
  constraint projects_status_check check (status in ('draft', 'open', 'done'))
);

create index projects_status_idx on plinth.projects (organization_id, status);

select plinth.register_table('projects');
`;

export const projectsDown = `-- back to nothing
drop table plinth.projects;
delete from plinth.registered_tables where table_name = 'projects';
`;

export const standardFiles: FixtureFiles = {
  'platform/0001_platform': [platformUp, platformDown],
  'projects/0001_projects': [projectsUp, projectsDown],
  'projects/0002_priority': [
    `-- how urgent
alter table plinth.projects add column priority integer not null default 0;
`,
    'alter table plinth.projects drop column priority;\n',
  ],
  'tasks/0001_tasks': [
    `-- tasks of a project
create table plinth.tasks (
  organization_id uuid not null,
  id uuid not null,
  project_id uuid not null,
  constraint tasks_pkey primary key (organization_id, id),
  constraint tasks_project_fkey foreign key (organization_id, project_id) references plinth.projects (organization_id, id)
);
select plinth.register_table('tasks');
`,
    `drop table plinth.tasks;
delete from plinth.registered_tables where table_name = 'tasks';
`,
  ],
};

export const program = { programVersion: '1.1.0', oldestProgramVersion: '1.0.0' };
