import type pg from 'pg';
import { quoteName } from '../migrate/names.ts';
import type { DatabaseFunction, Relation, Target } from './catalogue.ts';
import { doors, nullArguments } from './function-probes.ts';
import type { Probe } from './prober.ts';
import { refusedOnly } from './table-probes.ts';

/** What the session that runs the program is, apart from the roles it takes at the door. */
export interface LoginFacts {
  readonly name: string;
  readonly isSuperuser: boolean;
  /** Roles it may become beyond those of requests. One login for everything is for development. */
  readonly mayBecome: readonly string[];
}

export async function readLogin(client: pg.ClientBase, { roleNames }: Target): Promise<LoginFacts> {
  const { rows } = await client.query<{ name: string; superuser: boolean; may_become: string[] }>(
    `select session_user::text as name, rolsuper as superuser,
       array(select r from unnest($1::text[]) as r where pg_has_role(session_user, r, 'member')) as may_become
     from pg_catalog.pg_roles where rolname = session_user`,
    [[roleNames.owner, roleNames.definer]],
  );
  const { name, superuser, may_become } = rows[0]!;
  return { name, isSuperuser: superuser, mayBecome: may_become };
}

/**
 * What a run-time login can do before it has taken a role, and after it has given one back: enter, and nothing else.
 * Runs outside any transaction, on the login's own connection.
 */
export async function probeLogin(
  client: pg.ClientBase,
  target: Target,
  tables: readonly Relation[],
  functions: readonly DatabaseFunction[],
): Promise<Probe[]> {
  const probes: Probe[] = [];
  const refuse = async (about: Pick<Probe, 'target' | 'attack' | 'verb'>, sql: string, role = 'login') => {
    let error: unknown;
    await client.query('begin');
    try {
      await client.query(sql);
    } catch (caught) {
      error = caught;
    }
    await client.query('rollback');
    const { code, message } = (error ?? {}) as { code?: string; message?: string };
    const attempt = error
      ? ({ ok: false, code: code ?? '', text: message ?? '', context: '' } as const)
      : ({ ok: true, rows: [], count: 1 } as const);
    probes.push({ ...about, role, actor: 'login', ...refusedOnly(attempt) });
  };
  for (const kind of ['owner', 'definer'] as const) {
    const role = quoteName(target.roleNames[kind]);
    await refuse({ target: target.roleNames[kind], attack: 'set role', verb: 'set role' }, `set local role ${role}`);
    await refuse(
      { target: target.roleNames[kind], attack: 'session authorization', verb: 'set role' },
      `set local session authorization ${role}`,
    );
    await refuse(
      { target: target.roleNames[kind], attack: 'grant to oneself', verb: 'grant' },
      `grant ${role} to session_user`,
    );
    await refuse(
      { target: target.roleNames[kind], attack: 'set role after entering', verb: 'set role' },
      `select plinth.enter('{"as": "app"}', false); set local role ${role}`,
    );
  }
  for (const table of tables) {
    const read = `select 1 as there from plinth.${quoteName(table.name)} limit 1`;
    await refuse({ target: table.name, attack: 'read without entering', verb: 'select' }, read);
    await refuse(
      { target: table.name, attack: 'read after reset role', verb: 'select' },
      `select plinth.enter('{"as": "app"}', false); reset role; ${read}`,
    );
  }
  for (const fn of functions) {
    // Made for it: the door, and what a start compares its migrations with.
    if (fn.kind === 'other' || doors.has(fn.name) || fn.name === 'applied_migrations') continue;
    const args = nullArguments(fn).join(', ');
    const call = `${fn.kind === 'procedure' ? 'call' : 'select'} plinth.${quoteName(fn.name)}(${args})`;
    await refuse({ target: fn.signature, attack: 'call without entering', verb: 'execute' }, call);
  }
  await refuse(
    { target: 'schema plinth', attack: 'create table', verb: 'define' },
    'create table plinth.attack (id int)',
  );
  return probes;
}
