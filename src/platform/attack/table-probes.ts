import type pg from 'pg';
import { quoteName, quoteText } from '../migrate/names.ts';
import type { Column, Relation, RoleKind } from './catalogue.ts';
import { type FixtureRow, freshRow, insertSql, keyCondition, type Subject } from './fixtures.ts';
import { type Actor, type Attempt, nameOf, type Outcome, type Prober, refusal } from './prober.ts';

/** What the probes of one table have in hand. */
interface Assault {
  readonly prober: Prober;
  readonly table: Relation;
  readonly actor: Actor;
  /** A row this actor may neither see nor change. */
  readonly victim: FixtureRow;
  /** May it at least see it: shared with it, or in a catalogue. */
  readonly maySee: boolean;
  /** Fingerprint of the rows of the victim's organization in this table. */
  readonly before: string;
}

interface Expectation {
  readonly attack: string;
  readonly verb: string;
}

/** Reads, writes and moves of one table, by everybody who must not. */
export async function probeTable(prober: Prober, table: Relation): Promise<void> {
  await probeStructure(prober, table);
  const rows = prober.world.rows.get(table.name) ?? [];
  const [first] = rows;
  if (!first) {
    const detail = prober.world.failures.get(table.name) ?? 'no row to attack';
    prober.record({
      target: table.name,
      attack: 'fixture',
      verb: 'insert',
      role: 'owner',
      actor: 'self',
      outcome: 'broken',
      detail,
    });
    return;
  }
  for (const row of rows.filter((one) => one.subject.name === 'a1')) {
    const before = prober.ownerRole ? await fingerprint(prober, table, row) : '';
    await probeControl(prober, table, row);
    for (const { actor, maySee } of actorsAgainst(prober, table, row)) {
      const assault: Assault = { prober, table, actor, victim: row, maySee, before };
      if (!maySee) await probeReads(assault);
      await probeWrites(assault);
    }
  }
  for (const role of ['readonly', 'worker'] as const) await probeOtherRoles(prober, table, first, role);
  await probeSecrets(prober, table, first);
}

/** Who is to be kept out of a row, by the visibility of its table. */
function actorsAgainst(prober: Prober, table: Relation, row: FixtureRow): { actor: Actor; maySee: boolean }[] {
  const { a2, b1 } = prober.world.subjects;
  const visibility = table.registration?.visibility;
  const everybody = visibility === 'catalogue';
  // An administrator of another organization is still a stranger.
  const actors: { actor: Actor; maySee: boolean }[] = [
    { actor: { name: 'stranger', role: 'app', subject: b1, memberRole: 'owner' }, maySee: everybody },
    { actor: { name: 'nobody', role: 'app' }, maySee: everybody },
  ];
  if (visibility === 'private' || visibility === 'user') {
    const maySee = row.sharedWith.includes(a2.userId);
    actors.push({ actor: { name: 'colleague', role: 'app', subject: a2, memberRole: 'member' }, maySee });
    if (!table.registration?.adminsSee) {
      actors.push({ actor: { name: 'admin', role: 'app', subject: a2, memberRole: 'admin' }, maySee });
    }
  }
  return actors;
}

const reads = (table: Relation, role: RoleKind) => table.columns.filter((column) => column.can[role].select);

/** Row security that is off, or does not bind the owner, and tables nobody registered. */
async function probeStructure(prober: Prober, table: Relation): Promise<void> {
  const at = { target: table.name, verb: 'all', role: 'owner', actor: 'self' };
  if (!table.registration)
    prober.record({ ...at, attack: 'unregistered', outcome: 'leak', detail: 'no rules were made for it' });
  else {
    const isOn = table.rowSecurity && table.forced;
    prober.record({
      ...at,
      attack: 'row security forced',
      ...(isOn ? { outcome: 'refused' } : { outcome: 'leak', detail: 'it is not' }),
    });
  }
  if (!table.rowSecurity) return;
  const sql = `set local row_security = off; select count(*) as n from plinth.${quoteName(table.name)}`;
  const actor: Actor = { name: 'stranger', role: 'app', subject: prober.world.subjects.b1, memberRole: 'owner' };
  const about = { target: table.name, attack: 'row_security = off', verb: 'select' };
  const attempt = await prober.attempt(actor, about, sql);
  prober.record({ ...about, ...nameOf(actor), ...refusedOnly(attempt) });
}

/** Who owns a row sees it: without this, a policy that shows nothing to anybody would pass for safe. */
async function probeControl(prober: Prober, table: Relation, row: FixtureRow): Promise<void> {
  for (const role of ['app', 'readonly'] as const) {
    const columns = reads(table, role);
    if (columns.length === 0) continue;
    const actor: Actor = { name: 'self', role, subject: row.subject, memberRole: 'member' };
    const about = { target: table.name, attack: 'own row', verb: 'select' };
    const attempt = await prober.attempt(actor, about, selectSql(table, columns, keyCondition(table, row)));
    const outcome: Outcome = attempt.ok && attempt.count === 1 ? 'own' : 'broken';
    prober.record({ ...about, ...nameOf(actor), outcome, ...(outcome === 'broken' && { detail: textOf(attempt) }) });
  }
  if (row.sharedWith.includes(prober.world.subjects.a2.userId)) {
    const actor: Actor = { name: 'colleague', role: 'app', subject: prober.world.subjects.a2, memberRole: 'member' };
    const about = { target: table.name, attack: 'shared row', verb: 'select' };
    const attempt = await prober.attempt(actor, about, selectSql(table, reads(table, 'app'), keyCondition(table, row)));
    const seen = attempt.ok && attempt.count === 1;
    prober.record({
      ...about,
      ...nameOf(actor),
      outcome: seen ? 'own' : 'broken',
      ...(!seen && { detail: textOf(attempt) }),
    });
  }
}

async function probeReads(assault: Assault): Promise<void> {
  const { table, victim, actor } = assault;
  const name = `plinth.${quoteName(table.name)}`;
  const key = keyCondition(table, victim);
  const columns = reads(table, 'app');
  const list = columns.length > 0 ? columns.map((one) => quoteName(one.name)).join(', ') : '*';
  await expectNoRows(assault, { attack: 'read by id', verb: 'select' }, `select ${list} from ${name} where ${key}`);
  await expectNoRows(
    assault,
    { attack: 'exists by id', verb: 'select' },
    `select 1 as there where exists (select from ${name} where ${key})`,
  );
  const foreign = foreignRows(table, victim.subject, actor);
  await expectNoRows(
    assault,
    { attack: 'count', verb: 'select' },
    `select n from (select count(*) as n from ${name} where ${foreign}) as c where n > 0`,
  );
  await expectNoRows(
    assault,
    { attack: 'read all', verb: 'select' },
    `select ${list} from ${name} where ${foreign} limit 1`,
  );
  // An error or its absence would tell, if a condition of ours ran before the policy's.
  await expectNoRows(
    assault,
    { attack: 'inference by an error', verb: 'select' },
    `select 1 as there from ${name} where ${foreign} and 1 / (case when ${key} then 0 else 1 end) = 1`,
  );
  const exported = await assault.prober.attempt(
    actor,
    { target: table.name, attack: 'copy out', verb: 'copy' },
    `copy (select ${list} from ${name} where ${foreign}) to stdout`,
  );
  // The embedded engine refuses every COPY to a client.
  record(assault, { attack: 'copy out', verb: 'copy' }, exported.ok ? emptyOnly(exported) : { outcome: 'refused' });
  for (const verb of ['truncate', 'alter'] as const) {
    const attempt = await assault.prober.attempt(
      actor,
      { target: table.name, attack: verb, verb },
      verb === 'truncate' ? `truncate ${name}` : `alter table ${name} disable row level security`,
    );
    record(assault, { attack: verb, verb }, refusedOnly(attempt));
  }
}

/** Whose row it is matters to this actor: not where it is an administrator who sees the whole organization's. */
function isPersonal(table: Relation, actor: Actor): boolean {
  const { visibility, adminsSee } = table.registration ?? {};
  if (visibility === 'user') return true;
  return visibility === 'private' && !(adminsSee && (actor.memberRole === 'owner' || actor.memberRole === 'admin'));
}

/** Rows that are not this actor's: of another tenant where the table has tenants, else of the other person. */
function foreignRows(table: Relation, owner: Subject, actor: Actor): string {
  const { tenantColumn, userColumn } = table.registration ?? {};
  if (isPersonal(table, actor)) {
    const mine = `${quoteName(userColumn!)} is distinct from ${quoteText(actor.subject?.userId ?? owner.organizationId)}::uuid`;
    const shared =
      table.registration?.hasSharedWith && actor.subject
        ? ` and ${quoteText(actor.subject.userId)}::uuid <> all (shared_with)`
        : '';
    return `${mine}${shared}`;
  }
  if (tenantColumn)
    return `${quoteName(tenantColumn)} is distinct from ${actor.subject ? quoteText(actor.subject.organizationId) : 'null'}::uuid`;
  return 'true';
}

async function probeWrites(assault: Assault): Promise<void> {
  const { prober, table, victim, actor } = assault;
  const name = `plinth.${quoteName(table.name)}`;
  const key = keyCondition(table, victim);
  const target = firstUpdatable(table);
  const change = `${quoteName(target.name)} = ${victim.sql.get(target.name) ?? 'default'}`;
  await expectNoChange(
    assault,
    { attack: "update another's row", verb: 'update' },
    `update ${name} set ${change} where ${key}`,
  );
  await expectNoChange(
    assault,
    { attack: 'update without a condition', verb: 'update' },
    `update ${name} set ${change}`,
    true,
  );
  await expectNoChange(assault, { attack: "delete another's row", verb: 'delete' }, `delete from ${name} where ${key}`);
  await expectNoChange(assault, { attack: 'delete without a condition', verb: 'delete' }, `delete from ${name}`, true);

  const planted = await freshRow(prober.maker, prober.world, table, victim.subject, { sharedWith: victim.sharedWith });
  const may = (column: string) => isInsertable(table, column);
  await expectRefusal(assault, { attack: 'insert as another', verb: 'insert' }, insertSql(table, planted, may));
  const own = (prober.world.rows.get(table.name) ?? []).find((row) => row.subject === actor.subject);
  for (const column of own ? identityColumns(table, actor, victim, own) : []) {
    const move = `update ${name} set ${quoteName(column)} = ${victim.sql.get(column)} where ${keyCondition(table, own!)}`;
    await expectNoChange(assault, { attack: `move own row by ${column}`, verb: 'update' }, move);
  }
  if (table.primaryKey.length > 0) await probeUpsert(assault, planted, change);
}

/** On conflict with another's key: as the other, and with one's own tenant and the other's id. */
async function probeUpsert(assault: Assault, planted: ReadonlyMap<string, string>, change: string): Promise<void> {
  const { prober, table, victim, actor } = assault;
  const keys = table.primaryKey.map(quoteName).join(', ');
  const withKey = new Map(planted);
  for (const name of table.primaryKey) withKey.set(name, victim.sql.get(name)!);
  const statement = insertSql(table, withKey, (column) => isInsertable(table, column));
  await expectRefusal(
    assault,
    { attack: "upsert on another's key", verb: 'insert' },
    `${statement} on conflict (${keys}) do update set ${change}`,
  );
  await expectRefusal(
    assault,
    { attack: "insert on another's key or nothing", verb: 'insert' },
    `${statement} on conflict (${keys}) do nothing`,
  );
  const { tenantColumn } = table.registration ?? {};
  if (!actor.subject || !tenantColumn || actor.subject.organizationId === victim.subject.organizationId) return;
  const own = await freshRow(prober.maker, prober.world, table, actor.subject);
  for (const name of table.primaryKey) if (name !== tenantColumn) own.set(name, victim.sql.get(name)!);
  const mine = insertSql(table, own, (column) => isInsertable(table, column));
  await expectNoChange(
    assault,
    { attack: "upsert of one's own with another's id", verb: 'insert' },
    `${mine} on conflict (${keys}) do update set ${change}`,
    true,
  );
}

/** The role of reports reads as requests do and writes nothing; the worker's reads no table. */
async function probeOtherRoles(
  prober: Prober,
  table: Relation,
  victim: FixtureRow,
  role: 'readonly' | 'worker',
): Promise<void> {
  const name = `plinth.${quoteName(table.name)}`;
  const key = keyCondition(table, victim);
  const actor: Actor = { name: 'stranger', role, subject: prober.world.subjects.b1, memberRole: 'owner' };
  const maySee = table.registration?.visibility === 'catalogue' && role === 'readonly';
  const assault: Assault = { prober, table, actor, victim, maySee, before: '' };
  if (!maySee) {
    const columns = reads(table, role).map((one) => quoteName(one.name));
    const list = columns.length > 0 ? columns.join(', ') : '*';
    await expectNoRows(assault, { attack: 'read by id', verb: 'select' }, `select ${list} from ${name} where ${key}`);
    await expectNoRows(
      assault,
      { attack: 'read all', verb: 'select' },
      `select ${list} from ${name} where ${foreignRows(table, victim.subject, actor)} limit 1`,
    );
  }
  const own: Assault = { ...assault, actor: { ...actor, name: 'self', subject: victim.subject } };
  const target = quoteName(firstUpdatable(table).name);
  await expectRefusal(
    own,
    { attack: 'write by a role that does not', verb: 'insert' },
    `insert into ${name} default values`,
  );
  await expectRefusal(
    own,
    { attack: 'write by a role that does not', verb: 'update' },
    `update ${name} set ${target} = null`,
  );
  await expectRefusal(own, { attack: 'write by a role that does not', verb: 'delete' }, `delete from ${name}`);
}

/** Secret columns are nobody's to read or write, not even in one's own row. */
async function probeSecrets(prober: Prober, table: Relation, row: FixtureRow): Promise<void> {
  for (const column of table.registration?.secretColumns ?? []) {
    for (const role of ['app', 'readonly', 'worker'] as const) {
      const actor: Actor = { name: 'self', role, subject: row.subject, memberRole: 'owner' };
      const assault: Assault = { prober, table, actor, victim: row, maySee: true, before: '' };
      const name = `plinth.${quoteName(table.name)}`;
      const secret = quoteName(column);
      const value = row.sql.get(column) ?? 'null';
      await expectRefusal(
        assault,
        { attack: `secret column ${column}`, verb: 'select' },
        `select ${secret} from ${name}`,
      );
      await expectRefusal(
        assault,
        { attack: `secret column ${column} in a condition`, verb: 'select' },
        `select 1 as there from ${name} where ${secret} = ${value}`,
      );
      await expectRefusal(
        assault,
        { attack: `secret column ${column}`, verb: 'update' },
        `update ${name} set ${secret} = ${value}`,
      );
    }
  }
}

const isInsertable = (table: Relation, column: string) =>
  table.columns.some((one) => one.name === column && one.can.app.insert) ||
  !table.columns.some((one) => one.can.app.insert);

/** A column the role may change where there is one, else any: the refusal is then the grant's. */
function firstUpdatable(table: Relation): Column {
  const plain = table.columns.filter((column) => !column.isGenerated);
  const own = plain.filter((column) => column.can.app.update && !table.primaryKey.includes(column.name));
  return own[0] ?? plain.find((column) => !table.primaryKey.includes(column.name)) ?? plain[0]!;
}

/** The columns that say whose row it is, where the two rows differ in them. */
function identityColumns(table: Relation, actor: Actor, victim: FixtureRow, own: FixtureRow): string[] {
  const { tenantColumn, userColumn } = table.registration ?? {};
  const whose = [tenantColumn, isPersonal(table, actor) ? userColumn : null];
  return whose.filter((name): name is string => name != null && victim.values[name] !== own.values[name]);
}

function selectSql(table: Relation, columns: readonly Column[], condition: string): string {
  return `select ${columns.map((one) => quoteName(one.name)).join(', ')} from plinth.${quoteName(table.name)} where ${condition}`;
}

async function expectNoRows(assault: Assault, about: Expectation, sql: string): Promise<void> {
  const attempt = await assault.prober.attempt(assault.actor, { target: assault.table.name, ...about }, sql);
  record(assault, about, emptyOnly(attempt));
}

async function expectRefusal(assault: Assault, about: Expectation, sql: string): Promise<void> {
  const attempt = await assault.prober.attempt(assault.actor, { target: assault.table.name, ...about }, sql);
  record(assault, about, refusedOnly(attempt));
}

/** `ownRows`: the statement may well change rows of the actor's own; what counts is the victim's. */
async function expectNoChange(assault: Assault, about: Expectation, sql: string, ownRows = false): Promise<void> {
  let changed = false;
  const { prober, table, victim, actor } = assault;
  const attempt = await prober.attempt(actor, { target: table.name, ...about }, sql, async (client) => {
    changed = (await fingerprint({ client }, table, victim)) !== assault.before;
  });
  if (changed) record(assault, about, { outcome: 'leak', detail: `rows of ${victim.subject.name} changed` });
  // An error other than a refusal may be the table's own rule for the actor's own rows.
  else if (ownRows) record(assault, about, { outcome: attempt.ok ? 'nothing' : 'refused' });
  else record(assault, about, emptyOnly(attempt));
}

/** A hash of the victim's rows: its organization's, or the person's own where a row belongs to one. */
async function fingerprint({ client }: { client: pg.ClientBase }, table: Relation, row: FixtureRow): Promise<string> {
  const { tenantColumn, userColumn, visibility } = table.registration ?? {};
  const isOf = (column: string, id: string) => `t.${quoteName(column)} = ${quoteText(id)}`;
  const conditions = [
    ...(tenantColumn ? [isOf(tenantColumn, row.subject.organizationId)] : []),
    ...(visibility === 'private' && userColumn ? [isOf(userColumn, row.subject.userId)] : []),
  ];
  const { rows } = await client.query<{ hash: string | null }>(
    `select md5(string_agg(t::text, '|' order by t::text)) as hash from plinth.${quoteName(table.name)} as t
     where ${conditions.length > 0 ? conditions.join(' and ') : keyCondition(table, row)}`,
  );
  return rows[0]?.hash ?? '';
}

type Verdict = { readonly outcome: Outcome; readonly detail?: string };

export function refusedOnly(attempt: Attempt): Verdict {
  if (!attempt.ok && (attempt.code === refusal || isCitusRefusal(attempt))) return { outcome: 'refused' };
  // Any other error means that the statement got past the rule that should have stopped it.
  return { outcome: 'leak', detail: textOf(attempt) };
}

export function emptyOnly(attempt: Attempt): Verdict {
  if (!attempt.ok) return refusedOnly(attempt);
  return attempt.count === 0 ? { outcome: 'nothing' } : { outcome: 'leak', detail: textOf(attempt) };
}

export function textOf(attempt: Attempt): string {
  return attempt.ok ? `${attempt.count} rows` : `${attempt.code} ${attempt.text}`;
}

function record({ prober, table, actor }: Assault, about: Expectation, verdict: Verdict): void {
  prober.record({ target: table.name, ...about, ...nameOf(actor), ...verdict });
}

/** Citus refuses to change the column a table is distributed by, whoever asks and before any policy is asked. */
function isCitusRefusal({ code, text }: { readonly code: string; readonly text: string }): boolean {
  return code === '0A000' && text.startsWith('modifying the partition value of rows is not allowed');
}
