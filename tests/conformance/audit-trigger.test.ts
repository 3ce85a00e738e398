/** The generic audit trigger: what it records of a row, of whom, and what it keeps apart. */
import { createHash } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { type Door, makeDoor } from '../../src/platform/scope/door.ts';
import type { Scope } from '../../src/platform/scope/scope.ts';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';
import { askAsOwner, asOwner, makeTenant, type TestTenant } from '../support/tenants.ts';

const scratch = `
  create table plinth.scratch_contact (
    organization_id uuid not null,
    id uuid not null default plinth.uuidv7(),
    person_id uuid,
    name text not null,
    email text,
    token text,
    settings jsonb not null default '{}',
    updated_at timestamptz not null default now(),
    constraint scratch_contact_pkey primary key (organization_id, id)
  );
  select plinth.register_table('scratch_contact', visibility => 'tenant', user_column => 'person_id',
    personal_columns => '{email,settings}', secret_columns => '{token}');
  create table plinth.scratch_plain (
    organization_id uuid not null,
    id uuid not null default plinth.uuidv7(),
    email text,
    constraint scratch_plain_pkey primary key (organization_id, id)
  );
  select plinth.register_table('scratch_plain', visibility => 'tenant', personal_columns => '{email}');`;

interface Entry {
  readonly id: string;
  readonly action: string;
  readonly actor: string;
  readonly actor_user_id: string | null;
  readonly api_key_id: string | null;
  readonly request_id: string | null;
  readonly ip_address: string | null;
  readonly resource_type: string;
  readonly old_values: Record<string, unknown> | null;
  readonly new_values: Record<string, unknown> | null;
}

interface Personal {
  readonly subject_id: string;
  readonly salt: string;
  readonly old_values: Record<string, unknown> | null;
  readonly new_values: Record<string, unknown> | null;
}

describeEngines('the audit trigger', (on) => {
  let door: Door;
  let tenant: TestTenant;
  beforeAll(async () => {
    await admitTestLogin(on.engine);
    await asOwner(on.engine, scratch);
    door = makeDoor(on.engine);
    tenant = await makeTenant(on.engine);
  });

  const scope = (): Scope => ({
    organizationId: tenant.organizationId,
    userId: tenant.userIds[0],
    memberRole: 'owner',
  });
  const entriesOf = (id: string) =>
    askAsOwner<Entry>(
      on.engine,
      `select id, action, actor, actor_user_id, api_key_id, request_id, ip_address, resource_type, old_values, new_values
       from plinth.audit_logs where resource_id = $1 order by xid, occurred_at, id`,
      [id],
    );
  const personalOf = async (entry: Entry) =>
    (
      await askAsOwner<Personal>(
        on.engine,
        'select subject_id, salt, old_values, new_values from plinth.audit_personal_values where id = $1',
        [entry.id],
      )
    )[0];
  /** As the owner: secrets are nobody else's to write. */
  const make = async (values: Record<string, unknown>) => {
    const names = Object.keys(values);
    const [row] = await askAsOwner<{ id: string }>(
      on.engine,
      `insert into plinth.scratch_contact (organization_id, ${names.join(', ')})
       values ($1, ${names.map((_, n) => `$${n + 2}`).join(', ')}) returning id`,
      [tenant.organizationId, ...Object.values(values)],
    );
    return row!.id;
  };
  const hashed = (salt: string, text: string) => ({
    sha256: createHash('sha256')
      .update(salt + text)
      .digest('hex'),
  });

  it('records the whole row made or removed, and of a change what changed', async () => {
    const id = await door.write(scope(), async (tx) => {
      const [row] = await tx.sql<{ id: string }>(
        `insert into plinth.scratch_contact (organization_id, name) values ($1, 'Ada') returning id`,
        [tx.organizationId],
      );
      await tx.sql(`update plinth.scratch_contact set name = 'Ada L.' where id = $1`, [row!.id]);
      await tx.sql('delete from plinth.scratch_contact where id = $1', [row!.id]);
      return row!.id;
    });
    const [made, changed, removed, ...more] = await entriesOf(id);
    expect(more).toEqual([]);
    expect(made).toMatchObject({ action: 'insert', resource_type: 'scratch_contact', old_values: null });
    expect(made!.new_values).toMatchObject({
      id,
      name: 'Ada',
      organization_id: tenant.organizationId,
      person_id: null,
    });
    expect(changed).toMatchObject({ action: 'update', old_values: { name: 'Ada' }, new_values: { name: 'Ada L.' } });
    expect(removed).toMatchObject({ action: 'delete', new_values: null });
    expect(removed!.old_values).toMatchObject({ id, name: 'Ada L.' });
  });

  it('records nothing of a change that changes nothing but the time of change', async () => {
    const id = await make({ name: 'Same' });
    await askAsOwner(on.engine, 'update plinth.scratch_contact set name = name where id = $1', [id]);
    expect((await entriesOf(id)).map((entry) => entry.action)).toEqual(['insert']);
  });

  it('holds hashes of personal values, which the values beside it open, by the person they are about', async () => {
    const id = await make({
      name: 'Ada',
      email: 'ada@example.test',
      settings: { theme: 'dark' },
      person_id: tenant.userIds[1],
    });
    await askAsOwner(on.engine, `update plinth.scratch_contact set email = 'lovelace@example.test' where id = $1`, [
      id,
    ]);
    await askAsOwner(on.engine, 'update plinth.scratch_contact set email = null where id = $1', [id]);
    await askAsOwner(on.engine, `update plinth.scratch_contact set name = 'A.' where id = $1`, [id]);
    const [made, changed, cleared, renamed] = await entriesOf(id);
    const opened = {
      made: await personalOf(made!),
      changed: await personalOf(changed!),
      cleared: await personalOf(cleared!),
    };

    expect(opened.made).toMatchObject({
      subject_id: tenant.userIds[1],
      old_values: null,
      new_values: { email: 'ada@example.test', settings: { theme: 'dark' } },
    });
    expect(made!.new_values).toMatchObject({
      email: hashed(opened.made!.salt, 'ada@example.test'),
      settings: hashed(opened.made!.salt, '{"theme": "dark"}'),
    });
    expect(opened.changed).toMatchObject({
      old_values: { email: 'ada@example.test' },
      new_values: { email: 'lovelace@example.test' },
    });
    expect(changed!.old_values).toEqual({ email: hashed(opened.changed!.salt, 'ada@example.test') });
    expect(changed!.new_values).toEqual({ email: hashed(opened.changed!.salt, 'lovelace@example.test') });
    // Another salt each time: equal values do not look equal.
    expect(new Set([opened.made!.salt, opened.changed!.salt, opened.cleared!.salt]).size).toBe(3);
    expect(cleared!.new_values).toEqual({ email: null });
    expect(await personalOf(renamed!)).toBeUndefined();
    expect(JSON.stringify([made, changed, cleared, renamed])).not.toMatch(/example\.test|dark/);
  });

  it('names the row itself as the subject where no person is', async () => {
    const id = await make({ name: 'X', email: 'x@example.test' });
    const [entry] = await entriesOf(id);
    expect(await personalOf(entry!)).toMatchObject({ subject_id: id });
    const [plain] = await askAsOwner<{ id: string }>(
      on.engine,
      `insert into plinth.scratch_plain (organization_id, email) values ($1, 'plain@example.test') returning id`,
      [tenant.organizationId],
    );
    const [other] = await entriesOf(plain!.id);
    expect(await personalOf(other!)).toMatchObject({
      subject_id: plain!.id,
      new_values: { email: 'plain@example.test' },
    });
  });

  it('erases a person from its own organization, and leaves the log as it was', async () => {
    const person = tenant.userIds[1];
    const id = await make({ name: 'Gone', email: 'gone@example.test', person_id: person });
    const before = await entriesOf(id);
    const other = await makeTenant(on.engine);
    const erase = (organizationId: string, organization: string) =>
      door.write({ organizationId, memberRole: 'owner' }, (tx) =>
        tx.sql<{ n: string }>('select plinth.erase_audit_subject($1, $2) as n', [organization, person]),
      );
    await expect(erase(other.organizationId, tenant.organizationId)).rejects.toMatchObject({
      cause: { code: '42501' },
    });
    expect(await erase(other.organizationId, other.organizationId)).toEqual([{ n: '0' }]);
    expect(await personalOf(before[0]!)).toBeDefined();
    const [erased] = await erase(tenant.organizationId, tenant.organizationId);
    expect(Number(erased!.n)).toBeGreaterThan(0);
    expect(await personalOf(before[0]!)).toBeUndefined();
    expect(await entriesOf(id)).toEqual(before);
  });

  it('says of a secret only that it is there and that it changed', async () => {
    const id = await make({ name: 'Key', token: 'sealed-1' });
    await askAsOwner(on.engine, `update plinth.scratch_contact set token = 'sealed-2' where id = $1`, [id]);
    await askAsOwner(on.engine, `update plinth.scratch_contact set name = 'Key 2' where id = $1`, [id]);
    await askAsOwner(on.engine, 'delete from plinth.scratch_contact where id = $1', [id]);
    const [made, changed, renamed, removed] = await entriesOf(id);
    expect(made!.new_values).toMatchObject({ token: 'secret' });
    expect(changed).toMatchObject({ old_values: { token: 'secret' }, new_values: { token: 'secret' } });
    expect(renamed).toMatchObject({ old_values: { name: 'Key' }, new_values: { name: 'Key 2' } });
    expect(removed!.old_values).toMatchObject({ token: 'secret' });
    const everything = await askAsOwner<{ text: string }>(
      on.engine,
      `select coalesce(string_agg(l::text, ''), '') || coalesce((select string_agg(p::text, '') from plinth.audit_personal_values as p), '') as text
       from plinth.audit_logs as l`,
    );
    expect(everything[0]!.text).not.toContain('sealed-');
  });

  it('hides a column that an old table was given later', async () => {
    const change = (column: string, value: string) =>
      askAsOwner(on.engine, `update plinth.scratch_plain set ${column} = $2 where id = $1`, [id, value]);
    const [row] = await askAsOwner<{ id: string }>(
      on.engine,
      'insert into plinth.scratch_plain (organization_id) values ($1) returning id',
      [tenant.organizationId],
    );
    const { id } = row!;
    await asOwner(
      on.engine,
      `alter table plinth.scratch_plain add column pin text, add column phone text, add column seen text;
       select plinth.refresh_table('scratch_plain', personal_columns => '{email,phone}', secret_columns => '{pin}',
         unaudited_columns => '{seen}')`,
    );
    await change('pin', 'later-secret');
    await change('phone', '+44 20 7946 0000');
    await change('seen', 'today');
    // a second time, with nothing said of the classes: they stay
    await asOwner(on.engine, `select plinth.refresh_table('scratch_plain')`);
    await change('pin', 'later-secret too');
    const [, pin, phone, again, ...more] = await entriesOf(id);
    expect(more).toEqual([]);
    expect(pin).toMatchObject({ old_values: { pin: 'secret' }, new_values: { pin: 'secret' } });
    expect(again).toMatchObject({ old_values: { pin: 'secret' }, new_values: { pin: 'secret' } });
    expect(await personalOf(phone!)).toMatchObject({ new_values: { phone: '+44 20 7946 0000' } });
    expect(JSON.stringify([pin, phone, again])).not.toMatch(/later-secret|7946/);
    await expect(
      asOwner(on.engine, `select plinth.refresh_table('scratch_plain', secret_columns => '{pni}')`),
    ).rejects.toThrow(/there is no column pni/);
  });

  it('says who: a person, a key, the service, or the login that came through no request', async () => {
    const key = '01a00000-0000-7000-8000-0000000000aa';
    const insert = (context: Scope) =>
      door.write(context, async (tx) => {
        const sql = `insert into plinth.scratch_contact (organization_id, name) values ($1, 'who') returning id`;
        return (await tx.sql<{ id: string }>(sql, [tx.organizationId]))[0]!.id;
      });
    const { organizationId } = tenant;
    const about = { requestId: 'request-1', ipAddress: '192.0.2.1' };
    const person = await insert({ ...scope(), ...about });
    const keyed = await insert({ ...scope(), apiKeyId: key });
    const service = await insert({ organizationId, memberRole: 'service' });
    const login = await make({ name: 'by hand' });
    const [session] = await askAsOwner<{ name: string }>(on.engine, 'select session_user::text as name');
    const who = async (id: string) => (await entriesOf(id))[0];
    expect(await who(person)).toMatchObject({
      actor: 'user',
      actor_user_id: tenant.userIds[0],
      api_key_id: null,
      request_id: 'request-1',
      ip_address: '192.0.2.1',
    });
    expect(await who(keyed)).toMatchObject({ actor: 'api_key', actor_user_id: tenant.userIds[0], api_key_id: key });
    expect(await who(service)).toMatchObject({ actor: 'service', actor_user_id: null, request_id: null });
    expect(await who(login)).toMatchObject({ actor: `db:${session!.name}`, actor_user_id: null });
  });

  it('can not be written, changed or removed by a request, in whatever role', async () => {
    const statements = [
      'insert into plinth.audit_logs (organization_id, id, occurred_at, actor, action, resource_type) values (plinth.current_organization_id(), plinth.uuidv7(now()), now(), $1, $1, $1)',
      'update plinth.audit_logs set actor = $1',
      'delete from plinth.audit_logs where actor <> $1',
    ];
    for (const role of ['app', 'readonly', 'worker'] as const) {
      for (const sql of statements) {
        await expect(door.write({ ...scope(), as: role }, (tx) => tx.sql(sql, ['me']))).rejects.toMatchObject({
          cause: { code: '42501' },
        });
      }
    }
  });

  it('is not silenced by the settings that an import or a purge makes', async () => {
    const id = await door.write(scope(), async (tx) => {
      await tx.sql(`select set_config('plinth.importing', $1, true), set_config('plinth.purging', $1, true)`, [
        tx.organizationId,
      ]);
      const [row] = await tx.sql<{ id: string }>(
        `insert into plinth.scratch_contact (organization_id, name) values ($1, 'Eve') returning id`,
        [tx.organizationId],
      );
      return row!.id;
    });
    expect((await entriesOf(id)).map(({ action }) => action)).toEqual(['insert']);
  });

  it('goes with the transaction it is about', async () => {
    const count = async () =>
      (await askAsOwner<{ n: number }>(on.engine, 'select count(*)::int as n from plinth.audit_logs'))[0]!.n;
    const before = await count();
    const attempt = door.write(scope(), async (tx) => {
      await tx.sql(`insert into plinth.scratch_contact (organization_id, name) values ($1, 'no')`, [tx.organizationId]);
      throw new Error('no');
    });
    await expect(attempt).rejects.toThrow();
    expect(await count()).toBe(before);
  });
});
