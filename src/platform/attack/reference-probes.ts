import { quoteName } from '../migrate/names.ts';
import type { ForeignKey, Relation } from './catalogue.ts';
import { type FixtureRow, freshRow, insertSql, keyCondition } from './fixtures.ts';
import { type Actor, type Attempt, nameOf, normalised, type Prober } from './prober.ts';
import { textOf } from './table-probes.ts';

/**
 * Whether the answer to a write tells what another organization has: a key that points at another's row must fail
 * exactly as one that points nowhere, and another's unique values must be as free as any.
 */
export async function probeReferences(prober: Prober, table: Relation, relations: readonly Relation[]): Promise<void> {
  const { b1 } = prober.world.subjects;
  const insertable = table.columns.filter((column) => column.can.app.insert);
  const rows = prober.world.rows.get(table.name) ?? [];
  const victim = rows.find((row) => row.subject.name === 'a1');
  const own = rows.find((row) => row.subject === b1);
  if (insertable.length === 0 || !victim || !own) return;
  const actor: Actor = { name: 'stranger', role: 'app', subject: b1, memberRole: 'owner' };
  const control = await insertOwn(prober, table, actor, new Map());
  const about = { target: table.name, attack: 'own insert', verb: 'insert', ...nameOf(actor) };
  prober.record({ ...about, ...(control.ok ? { outcome: 'own' } : { outcome: 'broken', detail: textOf(control) }) });
  if (!control.ok) return;
  for (const key of table.foreignKeys) await probeKey(prober, table, key, relations, actor, own);
  await probeCollisions(prober, table, actor, victim, own);
}

/** Inserts a row of the actor's own with some columns settled otherwise. */
async function insertOwn(
  prober: Prober,
  table: Relation,
  actor: Actor,
  given: ReadonlyMap<string, string>,
  attack = 'own insert',
): Promise<Attempt> {
  const row = await freshRow(prober.maker, prober.world, table, actor.subject!, { given, mixed: true });
  const may = (name: string) => table.columns.some((column) => column.name === name && column.can.app.insert);
  return prober.attempt(actor, { target: table.name, attack, verb: 'insert' }, insertSql(table, row, may));
}

async function probeKey(
  prober: Prober,
  table: Relation,
  key: ForeignKey,
  relations: readonly Relation[],
  actor: Actor,
  own: FixtureRow,
): Promise<void> {
  const parent = relations.find((one) => one.name === key.parent);
  // What everybody may read is no secret, also not by reference.
  if (!parent || parent.registration?.visibility === 'catalogue') return;
  const target = (prober.world.rows.get(parent.name) ?? []).find((row) => row.subject.name === 'a1');
  const tenantColumn = table.registration?.tenantColumn;
  const pointing = key.columns.filter((name) => name !== tenantColumn && canWrite(table, name));
  if (!target || pointing.length === 0) return;
  const { random, at } = prober.world;
  const values = (pick: (parentColumn: string, type: string) => string) =>
    new Map(
      pointing.map((name) => {
        const { type } = table.columns.find((column) => column.name === name)!;
        return [name, pick(key.parentColumns[key.columns.indexOf(name)]!, type)] as const;
      }),
    );
  const theirs = values((column, type) => `'${target.values[column] ?? ''}'::${type}`);
  const nowhere = values((column, type) =>
    type === 'uuid'
      ? `'${random.uuid(at)}'::uuid`
      : `'${random.word(8)}${target.values[column]?.length ?? ''}'::${type}`,
  );
  const attack = `reference by ${key.name}`;
  const about = { target: table.name, attack, verb: 'insert', ...nameOf(actor) };
  const found = await insertOwn(prober, table, actor, theirs, attack);
  const missing = await insertOwn(prober, table, actor, nowhere, attack);
  record(prober, about, found, missing, false);
  if (
    ![...theirs.keys()].every((name) => table.columns.some((column) => column.name === name && column.can.app.update))
  )
    return;
  const update = (given: ReadonlyMap<string, string>) =>
    prober.attempt(actor, { target: table.name, attack, verb: 'update' }, updateSql(table, own, given));
  record(prober, { ...about, verb: 'update' }, await update(theirs), await update(nowhere), false);
}

const canWrite = (table: Relation, name: string) =>
  table.columns.some((column) => column.name === name && column.can.app.insert);

const updateSql = (table: Relation, own: FixtureRow, given: ReadonlyMap<string, string>) =>
  `update plinth.${quoteName(table.name)} set ${[...given].map(([name, sql]) => `${quoteName(name)} = ${sql}`).join(', ')}
   where ${keyCondition(table, own)}`;

/** Everything of another's row that may be written, in a row of one's own: it must be as if nobody had it. */
async function probeCollisions(
  prober: Prober,
  table: Relation,
  actor: Actor,
  victim: FixtureRow,
  own: FixtureRow,
): Promise<void> {
  const keyed = new Set(table.foreignKeys.flatMap((key) => key.columns));
  const whose = [table.registration?.tenantColumn, table.registration?.userColumn];
  const copied = table.columns.filter(({ name, can }) => can.app.insert && !keyed.has(name) && !whose.includes(name));
  const theirs = new Map(
    copied.flatMap(({ name }) => (victim.sql.has(name) ? [[name, victim.sql.get(name)!] as const] : [])),
  );
  const about = { target: table.name, attack: "another's unique values", verb: 'insert', ...nameOf(actor) };
  const copy = await insertOwn(prober, table, actor, theirs, about.attack);
  const fresh = await insertOwn(prober, table, actor, new Map(), about.attack);
  record(prober, about, copy, fresh, true);
  const unique = new Set(table.uniques.flat());
  for (const { name, can } of copied) {
    if (!unique.has(name) || !can.app.update || !victim.sql.has(name)) continue;
    const change = (sql: string) =>
      prober.attempt(
        actor,
        { target: table.name, attack: about.attack, verb: 'update' },
        updateSql(table, own, new Map([[name, sql]])),
      );
    const row = await freshRow(prober.maker, prober.world, table, actor.subject!);
    record(
      prober,
      { ...about, verb: 'update' },
      await change(victim.sql.get(name)!),
      await change(row.get(name)!),
      true,
    );
  }
}

/** Two answers that must not differ; `mayPass`: both may also succeed. */
function record(
  prober: Prober,
  about: {
    readonly target: string;
    readonly attack: string;
    readonly verb: string;
    readonly role: string;
    readonly actor: string;
  },
  found: Attempt,
  missing: Attempt,
  mayPass: boolean,
): void {
  const markers = Object.values(prober.world.subjects).map((subject) => subject.marker);
  const same = normalised(found, markers) === normalised(missing, markers);
  const detail = `what another has: ${textOf(found)}; what nobody has: ${textOf(missing)}`;
  if (found.ok && missing.ok && mayPass) prober.record({ ...about, outcome: 'own' });
  else if (!found.ok && same) prober.record({ ...about, outcome: 'refused' });
  else prober.record({ ...about, outcome: 'leak', detail });
}
