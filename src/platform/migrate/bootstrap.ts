import type pg from 'pg';
import { PlinthError } from '../core/errors.ts';
import { migrationErrors } from './errors.ts';
import { historyDdl, historyTable } from './history.ts';
import { quoteName, quoteText, type RoleName, roleName, roleNames, SCHEMA } from './names.ts';
import { splitScript } from './split.ts';

const bootstrap_attempts_max = 8;
const bootstrap_retry_delay_ms = 50;

/** Functions a run-time login calls before it has taken a role. */
const entryFunctions = [
  `${SCHEMA}.enter(jsonb, boolean)`,
  `${SCHEMA}.enter_request(text, uuid, uuid, text, uuid, text, text, int, boolean)`,
  `${SCHEMA}.applied_migrations()`,
];

export interface BootstrapOptions {
  /** Of the role names; default "plinth". */
  readonly prefix?: string;
  /** Existing logins the server runs as. In development, the migration login itself. */
  readonly runtimeLogins?: readonly string[];
}

/**
 * Creates the roles. On Citus they may log in (without a password; pg_hba lets only the nodes in as them), because it
 * opens connections between nodes as the current role. Two databases of one cluster may do this at once.
 */
function rolesSql(prefix: string): string {
  const names = roleNames.map((role) => quoteText(roleName(prefix, role))).join(', ');
  return `do $do$
declare
  wanted text;
  can_login text := case when exists (select from pg_extension where extname = 'citus') then 'login' else 'nologin' end;
begin
  foreach wanted in array array[${names}] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I %s', wanted, can_login);
      exception when duplicate_object or unique_violation then
        null; -- another database of this cluster made it meanwhile
      end;
    end if;
  end loop;
end
$do$;`;
}

/**
 * plinth_owner inherits plinth_definer: it keeps EXECUTE, GRANT and OR REPLACE on the functions it hands over, so no
 * migration switches roles.
 */
function definerMembershipSql(prefix: string): string {
  const owner = roleName(prefix, 'owner');
  const definer = roleName(prefix, 'definer');
  return `do $do$
begin
  if not pg_has_role(${quoteText(owner)}, ${quoteText(definer)}, 'usage') then
    execute format('grant %I to %I', ${quoteText(definer)}, ${quoteText(owner)})
      || case when current_setting('server_version_num')::int >= 160000 then ' with inherit true, set true' else '' end;
  end if;
end
$do$;`;
}

/** Lets a login take a role. From 16 on the option SET decides; before, membership does. */
function membershipSql(role: string, member: string, inherit: boolean): string {
  return `do $do$
begin
  -- set_option exists from 16 on
  if not exists (
    select from pg_auth_members as m
    where m.roleid = (select oid from pg_roles where rolname = ${quoteText(role)})
      and m.member = (select oid from pg_roles where rolname = ${member})
      and coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)
  ) then
    execute format('grant %I to %I', ${quoteText(role)}, ${member})
      || case when current_setting('server_version_num')::int >= 160000 then ' with inherit ${inherit}, set true' else '' end;
  end if;
end
$do$;`;
}

/** The login that migrates may become the owner. A superuser may anyway, and is not made a member. */
function ownerMembershipSql(prefix: string): string {
  const grant = membershipSql(roleName(prefix, 'owner'), 'session_user', true);
  return grant.replace(
    '  if not exists (',
    `  if (select rolsuper from pg_roles where rolname = session_user) then
    return;
  end if;
  if not exists (`,
  );
}

function schemaSql(prefix: string): string {
  const owner = roleName(prefix, 'owner');
  return `do $do$
begin
  -- "if not exists" asks for CREATE on the database even when the schema is there
  if not exists (select from pg_namespace where nspname = '${SCHEMA}') then
    begin
      execute format('create schema ${SCHEMA} authorization %I', ${quoteText(owner)});
    exception when duplicate_schema or unique_violation then
      null;
    end;
  end if;
end
$do$;`;
}

/** By the owner: the other roles may look names up in the schema. Only what is missing, so that repeats write nothing. */
function usageSql(prefix: string, grantees: readonly string[]): string {
  const roles: RoleName[] = ['definer', 'app', 'worker', 'readonly'];
  const names = [...roles.map((role) => roleName(prefix, role)), ...grantees].map(quoteText);
  return `do $do$
declare
  grantee text;
begin
  foreach grantee in array array[${names.join(', ')}] loop
    if not has_schema_privilege(grantee, '${SCHEMA}', 'usage') then
      execute format('grant usage on schema ${SCHEMA} to %I', grantee);
    end if;
  end loop;
end
$do$;`;
}

/** By the owner: what a login needs before it has a role. Functions that are not there yet are left out. */
function entrySql(login: string): string {
  return `do $do$
declare
  entry text;
begin
  foreach entry in array array[${entryFunctions.map(quoteText).join(', ')}] loop
    if to_regprocedure(entry) is not null and not has_function_privilege(${quoteText(login)}, entry, 'execute') then
      execute format('grant execute on function %s to %I', to_regprocedure(entry), ${quoteText(login)});
    end if;
  end loop;
end
$do$;`;
}

/** What one run-time login gets: the three roles it may take, and the door. Run again after the first migration. */
function loginSql(prefix: string, login: string): { memberships: string[]; grants: string[] } {
  const roles: RoleName[] = ['app', 'worker', 'readonly'];
  return {
    memberships: roles.map((role) => membershipSql(roleName(prefix, role), quoteText(login), false)),
    grants: [usageSql(prefix, [login]), entrySql(login)],
  };
}

/**
 * The SQL a DBA runs once for a database when the migration login may not create roles. Names in CHANGE_ME_… are theirs
 * to choose. It can be run again, and should be once after the first `migrate up` (then the door exists).
 */
export function renderBootstrap(options: BootstrapOptions = {}): string {
  const prefix = options.prefix ?? 'plinth';
  const migrator = 'CHANGE_ME_migrator';
  const logins = options.runtimeLogins ?? ['CHANGE_ME_server'];
  const parts = [
    `-- Plinth: roles and schema for one database. Run it in that database, as a role that may create roles:
-- a superuser, or on a managed server its administrator. Safe to run again.`,
    '-- 1. The roles. They belong to the whole cluster and nobody logs in as them.',
    rolesSql(prefix),
    definerMembershipSql(prefix),
    `-- 2. The login that migrates. Set its password with \\password, so that it reaches no log.
-- create role ${quoteName(migrator)} login nosuperuser nocreatedb nocreaterole;`,
    membershipSql(roleName(prefix, 'owner'), quoteText(migrator), true),
    '-- 3. The schema. Nothing outside it is touched. Whoever makes it must be able to become its owner for that.',
    ownerMembershipSql(prefix),
    schemaSql(prefix),
    usageSql(prefix, []),
    '-- 4. The login the server runs as: it inherits nothing, so that "reset role" lands on nothing.',
    ...logins.flatMap((login) => {
      const { memberships, grants } = loginSql(prefix, login);
      return [`-- create role ${quoteName(login)} login noinherit;`, ...memberships, ...grants];
    }),
    `-- 5. Then, as ${migrator}: plinth migrate up`,
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Codes of losing a race against the same work in another database or session: it is simply done again. */
function isRace(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'XX000') return /tuple concurrently (updated|deleted)/.test(message ?? '');
  return (
    code === '23505' || code === '42710' || code === '42P06' || code === '42P07' || code === '40P01' || code === '42723'
  );
}

async function transaction(client: pg.PoolClient, work: () => Promise<void>): Promise<void> {
  await client.query('begin');
  try {
    await work();
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function retryingRaces(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= bootstrap_attempts_max || !isRace(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, bootstrap_retry_delay_ms * attempt * (0.5 + Math.random())));
    }
  }
}

/** Superuser and BYPASSRLS on one of ours would make every policy a decoration. */
async function checkRoles(client: pg.ClientBase, prefix: string): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>(
    'select rolname from pg_roles where rolname = any ($1) and (rolsuper or rolbypassrls) order by rolname',
    [roleNames.map((role) => roleName(prefix, role))],
  );
  if (rows[0]) throw migrationErrors.role_unsafe({ detail: `role ${rows[0].rolname}` });
}

async function checkSchemaOwner(client: pg.ClientBase, owner: string): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(
    'select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = $1',
    [SCHEMA],
  );
  if (rows[0] && rows[0].owner !== owner) {
    throw migrationErrors.bootstrap_required({
      detail: `the schema ${SCHEMA} exists and belongs to ${rows[0].owner}, not to ${owner}`,
    });
  }
}

async function createHistory(client: pg.ClientBase, prefix: string): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>(`select to_regclass('${historyTable}') is not null as there`);
  if (rows[0]?.there) return;
  for (const statement of splitScript(historyDdl(prefix)).statements) await client.query(statement.text);
}

/**
 * Makes what `migrate up` needs and is not there: roles, memberships, the schema, the history. Repeating it changes
 * nothing; so does running it after a DBA ran `renderBootstrap`, when the login may not create roles.
 * Throws bootstrap_required when something is missing and the login may not make it.
 */
export async function runBootstrap(pool: pg.Pool, options: BootstrapOptions = {}): Promise<void> {
  const prefix = options.prefix ?? 'plinth';
  const owner = roleName(prefix, 'owner');
  const logins = (options.runtimeLogins ?? []).map((login) => loginSql(prefix, login));
  const client = await pool.connect();
  try {
    // One short transaction each: a lock on a shared catalogue's row is held for as little as can be.
    const asLogin = [
      rolesSql(prefix),
      definerMembershipSql(prefix),
      ownerMembershipSql(prefix),
      ...logins.flatMap(({ memberships }) => memberships),
    ];
    for (const sql of asLogin)
      await retryingRaces(() => transaction(client, async () => void (await client.query(sql))));
    await checkRoles(client, prefix);
    await retryingRaces(() => transaction(client, async () => void (await client.query(schemaSql(prefix)))));
    await checkSchemaOwner(client, owner);
    await retryingRaces(() =>
      transaction(client, async () => {
        await client.query(`set local role ${quoteName(owner)}`);
        await client.query(usageSql(prefix, []));
        await createHistory(client, prefix);
        for (const { grants } of logins) for (const sql of grants) await client.query(sql);
      }),
    );
  } catch (error) {
    if (error instanceof PlinthError) throw error;
    const { code, message } = error as { code?: string; message?: string };
    // 42501: may not; 42704: a login that was named does not exist.
    if (code === '42501' || code === '42704')
      throw migrationErrors.bootstrap_required({ detail: message ?? '', cause: error });
    throw error;
  } finally {
    client.release();
  }
}
