import type pg from 'pg';
import { quoteName, quoteText } from '../migrate/names.ts';
import { type DatabaseFunction, type Relation, roleKinds } from './catalogue.ts';
import type { Subject } from './fixtures.ts';
import { type Actor, nameOf, normalised, type Prober } from './prober.ts';
import { refusedOnly, textOf } from './table-probes.ts';

/** Calls of one function by one actor. */
const calls_max = 12;
/** What opens a scope is given one by whoever calls it: there is nobody else's to ask for. */
export const doors: ReadonlySet<string> = new Set(['enter', 'enter_request']);

/** Ids tried for one parameter. */
const ids_max = 4;

/**
 * Calls a function with another organization's ids, and with one's own organization and another's ids. It must tell
 * nothing of the other's, change nothing of it, and answer exactly as to ids that nobody has. Those that may not call it
 * at all must be refused. Returns why none of its own people's calls got an answer, without which the rest proves
 * little; undefined when one did.
 */
export async function probeFunction(
  prober: Prober,
  fn: DatabaseFunction,
  tables: readonly Relation[],
): Promise<string | undefined> {
  let unproven: string | undefined;
  for (const role of roleKinds) {
    if (!fn.callers.includes(role)) await probeClosed(prober, fn, role);
    // What the worker may call serves every organization: no request becomes the worker.
    else if (role !== 'worker' && !doors.has(fn.name)) {
      await probeOpen(prober, fn, tables, role);
      if (role === 'app' && !fn.isPure) unproven = await refusesItsOwn(prober, fn, tables);
    }
  }
  return unproven;
}

async function refusesItsOwn(
  prober: Prober,
  fn: DatabaseFunction,
  tables: readonly Relation[],
): Promise<string | undefined> {
  let reason: string | undefined;
  const actor: Actor = { name: 'self', role: 'app', subject: prober.world.subjects.a1, memberRole: 'owner' };
  for (const call of callsOf(prober, fn, tables, prober.world.subjects.a1)) {
    const about = { target: fn.signature, attack: 'own call', verb: 'execute' };
    const attempt = await prober.attempt(actor, about, callSql(fn, call.theirs));
    if (attempt.ok) return undefined;
    reason ??= textOf(attempt);
  }
  return reason;
}

async function probeClosed(prober: Prober, fn: DatabaseFunction, role: (typeof roleKinds)[number]): Promise<void> {
  if (fn.kind === 'other') return;
  const actor: Actor = { name: 'stranger', role, subject: prober.world.subjects.b1, memberRole: 'owner' };
  const about = { target: fn.signature, attack: 'call', verb: 'execute' };
  const args = nullArguments(fn);
  const call = `${fn.kind === 'procedure' ? 'call' : 'select'} plinth.${quoteName(fn.name)}(${args.join(', ')})`;
  prober.record({ ...about, ...nameOf(actor), ...refusedOnly(await prober.attempt(actor, about, call)) });
}

/** Nulls the planner does not see: a strict function of a plain null is null before anybody asks for rights. */
export const nullArguments = (fn: DatabaseFunction): string[] =>
  fn.parameters.map(({ type }) => `(select null::${type})`);

async function probeOpen(
  prober: Prober,
  fn: DatabaseFunction,
  tables: readonly Relation[],
  role: 'app' | 'readonly',
): Promise<void> {
  const { a1, b1 } = prober.world.subjects;
  const actors: Actor[] = [
    { name: 'stranger', role, subject: b1, memberRole: 'owner' },
    { name: 'nobody', role },
  ];
  const before = prober.ownerRole ? await fingerprints(prober.client, tables, a1, prober.ownerRole) : '';
  for (const actor of actors) {
    for (const organization of actor.subject ? [a1, actor.subject] : [a1]) {
      const isForeign = organization === a1;
      const attack = isForeign ? "call for another's organization" : "call with another's ids";
      if (fn.parameters.length === 0 && isForeign && actor.subject) continue;
      for (const call of callsOf(prober, fn, tables, organization)) {
        await judgeCall(prober, fn, actor, attack, call, async (client) => {
          const after = await fingerprints(client, tables, a1);
          return after === before ? undefined : `rows of ${a1.name}'s organization changed`;
        });
      }
    }
  }
}

interface Call {
  readonly theirs: readonly string[];
  /** The same with ids and words that nobody has. */
  readonly nobodys: readonly string[];
}

async function judgeCall(
  prober: Prober,
  fn: DatabaseFunction,
  actor: Actor,
  attack: string,
  call: Call,
  changes: (client: pg.ClientBase) => Promise<string | undefined>,
): Promise<void> {
  const about = { target: fn.signature, attack, verb: 'execute' };
  const sql = callSql(fn, call.theirs);
  let changed: string | undefined;
  const found = await prober.attempt(actor, about, sql, async (client) => {
    changed = await changes(client);
  });
  const missing = await prober.attempt(actor, about, callSql(fn, call.nobodys));
  const markers = Object.values(prober.world.subjects).map((subject) => subject.marker);
  const told = found.ok ? prober.leaksIn(JSON.stringify(found.rows), sql, actor) : undefined;
  const differs =
    fn.isPure || normalised(found, markers) === normalised(missing, markers)
      ? undefined
      : `what another has: ${shown(found)}; what nobody has: ${shown(missing)}`;
  const accepted = prober.options.accepted?.[fn.name];
  const detail = changed ?? told ?? differs;
  if (detail === undefined) prober.record({ ...about, ...nameOf(actor), outcome: found.ok ? 'nothing' : 'refused' });
  else if (changed === undefined && accepted !== undefined) {
    prober.record({ ...about, ...nameOf(actor), outcome: 'accepted', detail: accepted });
  } else prober.record({ ...about, ...nameOf(actor), outcome: 'leak', detail: `${detail}; by ${sql}` });
}

const shown = (attempt: Parameters<typeof textOf>[0]) => (attempt.ok ? JSON.stringify(attempt.rows) : textOf(attempt));

function callSql(fn: DatabaseFunction, args: readonly string[]): string {
  const call = `plinth.${quoteName(fn.name)}(${args.join(', ')})`;
  return fn.kind === 'procedure' ? `call ${call}` : `select f::text as result from ${call} as f`;
}

/** Argument lists for one organization: each parameter in turn through its values, the others at their first. */
function callsOf(prober: Prober, fn: DatabaseFunction, tables: readonly Relation[], organization: Subject): Call[] {
  return [...sampleCalls(prober, fn, organization), ...generatedCalls(prober, fn, tables, organization)];
}

function sampleCalls(prober: Prober, fn: DatabaseFunction, organization: Subject): Call[] {
  const { random, at, rows, subjects } = prober.world;
  const fill = (texts: readonly string[], isNobodys: boolean) =>
    texts.map((text, index) => {
      const filled = text.replaceAll(/\{(\w+)(?:\.(\w+))?\}/g, (whole, word: string, column: string | undefined) => {
        if (word === 'new') return random.uuid(at);
        if (word === 'time') return at.toISOString();
        const isForeign = organization === subjects.a1;
        if (word === 'organization') return isNobodys && isForeign ? random.uuid(at) : organization.organizationId;
        const row = (rows.get(word) ?? []).find(({ subject }) => subject === subjects.a1);
        const value = column === undefined ? undefined : row?.values[column];
        if (value == null) throw new Error(`${fn.signature}: there is no ${whole} to call it with`);
        return isNobodys ? random.uuid(at) : value;
      });
      return `${quoteText(filled)}::${fn.parameters[index]?.type ?? 'text'}`;
    });
  return (prober.options.samples?.[fn.name] ?? []).map((texts) => ({
    theirs: fill(texts, false),
    nobodys: fill(texts, true),
  }));
}

function generatedCalls(
  prober: Prober,
  fn: DatabaseFunction,
  tables: readonly Relation[],
  organization: Subject,
): Call[] {
  const values = fn.parameters.map((parameter) => {
    const isTenant = parameter.name === fn.tenantArgument || /^organization(_id)?$/.test(parameter.name);
    return argumentValues(prober, fn, parameter, tables, isTenant ? organization : undefined);
  });
  const first = values.map((list) => list[0]!);
  const calls: { theirs: string; nobodys: string }[][] = [first];
  for (const [index, list] of values.entries()) {
    for (const value of list.slice(1)) calls.push(first.map((one, at) => (at === index ? value : one)));
  }
  // the plainest call always
  return [first, ...prober.world.random.sample(calls.slice(1), calls_max - 1)].map((call) => ({
    theirs: call.map((value) => value.theirs),
    nobodys: call.map((value) => value.nobodys),
  }));
}

interface Pair {
  readonly theirs: string;
  readonly nobodys: string;
}

function argumentValues(
  prober: Prober,
  fn: DatabaseFunction,
  { name, type }: DatabaseFunction['parameters'][number],
  tables: readonly Relation[],
  organization: Subject | undefined,
): Pair[] {
  const { a1 } = prober.world.subjects;
  const { random, at } = prober.world;
  const cast = (value: string) => `${quoteText(value)}::${type}`;
  const same = (sql: string): Pair[] => [{ theirs: sql, nobodys: sql }];
  if (organization) {
    // Another's organization must answer as one that is not there; one's own is itself.
    return [
      {
        theirs: cast(organization.organizationId),
        nobodys: cast(organization === a1 ? random.uuid(at) : organization.organizationId),
      },
    ];
  }
  const pair = (value: string, other: string): Pair => ({ theirs: cast(value), nobodys: cast(other) });
  switch (type) {
    case 'uuid':
      return idsFor(prober, name, tables).map((id) => pair(id, random.uuid(at)));
    case 'uuid[]':
      return [pair(`{${idsFor(prober, name, tables).join(',')}}`, `{${random.uuid(at)}}`)];
    case 'jsonb':
    case 'json':
      return documents(prober, fn, tables).map(([theirs, nobodys]) => pair(theirs, nobodys));
    case 'bytea':
      return valuesOf(prober, tables, (column) => column.type === 'bytea').map((value) =>
        pair(value, `\\x${random.word(32).replaceAll(/./g, 'e')}`),
      );
    case 'text':
    case 'character varying':
      return textsFor(prober, name, tables).map((value) => pair(value, `${random.word(8)}x`));
    case 'text[]':
      return [pair(`{${a1.marker}}`, `{${random.word(8)}}`)];
    case 'boolean':
      return same('true');
    case 'integer':
    case 'bigint':
    case 'smallint':
    case 'numeric':
    case 'double precision':
      return same(`10::${type}`);
    case 'timestamp with time zone':
    case 'date':
      return same(cast(at.toISOString()));
    case 'interval':
      return same(cast('1 hour'));
    default:
      return same(`null::${type}`);
  }
}

/** Ids of the other organization's rows: of the tables the parameter is named after, and a few others. */
function idsFor(prober: Prober, name: string, tables: readonly Relation[]): string[] {
  const word = name.replace(/_ids?$/, '').replace(/s$/, '');
  const fitting = tables.filter((table) => word !== '' && table.name.replaceAll(/ies\b/g, 'y').includes(word));
  const others = prober.world.random.sample(
    tables.filter((table) => !fitting.includes(table)),
    2,
  );
  const { a1 } = prober.world.subjects;
  const ids = [...fitting, ...others].flatMap((table) => {
    const row = (prober.world.rows.get(table.name) ?? []).find(({ subject }) => subject === a1);
    return row?.values['id'] ? [row.values['id']] : [];
  });
  // A parameter named after no table is most likely a person.
  const users = fitting.length === 0 || /user|person|subject|member|owner/.test(name) ? [a1.userId] : [];
  return [...new Set([...users, ...ids, a1.userId])].slice(0, ids_max);
}

/** Values of the other organization's rows in columns of a kind; at least one. */
function valuesOf(
  prober: Prober,
  tables: readonly Relation[],
  fits: (column: { name: string; type: string }) => boolean,
): string[] {
  const { a1 } = prober.world.subjects;
  const found = tables.flatMap((table) => {
    const row = (prober.world.rows.get(table.name) ?? []).find(({ subject }) => subject === a1);
    return table.columns.filter(fits).flatMap((column) => (row?.values[column.name] ? [row.values[column.name]!] : []));
  });
  return [...new Set(found)].slice(0, ids_max).concat(found.length === 0 ? [a1.marker] : []);
}

function textsFor(prober: Prober, name: string, tables: readonly Relation[]): string[] {
  const { a1 } = prober.world.subjects;
  const named = valuesOf(
    prober,
    tables,
    (column) => column.type === 'text' && (column.name === name || name.endsWith(column.name)),
  );
  return [...new Set([...named.filter((value) => value.includes(a1.marker)), a1.marker])].slice(0, ids_max);
}

/**
 * Documents that name the other organization's rows by every key we know, alone and in a list; beside each the same
 * with ids that nobody has. Words in them are the caller's own.
 */
function documents(prober: Prober, fn: DatabaseFunction, tables: readonly Relation[]): [string, string][] {
  const { a1, b1 } = prober.world.subjects;
  const { random, at } = prober.world;
  const theirs: Record<string, unknown> = {};
  const nobodys: Record<string, unknown> = {};
  const ranked = [...tables].sort(
    (a, b) => Number(fn.name.includes(b.name.replace(/s$/, ''))) - Number(fn.name.includes(a.name.replace(/s$/, ''))),
  );
  for (const table of ranked.reverse()) {
    const own = (prober.world.rows.get(table.name) ?? []).find(({ subject }) => subject === b1);
    const other = (prober.world.rows.get(table.name) ?? []).find(({ subject }) => subject === a1);
    for (const column of table.columns) {
      if (column.type === 'uuid' && other?.values[column.name]) {
        theirs[column.name] = other.values[column.name];
        nobodys[column.name] = random.uuid(at);
      } else if (column.category === 'S' && own?.values[column.name]) {
        theirs[column.name] = own.values[column.name];
        nobodys[column.name] = own.values[column.name];
      }
    }
  }
  const id = (theirs['id'] as string | undefined) ?? a1.userId;
  const short = (document: Record<string, unknown>, organization: string, item: string) => ({
    ...document,
    o: organization,
    i: item,
  });
  const one = short(theirs, a1.organizationId, id);
  const none = short(nobodys, random.uuid(at), random.uuid(at));
  return [
    [JSON.stringify([one]), JSON.stringify([none])],
    [JSON.stringify(one), JSON.stringify(none)],
    [JSON.stringify([id]), JSON.stringify([random.uuid(at)])],
  ];
}

/** One hash over all rows of an organization, whatever table they are in. */
async function fingerprints(
  client: pg.ClientBase,
  tables: readonly Relation[],
  subject: Subject,
  ownerRole?: string,
): Promise<string> {
  const parts = tables.flatMap((table) => {
    const { tenantColumn, userColumn, visibility } = table.registration ?? {};
    const condition = tenantColumn
      ? `${quoteName(tenantColumn)} = ${quoteText(subject.organizationId)}`
      : visibility === 'user' && userColumn
        ? `${quoteName(userColumn)} = ${quoteText(subject.userId)}`
        : undefined;
    return condition
      ? [
          `select ${quoteText(table.name)} || t::text as line from plinth.${quoteName(table.name)} as t where ${condition}`,
        ]
      : [];
  });
  if (parts.length === 0) return '';
  if (ownerRole) await client.query(`savepoint look; set local role ${quoteName(ownerRole)}`);
  const { rows } = await client.query<{ hash: string }>(
    `select md5(string_agg(line, '|' order by line)) as hash from (${parts.join(' union all ')}) as lines`,
  );
  if (ownerRole) await client.query('rollback to savepoint look');
  return rows[0]!.hash;
}
