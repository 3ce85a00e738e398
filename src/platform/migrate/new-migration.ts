import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrationErrors } from './errors.ts';
import { type MigrationSource, readMigrations } from './files.ts';

export type MigrationTemplate = 'empty' | 'tenant-table' | 'index';

export interface NewMigration {
  /** The module's source; its folder is made when it is not there. */
  readonly source: MigrationSource;
  /** In lower case with underscores: "task_priorities". A tenant-table template makes the table of this name. */
  readonly name: string;
  readonly template?: MigrationTemplate;
}

const NAME = /^[a-z][a-z0-9_]{0,80}$/;

/**
 * Writes the next numbered pair and returns both paths. Never writes over a file.
 * Throws migration_invalid when the name or what is in the folder already is not valid.
 */
export async function newMigration({
  source,
  name,
  template = 'empty',
}: NewMigration): Promise<[up: string, down: string]> {
  if (!NAME.test(name)) {
    throw migrationErrors.migration_invalid({
      detail: `"${name}" is not a name for a migration: lower-case letters, digits and _, beginning with a letter`,
    });
  }
  await mkdir(source.directory, { recursive: true });
  const { migrations } = await readMigrations([{ ...source, dependsOn: [] }]);
  const number = String(migrations.length + 1).padStart(4, '0');
  const [up, down] = templates[template](name);
  const paths: [string, string] = [
    join(source.directory, `${number}_${name}.up.sql`),
    join(source.directory, `${number}_${name}.down.sql`),
  ];
  await writeFile(paths[0], up, { flag: 'wx' });
  await writeFile(paths[1], down, { flag: 'wx' });
  return paths;
}

const templates: Record<MigrationTemplate, (name: string) => [up: string, down: string]> = {
  empty: (name) => [
    `-- ${name.replaceAll('_', ' ')}
select 'write what changes here';
`,
    `-- undo: ${name.replaceAll('_', ' ')}
`,
  ],
  'tenant-table': (name) => [
    `-- ${name.replaceAll('_', ' ')} of an organization

create table plinth.${name} (
  organization_id uuid not null,
  -- version 7: ids sort by their time
  id uuid not null default plinth.uuidv7(),
  name text not null,
  status text not null default 'draft',
  metadata jsonb not null default '{}',
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint ${name}_pkey primary key (organization_id, id),
  constraint ${name}_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint ${name}_name_check check (length(name) between 1 and 200),
  constraint ${name}_status_check check (status in ('draft', 'active'))
);
comment on table plinth.${name} is 'Say what a row is, in a sentence.';

create index ${name}_status_idx on plinth.${name} (organization_id, status, id);

-- makes row level security, grants, the audit trigger and updated_at; name the table in the module's "tables" too
select plinth.register_table('${name}', visibility => 'tenant', user_column => 'created_by', fixed_columns => '{created_by}');
`,
    `-- undo: ${name.replaceAll('_', ' ')}
select plinth.unregister_table('${name}');
`,
  ],
  // Building an index must not keep writers out; a half-built one is dropped before the next try.
  index: (name) => [
    `-- ${name.replaceAll('_', ' ')}
-- plinth: no transaction
drop index concurrently if exists plinth.${name};
create index concurrently ${name} on plinth.change_me (organization_id, change_me);
`,
    `-- undo: ${name.replaceAll('_', ' ')}
-- plinth: no transaction
drop index concurrently if exists plinth.${name};
`,
  ],
};
