/** What `register_table` makes of a table, on tables made here: few of ours use all of it. */
import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Door, makeDoor, type ScopedTx } from '../../src/platform/scope/door.ts';
import type { Scope } from '../../src/platform/scope/scope.ts';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';
import { askAsOwner, asOwner, makeTenant, type TestTenant } from '../support/tenants.ts';

const create = (name: string, columns: string, registration: string) => `
  create table plinth.${name} (${columns});
  select plinth.register_table('${name}', ${registration});`;

const tenantKey = (name: string) =>
  `organization_id uuid not null, id uuid not null default plinth.uuidv7(), constraint ${name}_pkey primary key (organization_id, id)`;

const scratch = [
  create(
    'scratch_private',
    `${tenantKey('scratch_private')}, user_id uuid not null, shared_with uuid[] not null default '{}', title text not null,
     made_by text not null default 'platform', token text, updated_at timestamptz not null default '2000-01-01',
     created_at timestamptz not null default now(), title_lower text generated always as (lower(title)) stored`,
    `visibility => 'private', secret_columns => '{token}', fixed_columns => '{made_by}'`,
  ),
  create(
    'scratch_admin',
    `${tenantKey('scratch_admin')}, user_id uuid not null, title text not null`,
    `visibility => 'private', audit => 'action', admins_see => true`,
  ),
  create(
    'scratch_person',
    `user_id uuid not null, note text not null, organization_id uuid, constraint scratch_person_pkey primary key (user_id)`,
    `visibility => 'user', audit => 'action'`,
  ),
  create(
    'scratch_catalogue',
    `key text not null, label text not null, constraint scratch_catalogue_pkey primary key (key)`,
    `visibility => 'catalogue', audit => 'action'`,
  ),
  create(
    'scratch_auth',
    `${tenantKey('scratch_auth')}, hash bytea`,
    `visibility => 'auth', audit => 'action', definer_verbs => '{select,insert}'`,
  ),
  create(
    'scratch_platform',
    `id uuid not null, constraint scratch_platform_pkey primary key (id)`,
    `visibility => 'platform', audit => 'action'`,
  ),
].join('\n');

describeEngines('register_table', (on) => {
  let door: Door;
  let a: TestTenant;
  let b: TestTenant;
  beforeAll(async () => {
    await admitTestLogin(on.engine);
    await asOwner(on.engine, scratch);
    door = makeDoor(on.engine);
    a = await makeTenant(on.engine);
    b = await makeTenant(on.engine);
  });

  const as = (tenant: TestTenant, person: 0 | 1, memberRole: Scope['memberRole'] = 'member'): Scope => ({
    organizationId: tenant.organizationId,
    userId: tenant.userIds[person],
    ...(memberRole && { memberRole }),
  });
  const titles = (table: string, scope: Scope) =>
    door
      .readOne<{ title: string }>(scope, `select title from plinth.${table} order by title`)
      .then((rows) => rows.map((row) => row.title));
  const write = <R>(scope: Scope, sql: string, values: readonly unknown[] = []) =>
    door.write(scope, (tx: ScopedTx) => tx.sql<R>(sql, values));

  describe('private', () => {
    beforeAll(async () => {
      const rows: [string, TestTenant, 0 | 1, string[]][] = [
        ['alone', a, 0, []],
        ['shared', a, 0, [a.userIds[1]]],
        ['shared abroad', a, 0, [b.userIds[0]]],
        ["the colleague's", a, 1, []],
        ["the stranger's", b, 0, []],
      ];
      for (const [title, tenant, person, shared] of rows) {
        await askAsOwner(
          on.engine,
          `insert into plinth.scratch_private (organization_id, user_id, title, shared_with, token) values ($1, $2, $3, $4, 'sealed')`,
          [tenant.organizationId, tenant.userIds[person], title, shared],
        );
        await askAsOwner(
          on.engine,
          'insert into plinth.scratch_admin (organization_id, user_id, title) values ($1, $2, $3)',
          [tenant.organizationId, tenant.userIds[person], title],
        );
      }
    });

    it('shows a row to whose it is and to those it is shared with, inside the organization', async () => {
      for (const role of ['app', 'readonly'] as const) {
        expect(await titles('scratch_private', { ...as(a, 0), as: role })).toEqual([
          'alone',
          'shared',
          'shared abroad',
        ]);
        expect(await titles('scratch_private', { ...as(a, 1), as: role })).toEqual(['shared', "the colleague's"]);
        expect(await titles('scratch_private', { ...as(b, 0), as: role })).toEqual(["the stranger's"]);
        expect(await titles('scratch_private', { ...as(b, 1), as: role })).toEqual([]);
        expect(await titles('scratch_private', { as: role, organizationId: a.organizationId })).toEqual([]);
        expect(await titles('scratch_private', { as: role, userId: a.userIds[0] })).toEqual([]);
      }
    });

    it('shows administrators everything only where it says so', async () => {
      expect(await titles('scratch_private', as(a, 1, 'owner'))).toEqual(['shared', "the colleague's"]);
      expect(await titles('scratch_admin', as(a, 1, 'member'))).toEqual(["the colleague's"]);
      for (const role of ['admin', 'owner'] as const) {
        expect(await titles('scratch_admin', as(a, 1, role))).toHaveLength(4);
        expect(await titles('scratch_admin', as(b, 1, role))).toEqual(["the stranger's"]);
      }
      expect(await titles('scratch_admin', { memberRole: 'owner' })).toEqual([]);
    });

    it('lets those it is shared with read, not write', async () => {
      const update = `update plinth.scratch_private set title = title where title in ('shared', 'shared abroad') returning 1`;
      const remove = `delete from plinth.scratch_private where title in ('shared', 'shared abroad') returning 1`;
      for (const scope of [as(a, 1, 'owner'), as(b, 0, 'owner')]) {
        expect(await write(scope, update)).toEqual([]);
        expect(await write(scope, remove)).toEqual([]);
      }
    });

    it("makes nobody's row another's", async () => {
      const insert = `insert into plinth.scratch_private (organization_id, user_id, title) values ($1, $2, 'planted')`;
      const refused = { cause: { code: '42501' } };
      await expect(write(as(a, 0), insert, [a.organizationId, a.userIds[1]])).rejects.toMatchObject(refused);
      await expect(write(as(a, 0), insert, [b.organizationId, a.userIds[0]])).rejects.toMatchObject(refused);
      await expect(
        write(as(a, 0), `update plinth.scratch_private set user_id = $1 where title = 'alone'`, [a.userIds[1]]),
      ).rejects.toMatchObject(refused);
      await expect(
        write(as(a, 0), `update plinth.scratch_private set organization_id = $1 where title = 'alone'`, [
          b.organizationId,
        ]),
      ).rejects.toMatchObject(refused);
    });

    it('grants by column: no secret, fixed or kept column is written, no secret read', async () => {
      const refused = { cause: { code: '42501' } };
      const scope = as(a, 0, 'owner');
      const sets = {
        made_by: `'me'`,
        token: `'mine'`,
        id: 'plinth.uuidv7()',
        created_at: 'now()',
        updated_at: 'now()',
      };
      for (const [column, value] of Object.entries(sets)) {
        await expect(write(scope, `update plinth.scratch_private set ${column} = ${value}`)).rejects.toMatchObject(
          refused,
        );
      }
      for (const column of ['made_by', 'token', 'created_at', 'updated_at']) {
        await expect(
          write(
            scope,
            `insert into plinth.scratch_private (organization_id, user_id, title, ${column}) values ($1, $2, 'x', default)`,
            [a.organizationId, a.userIds[0]],
          ),
        ).rejects.toMatchObject(refused);
      }
      for (const sql of [
        'select token from plinth.scratch_private',
        'select * from plinth.scratch_private',
        `select 1 from plinth.scratch_private where token = 'sealed'`,
      ]) {
        await expect(door.readOne(scope, sql)).rejects.toMatchObject(refused);
        await expect(door.readOne({ ...scope, as: 'readonly' }, sql)).rejects.toMatchObject(refused);
      }
    });

    it('sets updated_at at every change, to the time of the change', async () => {
      const [row] = await write<{ fresh: boolean }>(
        as(a, 0),
        `update plinth.scratch_private set title = title where title = 'alone'
         returning updated_at between now() and clock_timestamp() as fresh`,
      );
      expect(row).toEqual({ fresh: true });
    });
  });

  it('user: each person sees and writes the own row, in whatever organization', async () => {
    const insert = 'insert into plinth.scratch_person (user_id, note) values ($1, $2)';
    await write(as(a, 0), insert, [a.userIds[0], 'mine']);
    await write({ userId: b.userIds[0] }, insert, [b.userIds[0], 'theirs']);
    const notes = (scope: Scope) => door.readOne(scope, 'select note from plinth.scratch_person');
    expect(await notes(as(a, 0))).toEqual([{ note: 'mine' }]);
    expect(await notes({ userId: a.userIds[0], organizationId: b.organizationId })).toEqual([{ note: 'mine' }]);
    expect(await notes({ userId: a.userIds[0], as: 'readonly' })).toEqual([{ note: 'mine' }]);
    expect(await notes(as(a, 1, 'owner'))).toEqual([]);
    expect(await notes({ organizationId: a.organizationId })).toEqual([]);
    await expect(write(as(a, 1), insert, [a.userIds[0], 'planted'])).rejects.toMatchObject({
      cause: { code: '42501' },
    });
    expect(await write(as(a, 1), `update plinth.scratch_person set note = 'x' returning 1`)).toEqual([]);
    // A column that only tells of an organization makes no tenant's table of it.
    expect(
      await askAsOwner(
        on.engine,
        `select tenant_column from plinth.registered_tables where table_name = 'scratch_person'`,
      ),
    ).toEqual([{ tenant_column: null }]);
  });

  it('catalogue: everybody reads, no request writes', async () => {
    await askAsOwner(on.engine, `insert into plinth.scratch_catalogue values ('k', 'Label')`);
    for (const scope of [{}, as(a, 0), { as: 'readonly' as const }]) {
      expect(await door.readOne(scope, 'select key from plinth.scratch_catalogue')).toEqual([{ key: 'k' }]);
    }
    const refused = { cause: { code: '42501' } };
    for (const sql of [
      `insert into plinth.scratch_catalogue values ('l', 'x')`,
      `update plinth.scratch_catalogue set label = 'x'`,
      'delete from plinth.scratch_catalogue',
    ]) {
      await expect(write(as(a, 0, 'owner'), sql)).rejects.toMatchObject(refused);
    }
    await expect(door.readOne({ as: 'worker' }, 'select key from plinth.scratch_catalogue')).rejects.toMatchObject(
      refused,
    );
  });

  it('auth and platform: no request role at all; the definer has the verbs it was given', async () => {
    for (const role of ['app', 'readonly', 'worker'] as const) {
      for (const table of ['scratch_auth', 'scratch_platform']) {
        await expect(
          door.readOne({ ...as(a, 0, 'owner'), as: role }, `select 1 from plinth.${table}`),
        ).rejects.toMatchObject({
          cause: { code: '42501' },
        });
      }
    }
    const [may] = await askAsOwner(
      on.engine,
      `select has_table_privilege(plinth.role_name('definer'), 'plinth.scratch_auth', 'select') as reads,
              has_table_privilege(plinth.role_name('definer'), 'plinth.scratch_auth', 'insert') as inserts,
              has_table_privilege(plinth.role_name('definer'), 'plinth.scratch_auth', 'update') as updates,
              has_table_privilege(plinth.role_name('definer'), 'plinth.scratch_platform', 'select') as reads_other`,
    );
    expect(may).toEqual({ reads: true, inserts: true, updates: false, reads_other: false });
  });

  it('refresh_table gives a new column its grants, and leaves the rest as it was', async () => {
    const policies = `select polname, pg_get_expr(polqual, polrelid) as using from pg_policy
      where polrelid = 'plinth.scratch_private'::regclass order by 1`;
    const before = await askAsOwner(on.engine, policies);
    await asOwner(on.engine, 'alter table plinth.scratch_private add column colour text');
    const read = () => door.readOne(as(a, 1), `select colour from plinth.scratch_private where title = 'shared'`);
    const paint = () =>
      write(as(a, 0), `update plinth.scratch_private set colour = 'red' where title = 'shared' returning colour`);
    await expect(read()).rejects.toMatchObject({ cause: { code: '42501' } });
    await expect(paint()).rejects.toMatchObject({ cause: { code: '42501' } });
    await asOwner(on.engine, `select plinth.refresh_table('scratch_private')`);
    expect(await paint()).toEqual([{ colour: 'red' }]);
    expect(await read()).toEqual([{ colour: 'red' }]);
    await expect(door.readOne(as(a, 0), 'select token from plinth.scratch_private')).rejects.toMatchObject({
      cause: { code: '42501' },
    });
    expect(await askAsOwner(on.engine, policies)).toEqual(before);
  });

  it('clear_reference_on_delete nulls what points at the row, in its own organization alone', async () => {
    await asOwner(
      on.engine,
      `${create('scratch_parent', tenantKey('scratch_parent'), `visibility => 'tenant', audit => 'action'`)}
       ${create(
         'scratch_child',
         `${tenantKey('scratch_child')}, parent_id uuid, constraint scratch_child_parent_fkey
            foreign key (organization_id, parent_id) references plinth.scratch_parent (organization_id, id)`,
         `visibility => 'tenant', request_verbs => '{select}'`,
       )}
       select plinth.clear_reference_on_delete('scratch_child', 'parent_id', 'scratch_parent')`,
    );
    const id = '01a00000-0000-7000-8000-000000000001';
    for (const { organizationId } of [a, b]) {
      await askAsOwner(on.engine, 'insert into plinth.scratch_parent (organization_id, id) values ($1, $2)', [
        organizationId,
        id,
      ]);
      await askAsOwner(on.engine, 'insert into plinth.scratch_child (organization_id, parent_id) values ($1, $2)', [
        organizationId,
        id,
      ]);
    }
    // The request may not write the child; the parent's trigger does.
    await write(as(a, 0), 'delete from plinth.scratch_parent where id = $1', [id]);
    const parents = (tenant: TestTenant) => door.readOne(as(tenant, 0), 'select parent_id from plinth.scratch_child');
    expect(await parents(a)).toEqual([{ parent_id: null }]);
    expect(await parents(b)).toEqual([{ parent_id: id }]);
    expect(
      await askAsOwner(
        on.engine,
        `select action, actor_user_id, old_values, new_values from plinth.audit_logs
         where resource_type = 'scratch_child' and action = 'update'`,
      ),
    ).toEqual([
      { action: 'update', actor_user_id: a.userIds[0], old_values: { parent_id: id }, new_values: { parent_id: null } },
    ]);
  });

  describe('refuses, in words', () => {
    const tenantTable = `${tenantKey('scratch_bad')}, user_id uuid, title text`;
    const globalTable = 'id uuid not null, constraint scratch_bad_pkey primary key (id)';
    const partitioned = `organization_id uuid not null, id uuid not null, created_at timestamptz not null,
      constraint scratch_bad_pkey primary key (organization_id, id, created_at)`;
    const cases: [name: string, columns: string, registration: string, message: RegExp, suffix?: string][] = [
      [
        'a tenant table without a tenant',
        globalTable,
        `visibility => 'tenant', audit => 'action'`,
        /visibility tenant needs a tenant column/,
      ],
      [
        'a private table without a person',
        `${tenantKey('scratch_bad')}`,
        `visibility => 'private'`,
        /visibility private needs the column user_id/,
      ],
      [
        'a user table without the person named',
        globalTable,
        `visibility => 'user', audit => 'action', user_column => 'owner_id'`,
        /needs the column owner_id/,
      ],
      [
        'a row audit of a global table',
        globalTable,
        `visibility => 'platform'`,
        /global table is audited by its functions/,
      ],
      [
        'a ledger that requests change',
        tenantTable,
        `visibility => 'tenant', audit => 'self'`,
        /ledger is never updated or deleted/,
      ],
      [
        'a column that is not there',
        tenantTable,
        `visibility => 'tenant', secret_columns => '{tokn}'`,
        /there is no column tokn/,
      ],
      [
        'a fixed column that is not there',
        tenantTable,
        `visibility => 'tenant', fixed_columns => '{made_bye}'`,
        /there is no column made_bye/,
      ],
      ['an unknown visibility', tenantTable, `visibility => 'public'`, /registered_tables_visibility_check/],
      ['an unknown audit', tenantTable, `visibility => 'tenant', audit => 'none'`, /registered_tables_audit_check/],
      [
        'an unknown verb',
        tenantTable,
        `visibility => 'tenant', request_verbs => '{select,write}'`,
        /verbs are select, insert, update and delete/,
      ],
      [
        'an unknown verb of the definer',
        tenantTable,
        `visibility => 'tenant', definer_verbs => '{truncate}'`,
        /verbs are select, insert, update and delete/,
      ],
      [
        'a key that does not start with the tenant',
        `organization_id uuid not null, id uuid not null, constraint scratch_bad_pkey primary key (id)`,
        `visibility => 'tenant'`,
        /primary key starts with organization_id/,
      ],
      [
        'no key',
        'organization_id uuid not null, id uuid not null',
        `visibility => 'tenant'`,
        /primary key starts with organization_id/,
      ],
      [
        'partitions of a table without',
        tenantTable,
        `visibility => 'tenant', partition_by => 'title'`,
        /partition_by does not match the table/,
      ],
      [
        'a partitioned table without partition_by',
        partitioned,
        `visibility => 'tenant'`,
        /partition_by does not match the table/,
        'partition by range (created_at)',
      ],
      [
        'partitions by another column',
        `${partitioned}, measured_at timestamptz`,
        `visibility => 'tenant', partition_by => 'measured_at'`,
        /partition_by does not match the table/,
        'partition by range (created_at)',
      ],
      [
        'retention without partitions',
        tenantTable,
        `visibility => 'tenant', retention => '1 month'`,
        /retention is by partitions/,
      ],
    ];
    it.each(cases)('%s', async (_name, columns, registration, message, suffix = '') => {
      const sql = `create table plinth.scratch_bad (${columns}) ${suffix}; select plinth.register_table('scratch_bad', ${registration})`;
      await expect(asOwner(on.engine, sql)).rejects.toThrow(message);
    });

    it('a table that is not there, and one that was registered', async () => {
      await expect(
        asOwner(on.engine, `select plinth.register_table('scratch_nowhere', visibility => 'tenant')`),
      ).rejects.toThrow(/plinth.scratch_nowhere/);
      await expect(
        asOwner(on.engine, `select plinth.register_table('scratch_auth', visibility => 'tenant')`),
      ).rejects.toThrow(/registered_tables_pkey/);
    });

    it('a partitioned table whose name leaves no room for the month', async () => {
      const name = 'scratch_'.padEnd(58, 'x');
      const sql = `create table plinth.${name} (${partitioned}) partition by range (created_at);
        select plinth.register_table('${name}', visibility => 'tenant', partition_by => 'created_at')`;
      await expect(asOwner(on.engine, sql)).rejects.toThrow(/at most 55 characters/);
    });

    it('a view with the rights of its owner', async () => {
      await expect(
        asOwner(
          on.engine,
          `create view plinth.scratch_view as select 1 as one; select plinth.register_view('scratch_view')`,
        ),
      ).rejects.toThrow(/security_invoker = true/);
    });

    it('a definer function that pins no search_path, and one that is none', async () => {
      const made = (words: string) =>
        `create function plinth.scratch_f() returns int language sql ${words} as 'select 1'; `;
      await expect(
        asOwner(on.engine, `${made('security definer')} select plinth.register_function('scratch_f()')`),
      ).rejects.toThrow(/pins its search_path/);
      await expect(asOwner(on.engine, `${made('')} select plinth.register_function('scratch_f()')`)).rejects.toThrow(
        /declared definer, created otherwise/,
      );
    });
  });

  it('unregister_table takes the table and its registration', async () => {
    await asOwner(
      on.engine,
      `${create('scratch_gone', tenantKey('scratch_gone'), `visibility => 'tenant'`)} select plinth.unregister_table('scratch_gone')`,
    );
    const left: pg.QueryResultRow[] = await askAsOwner(
      on.engine,
      `select (select count(*)::int from plinth.registered_tables where table_name = 'scratch_gone') as registered,
              to_regclass('plinth.scratch_gone') as there`,
    );
    expect(left).toEqual([{ registered: 0, there: null }]);
  });
});
