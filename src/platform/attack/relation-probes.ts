import { quoteName } from '../migrate/names.ts';
import { type Relation, roleKinds } from './catalogue.ts';
import { type Actor, nameOf, type Prober } from './prober.ts';
import { refusedOnly, textOf } from './table-probes.ts';

/** A partition has no policies of its own: nobody may name it. */
export async function probePartition(prober: Prober, partition: Relation): Promise<void> {
  const name = `plinth.${quoteName(partition.name)}`;
  const statements = { select: `select 1 as there from ${name} limit 1`, delete: `delete from ${name}` };
  for (const role of roleKinds) {
    const actor: Actor = { name: 'self', role, subject: prober.world.subjects.a1, memberRole: 'owner' };
    for (const [verb, sql] of Object.entries(statements)) {
      const about = { target: partition.name, attack: 'partition by name', verb };
      prober.record({ ...about, ...nameOf(actor), ...refusedOnly(await prober.attempt(actor, about, sql)) });
    }
  }
}

/**
 * Nothing that a view gives may belong to another organization; nobody sees anything of either. Returns whether
 * its own people saw something of theirs in it, without which the rest proves little.
 */
export async function probeView(prober: Prober, view: Relation): Promise<boolean> {
  const { a1, b1 } = prober.world.subjects;
  const sql = `select v::text as row from plinth.${quoteName(view.name)} as v`;
  let proven = false;
  for (const role of roleKinds) {
    const reachable = view.columns.some((column) => column.can[role].select);
    const actors: Actor[] = [
      { name: 'stranger', role, subject: b1, memberRole: 'owner' },
      { name: 'nobody', role },
    ];
    const about = { target: view.name, attack: 'read all', verb: 'select' };
    for (const actor of actors) {
      const attempt = await prober.attempt(actor, about, sql);
      if (!reachable) {
        prober.record({ ...about, ...nameOf(actor), ...refusedOnly(attempt) });
      } else if (!attempt.ok) {
        prober.record({ ...about, ...nameOf(actor), outcome: 'broken', detail: textOf(attempt) });
      } else {
        const told = prober.leaksIn(attempt.rows.map(({ row }) => row).join('\n'), '', actor);
        prober.record({
          ...about,
          ...nameOf(actor),
          ...(told === undefined ? { outcome: 'nothing' } : { outcome: 'leak', detail: told }),
        });
      }
    }
    if (reachable) {
      const own = await prober.attempt({ name: 'self', role, subject: a1, memberRole: 'owner' }, about, sql);
      proven ||=
        own.ok &&
        own.rows.some(({ row }) => String(row).includes(a1.organizationId) || String(row).includes(a1.marker));
    }
  }
  return proven;
}

/** Sequences count for everybody at once, foreign tables and materialized views have no policies: none is reachable. */
export async function probeOther(prober: Prober, relation: Relation): Promise<void> {
  const name = `plinth.${quoteName(relation.name)}`;
  const sql =
    relation.kind === 'sequence'
      ? `select nextval('${name.replaceAll("'", "''")}')`
      : `select 1 as there from ${name} limit 1`;
  for (const role of roleKinds) {
    const actor: Actor = { name: 'stranger', role, subject: prober.world.subjects.b1, memberRole: 'owner' };
    const about = { target: relation.name, attack: relation.kind, verb: 'select' };
    prober.record({ ...about, ...nameOf(actor), ...refusedOnly(await prober.attempt(actor, about, sql)) });
  }
}

/** The planner's statistics hold values of every tenant; PostgreSQL hides those of tables under row security. */
export async function probeStatistics(prober: Prober): Promise<void> {
  for (const role of roleKinds) {
    const actor: Actor = { name: 'stranger', role, subject: prober.world.subjects.b1, memberRole: 'owner' };
    const about = { target: 'pg_stats', attack: 'statistics', verb: 'select' };
    const attempt = await prober.attempt(
      actor,
      about,
      `select tablename from pg_catalog.pg_stats as s
       where schemaname = 'plinth' and (most_common_vals is not null or histogram_bounds is not null)
         and not exists (select from pg_catalog.pg_policies as p where p.schemaname = 'plinth' and p.tablename = s.tablename
                         and p.qual = 'true' and p.cmd = 'SELECT' and plinth.role_name('owner') <> all (p.roles))`,
    );
    const outcome = attempt.ok && attempt.count === 0 ? 'nothing' : 'leak';
    prober.record({ ...about, ...nameOf(actor), outcome, ...(outcome === 'leak' && { detail: textOf(attempt) }) });
  }
}

/** Making things is nobody's: a table, a function, a schema, another's rights. */
export async function probeDefinition(prober: Prober, roleNames: Readonly<Record<string, string>>): Promise<void> {
  const attempts: Readonly<Record<string, string>> = {
    'create table': 'create table plinth.attack (id int)',
    'create function': `create function plinth.attack() returns int language sql as 'select 1'`,
    'create view': 'create view plinth.attack as select 1 as there',
    'register a function': `select plinth.register_function('attack()')`,
    'register a table': `select plinth.register_table('attack', visibility => 'catalogue')`,
    'read the registry': 'select 1 as there from plinth.registered_tables limit 1',
    'grant oneself the owner': `grant ${quoteName(roleNames['owner']!)} to ${quoteName(roleNames['app']!)}`,
    'read files': `select pg_catalog.pg_read_file('PG_VERSION')`,
    'run programs': `copy (select 1) to program 'true'`,
  };
  for (const role of roleKinds) {
    for (const [attack, sql] of Object.entries(attempts)) {
      const actor: Actor = { name: 'stranger', role, subject: prober.world.subjects.b1, memberRole: 'owner' };
      const verb = attack === 'run programs' ? 'program' : 'define';
      const about = { target: 'schema plinth', attack, verb };
      const attempt = await prober.attempt(actor, about, sql);
      // The embedded engine refuses programs itself.
      const isRefused = verb === 'program' && !attempt.ok;
      prober.record({ ...about, ...nameOf(actor), ...(isRefused ? { outcome: 'refused' } : refusedOnly(attempt)) });
    }
  }
}
