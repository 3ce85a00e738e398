/** The files of a new module, by path below its folder. The simplest thing that is whole: copy less, not more. */
export function moduleFiles(noun: string): Record<string, string> {
  const one = noun.replace(/s$/, '');
  const One = one[0]!.toUpperCase() + one.slice(1);
  return {
    'README.md': `# ${noun}

Owns \`${noun}\`: what an organization keeps under a name. Everybody of the organization reads; members change their own,
administrators any. Reached at \`/v1/${noun}\` and \`/rest/v1/${noun}\`.
`,
    [`migrations/0001_${noun}.up.sql`]: `-- ${One}s of an organization.

create table plinth.${noun} (
  organization_id uuid not null,
  id uuid not null default plinth.uuidv7(),
  name text not null,
  created_by uuid default plinth.current_user_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint ${noun}_pkey primary key (organization_id, id),
  constraint ${noun}_organization_fkey foreign key (organization_id) references plinth.organizations (id) on delete cascade,
  constraint ${noun}_name_check check (length(name) between 1 and 200)
);
comment on table plinth.${noun} is 'Say what a row is, in a sentence.';
select plinth.register_table('${noun}', visibility => 'tenant', user_column => 'created_by', fixed_columns => '{created_by}');
`,
    [`migrations/0001_${noun}.down.sql`]: `select plinth.unregister_table('${noun}');\n`,
    'module.ts': `import type { Access, ModuleDefinition } from '../../platform/module.ts';
import { ${one}Routes } from './routes.ts';

const everybody: Access = { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' };
const writeOwn: Access = { owner: 'any', admin: 'any', service: 'any', member: 'own' };

export const ${noun}Module: ModuleDefinition = {
  name: '${noun}',
  description: 'Say what it is for, in a sentence.',
  dependsOn: ['platform', 'tenancy'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    ${noun}: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
      rest: { select: everybody, insert: writeOwn, update: writeOwn, delete: writeOwn },
    },
  },
  permissions: {
    '${noun}:read': { description: 'See ${noun}', roles: ['owner', 'admin', 'member', 'viewer', 'service'] },
    '${noun}:write': { description: 'Make ${noun}', roles: ['owner', 'admin', 'member', 'service'] },
  },
  routes: ${one}Routes,
};
`,
    [`${noun}.ts`]: `import { decodeCursor, type Page, toPage } from '../../platform/http/paging.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';

export interface ${One} {
  readonly id: string;
  readonly name: string;
  readonly created_by: string | null;
  readonly created_at: Date;
}

const columns = 'id, name, created_by, created_at';

/** Newest first. */
export async function list${One}s(tx: ScopedTx, page: { limit: number; cursor?: string | undefined }): Promise<Page<${One}>> {
  const rows = await tx.sql<${One}>(
    \`select \${columns}
     from plinth.${noun}
     where organization_id = $1 and ($2::uuid is null or id < $2)
     order by id desc
     limit $3\`,
    [tx.organizationId, decodeCursor(page.cursor) ?? null, page.limit + 1],
  );
  return toPage(rows, page.limit);
}

export async function create${One}(tx: ScopedTx, input: { name: string }): Promise<${One}> {
  const [row] = await tx.sql<${One}>(
    \`insert into plinth.${noun} (organization_id, name) values ($1, $2) returning \${columns}\`,
    [tx.organizationId, input.name],
  );
  return row!;
}
`,
    'routes.ts': `import { Type } from 'typebox';
import { limits } from '../../platform/core/limits.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';
import { Id, Line, Nullable, PageOf, PageQuery, Timestamp } from '../../platform/http/schemas.ts';
import { create${One}, list${One}s } from './${noun}.ts';

const ${One}Row = Type.Object({ id: Id, name: Type.String(), created_by: Nullable(Id), created_at: Timestamp });

export function ${one}Routes(routes: RouteRegistrar): void {
  routes.add({
    method: 'GET',
    url: '/v1/${noun}',
    summary: '${One}s, newest first',
    tag: '${noun}',
    permission: '${noun}:read',
    query: PageQuery,
    response: PageOf(${One}Row),
    mode: 'read',
    run: (tx, { query }) => list${One}s(tx, { limit: query.limit ?? limits.page_rows_default, cursor: query.cursor }),
  });

  routes.add({
    method: 'POST',
    url: '/v1/${noun}',
    summary: 'Make a ${one}',
    tag: '${noun}',
    permission: '${noun}:write',
    body: Type.Object({ name: Line(200) }, { additionalProperties: false }),
    response: ${One}Row,
    status: 201,
    mode: 'write',
    run: (tx, { body }) => create${One}(tx, body),
  });
}
`,
    [`${noun}.test.ts`]: `import { beforeAll, expect, test } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { uuidv7 } from '../../platform/core/ids.ts';
import { type Door, makeDoor } from '../../platform/scope/door.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { create${One}, list${One}s } from './${noun}.ts';

describeEngines('${noun}', (context) => {
  let door: Door;
  const acme: Scope = { organizationId: uuidv7(), memberRole: 'member' };
  const globex: Scope = { organizationId: uuidv7(), memberRole: 'member' };

  beforeAll(async () => {
    door = makeDoor(context.engine);
    const client = await context.engine.directPool.connect();
    await client.query('begin; set local role plinth_owner');
    for (const { organizationId } of [acme, globex]) {
      await client.query('insert into plinth.organizations (id, name, slug) values ($1, $2, $3)', [organizationId, 'O', \`o-\${organizationId}\`]);
    }
    await client.query('commit');
    client.release();
  });

  test('what one organization makes, another does not see', async () => {
    const made = await door.write(acme, (tx) => create${One}(tx, { name: 'first' }));
    expect((await door.read(acme, (tx) => list${One}s(tx, { limit: 10 }))).data).toEqual([made]);
    expect((await door.read(globex, (tx) => list${One}s(tx, { limit: 10 }))).data).toEqual([]);
  });

  test('pages go on where the last one ended', async () => {
    for (const name of ['second', 'third']) await door.write(acme, (tx) => create${One}(tx, { name }));
    const first = await door.read(acme, (tx) => list${One}s(tx, { limit: 2 }));
    const rest = await door.read(acme, (tx) => list${One}s(tx, { limit: 2, cursor: first.next_cursor ?? '' }));
    expect([...first.data, ...rest.data].map(({ name }) => name)).toEqual(['third', 'second', 'first']);
    expect(rest.next_cursor).toBeNull();
  });

  test('a name is needed', async () => {
    await expect(door.write(acme, (tx) => create${One}(tx, { name: '' }))).rejects.toMatchObject({ code: 'invalid_value' });
  });
});
`,
  };
}
