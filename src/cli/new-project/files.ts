import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../../version.ts';

/** Where this program's sources lie, when it is a checkout that runs and not the package. */
export function checkoutFolder(): string | undefined {
  const root = new URL('../../../', import.meta.url);
  return existsSync(new URL('src/plinth.ts', root)) ? fileURLToPath(root) : undefined;
}

/**
 * The files of a new project by path: one module with one table, whole. One made by a checkout uses that checkout: as a
 * link, and by its sources, which need no build.
 */
export function projectFiles(name: string, folder: string, checkout: string | undefined): Record<string, string> {
  const [dependency, test] =
    checkout === undefined
      ? [version, 'node --test']
      : [`file:${relative(folder, checkout)}`, 'node --conditions=plinth-source --test'];
  return {
    'package.json': `${JSON.stringify(
      {
        name,
        private: true,
        type: 'module',
        engines: { node: '>=22.18' },
        scripts: { start: 'plinth up', test },
        dependencies: { plinth: dependency },
      },
      null,
      2,
    )}\n`,
    // else an older Node installs with a warning, finds no test in a .ts file and ends its tests well
    '.npmrc': 'engine-strict=true\n',
    '.gitignore': 'node_modules\n.plinth/\n.plinth-*\n.env*\n',
    'tsconfig.json': `${JSON.stringify(
      {
        compilerOptions: {
          target: 'esnext',
          module: 'nodenext',
          strict: true,
          noEmit: true,
          erasableSyntaxOnly: true,
          allowImportingTsExtensions: true,
          verbatimModuleSyntax: true,
          skipLibCheck: true,
        },
      },
      null,
      2,
    )}\n`,
    'plinth.config.ts': `import { definePlinth } from 'plinth';
import { notesModule } from './modules/notes/module.ts';

export default definePlinth({
  modules: { notes: notesModule },
});
`,
    'modules/notes/module.ts': `import { type Access, defineModule } from 'plinth';

const everybody: Access = { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' };
// members change what is their own, administrators and services everything
const writers: Access = { owner: 'any', admin: 'any', service: 'any', member: 'own' };

export const notesModule = defineModule({
  name: 'notes',
  description: 'What an organization writes down.',
  dependsOn: ['tenancy'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    notes: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
      rest: { select: everybody, insert: writers, update: writers, delete: writers },
    },
  },
});
`,
    'modules/notes/migrations/0001_notes.up.sql': `-- Notes of an organization.

create table plinth.notes (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  title text not null,
  body text not null default '',
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notes_pkey primary key (organization_id, id),
  constraint notes_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint notes_title_check check (length(title) between 1 and 200)
);
comment on table plinth.notes is 'What an organization writes down.';
-- row level security by organization, grants, the audit trigger and updated_at
select plinth.register_table('notes', visibility => 'tenant', user_column => 'created_by', fixed_columns => '{created_by}');
`,
    'modules/notes/migrations/0001_notes.down.sql': "select plinth.unregister_table('notes');\n",
    'test/notes.test.ts': `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestPlinth, type TestPlinth } from 'plinth/testing';
import application from '../plinth.config.ts';

let plinth: TestPlinth;
before(async () => {
  plinth = await openTestPlinth({ application });
});
after(() => plinth.close());

test('a note is seen by its organization and nobody else', async () => {
  const [ours, theirs] = [await plinth.makeOrganization('Ours'), await plinth.makeOrganization('Theirs')];
  const made = await plinth.call('POST', '/rest/v1/notes', { key: ours.key, body: { title: 'First' } });
  assert.equal(made.status, 201, made.text);
  const seen = await plinth.call('GET', '/rest/v1/notes?select=title', { key: ours.key });
  assert.deepEqual(JSON.parse(seen.text), [{ title: 'First' }]);
  const hidden = await plinth.call('GET', '/rest/v1/notes', { key: theirs.key });
  assert.deepEqual(JSON.parse(hidden.text), []);
});
`,
    'README.md': `# ${name}

A program on [Plinth](https://www.npmjs.com/package/plinth): one module, \`modules/notes\`, with one table.

\`\`\`console
npm install
npm test             # on a database of its own in memory
npx plinth up        # migrates and serves; prints a link for the first administrator
npx plinth attack    # tries to get at other organizations' rows, in your tables too
\`\`\`

| To | Do |
|---|---|
| add a table | \`npx plinth migrate new NAME --tenant\`, then name it in \`modules/notes/module.ts\` |
| read and write rows | \`/rest/v1/notes\` with an API key |
| see the API | \`/docs\` |
`,
  };
}
