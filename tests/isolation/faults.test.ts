/** The isolation suite must be able to fail: each fault is planted, and has to be reported by name. */
import { expect, it } from 'vitest';
import { type AttackReport, runAttacks } from '../../src/platform/attack/index.ts';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';

interface Fault {
  readonly name: string;
  readonly plant: string;
  readonly undo: string;
  readonly only: readonly string[];
  /** A leak of this target whose attack starts so. */
  readonly leak: { readonly target: string; readonly attack: string };
}

/** A table of one organization's notes, in a migration's words. */
const notes = (columns: string, registration: string) => `
  create table plinth.attack_notes (organization_id uuid not null, id uuid not null default plinth.uuidv7(), ${columns}
    title text not null, constraint attack_notes_pkey primary key (organization_id, id));
  ${registration}`;
const registered = `select plinth.register_table('attack_notes', visibility => 'tenant', audit => 'action');`;
const grant = (what: string, kind = 'app') =>
  `do $do$ begin execute format('grant ${what} to %I', plinth.role_name('${kind}')); end $do$;`;
const policyFor = (condition: string) =>
  `do $do$ begin execute format('create policy planted on plinth.projects to %I using (${condition}) with check (${condition})',
     plinth.role_name('app')); end $do$;`;
const undoNotes = `select plinth.unregister_table('attack_notes')`;

const faults: readonly Fault[] = [
  {
    name: 'a policy that shows everything',
    plant: policyFor('true'),
    undo: 'drop policy planted on plinth.projects',
    only: ['projects'],
    leak: { target: 'projects', attack: 'read by id' },
  },
  {
    name: 'a policy whose check lets rows go elsewhere',
    plant: policyFor('true'),
    undo: 'drop policy planted on plinth.projects',
    only: ['projects'],
    leak: { target: 'projects', attack: 'insert as another' },
  },
  {
    name: 'row security switched off',
    plant: 'alter table plinth.projects disable row level security',
    undo: 'alter table plinth.projects enable row level security',
    only: ['projects'],
    leak: { target: 'projects', attack: 'delete another' },
  },
  {
    name: 'row security not forced',
    plant: 'alter table plinth.projects no force row level security',
    undo: 'alter table plinth.projects force row level security',
    only: ['projects'],
    leak: { target: 'projects', attack: 'row security forced' },
  },
  {
    name: 'a secret column granted',
    plant: grant('select (secret) on plinth.event_sources'),
    undo: `select plinth.refresh_table('event_sources')`,
    only: ['event_sources'],
    leak: { target: 'event_sources', attack: 'secret column secret' },
  },
  {
    name: 'a definer function that ignores its organization',
    plant: `create function plinth.attack_titles(organization uuid) returns setof text language plpgsql security definer
        set search_path = plinth, pg_catalog, pg_temp
        as $f$ begin return query select e.title from events e where e.organization_id = organization; end $f$;
      select plinth.register_function('attack_titles(uuid)', '{app}', tenant_argument => 'organization')`,
    undo: `select plinth.unregister_function('attack_titles(uuid)')`,
    only: ['attack_titles', 'events'],
    leak: { target: 'attack_titles(uuid)', attack: "call for another's organization" },
  },
  {
    name: 'a definer function that says whether an id is there',
    plant: `create function plinth.attack_exists(task uuid) returns boolean language plpgsql security definer
        set search_path = plinth, pg_catalog, pg_temp as $f$ begin return exists (select from tasks t where t.id = task); end $f$;
      select plinth.register_function('attack_exists(uuid)', '{app}')`,
    undo: `select plinth.unregister_function('attack_exists(uuid)')`,
    only: ['attack_exists', 'tasks'],
    leak: { target: 'attack_exists(uuid)', attack: "call with another's ids" },
  },
  {
    name: "a definer function that changes another's rows",
    plant: `create function plinth.attack_cancel(task uuid) returns void language plpgsql security definer
        set search_path = plinth, pg_catalog, pg_temp as $f$ begin update tasks t set title = 'gone' where t.id = task; end $f$;
      select plinth.register_function('attack_cancel(uuid)', '{app}')`,
    undo: `select plinth.unregister_function('attack_cancel(uuid)')`,
    only: ['attack_cancel', 'tasks'],
    leak: { target: 'attack_cancel(uuid)', attack: "call with another's ids" },
  },
  {
    name: 'a definer function whose error tells',
    plant: `create function plinth.attack_error(task uuid) returns void language plpgsql security definer
        set search_path = plinth, pg_catalog, pg_temp
        as $f$ begin raise exception 'no, it is %', (select t.title from tasks t where t.id = task); end $f$;
      select plinth.register_function('attack_error(uuid)', '{app}')`,
    undo: `select plinth.unregister_function('attack_error(uuid)')`,
    only: ['attack_error', 'tasks'],
    leak: { target: 'attack_error(uuid)', attack: "call with another's ids: error text" },
  },
  {
    name: "a function of the engine's that anybody may call",
    plant:
      'grant execute on function plinth.register_table(text, text, text, text, text, text[], text[], text[], text[], text[], text[], boolean, boolean, text, interval) to public',
    undo: 'revoke execute on function plinth.register_table(text, text, text, text, text, text[], text[], text[], text[], text[], text[], boolean, boolean, text, interval) from public',
    only: ['purge_table', 'has_column'],
    leak: { target: 'schema plinth', attack: 'register a table' },
  },
  {
    name: "a view with its owner's rights",
    plant: `create view plinth.attack_view as select organization_id, name from plinth.projects;
      ${grant('select on plinth.attack_view')}`,
    undo: 'drop view plinth.attack_view',
    only: ['attack_view', 'projects'],
    leak: { target: 'attack_view', attack: 'read all' },
  },
  {
    name: 'a materialized view',
    plant: `create materialized view plinth.attack_view as select organization_id, name from plinth.projects;
      ${grant('select on plinth.attack_view', 'readonly')}`,
    undo: 'drop materialized view plinth.attack_view',
    only: ['attack_view'],
    leak: { target: 'attack_view', attack: 'materialized view' },
  },
  {
    name: 'a sequence',
    plant: `create sequence plinth.attack_sequence; ${grant('usage on sequence plinth.attack_sequence')}`,
    undo: 'drop sequence plinth.attack_sequence',
    only: ['attack_sequence'],
    leak: { target: 'attack_sequence', attack: 'sequence' },
  },
  {
    name: 'a foreign key without the organization',
    plant: `create unique index attack_projects_idx on plinth.projects (id);
      ${notes(`project_id uuid, constraint attack_notes_project_fkey foreign key (project_id) references plinth.projects (id),`, registered)}`,
    undo: `${undoNotes}; drop index plinth.attack_projects_idx`,
    only: ['attack_notes'],
    leak: { target: 'attack_notes', attack: 'reference by attack_notes_project_fkey' },
  },
  {
    name: 'a unique value across organizations',
    plant: notes('constraint attack_notes_title_key unique (title),', registered),
    undo: undoNotes,
    only: ['attack_notes'],
    leak: { target: 'attack_notes', attack: "another's unique values" },
  },
  {
    name: 'a table nobody registered',
    plant: `${notes('', grant('select, insert, update, delete on plinth.attack_notes'))}`,
    undo: 'drop table plinth.attack_notes',
    only: ['attack_notes'],
    leak: { target: 'attack_notes', attack: 'unregistered' },
  },
  {
    name: 'a partition granted',
    plant: grant('select on plinth.events_default'),
    undo: `do $do$ begin execute format('revoke all on plinth.events_default from %I', plinth.role_name('app')); end $do$`,
    only: ['events_default'],
    leak: { target: 'events_default', attack: 'partition by name' },
  },
  {
    name: 'truncate granted',
    plant: grant('truncate on plinth.projects'),
    undo: `select plinth.refresh_table('projects')`,
    only: ['projects'],
    leak: { target: 'projects', attack: 'truncate' },
  },
  {
    name: 'reports that write',
    plant: grant('delete on plinth.projects', 'readonly'),
    undo: `select plinth.refresh_table('projects')`,
    only: ['projects'],
    leak: { target: 'projects', attack: 'write by a role that does not' },
  },
  {
    name: 'a private table whose rows the organization sees',
    plant: `${notes('user_id uuid not null,', `select plinth.register_table('attack_notes', visibility => 'private', audit => 'action');`)}
      do $do$ begin execute format('create policy planted on plinth.attack_notes for select to %I using (%s)',
        plinth.role_name('app'), plinth.tenant_condition('organization_id')); end $do$;`,
    undo: undoNotes,
    only: ['attack_notes'],
    leak: { target: 'attack_notes', attack: 'read by id' },
  },
  {
    name: 'a shared row that whoever it is shared with changes',
    plant: `${notes(`user_id uuid not null, shared_with uuid[] not null default '{}',`, `select plinth.register_table('attack_notes', visibility => 'private', audit => 'action');`)}
      do $do$ begin execute format('create policy planted on plinth.attack_notes for update to %I using (%s and nullif(current_setting(''plinth.user_id'', true), '''')::uuid = any (shared_with))',
        plinth.role_name('app'), plinth.tenant_condition('organization_id')); end $do$;`,
    undo: undoNotes,
    only: ['attack_notes'],
    leak: { target: 'attack_notes', attack: 'update another' },
  },
];

describeEngines(
  'a planted fault is found',
  (on) => {
    async function asOwner(sql: string): Promise<void> {
      const client = await on.engine.directPool.connect();
      try {
        await client.query(`begin; set local role plinth_owner; ${sql}; commit`);
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    }
    const attack = (only: readonly string[]): Promise<AttackReport> =>
      runAttacks({ engine: on.engine }, { seed: 7, only });

    it.each(faults)('$name', async (fault) => {
      await admitTestLogin(on.engine);
      await asOwner(fault.plant);
      let report: AttackReport;
      try {
        report = await attack(fault.only);
      } finally {
        await asOwner(fault.undo);
      }
      const found = report.leaks.map(({ target, attack }) => `${target}: ${attack}`);
      expect(found.filter((one) => one.startsWith(`${fault.leak.target}: ${fault.leak.attack}`))).not.toEqual([]);
    });

    it('a policy that shows nothing to anybody does not pass for safe', async () => {
      await admitTestLogin(on.engine);
      await asOwner('drop policy request_rows on plinth.projects');
      const report = await attack(['projects']);
      await asOwner(`select plinth.refresh_table('projects')`);
      expect(report.broken.map(({ target, attack }) => `${target}: ${attack}`)).toContain('projects: own row');
    });

    it('a well-made private table with shares has none', async () => {
      await admitTestLogin(on.engine);
      const make = (extra: string) =>
        notes(
          `user_id uuid not null, shared_with uuid[] not null default '{}',`,
          `select plinth.register_table('attack_notes', visibility => 'private'${extra});`,
        );
      for (const extra of ['', ', admins_see => true']) {
        await asOwner(make(extra));
        const report = await attack(['attack_notes']);
        await asOwner(undoNotes);
        expect([...report.leaks, ...report.broken]).toEqual([]);
        expect(report.probes.filter((probe) => probe.attack === 'shared row')).toMatchObject([{ outcome: 'own' }]);
      }
    });
  },
  { except: ['citus'] },
);
