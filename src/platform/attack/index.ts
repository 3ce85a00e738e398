import type pg from 'pg';
import type { Engine } from '../db/engine.ts';
import { quoteName } from '../migrate/names.ts';
import { inOrderOfKeys, type Relation, readTarget, type Target, withAncestors } from './catalogue.ts';
import { makeWorld, removeWorld, type World } from './fixtures.ts';
import { probeFunction } from './function-probes.ts';
import { type LoginFacts, probeLogin, readLogin } from './login-probes.ts';
import { type Outcome, type Probe, Prober, type ProberOptions } from './prober.ts';
import { Random } from './random.ts';
import { probeReferences } from './reference-probes.ts';
import { probeDefinition, probeOther, probePartition, probeStatistics, probeView } from './relation-probes.ts';
import { probeTable } from './table-probes.ts';

export type { LoginFacts } from './login-probes.ts';
export type { CallSamples, Outcome, Probe, ProberOptions } from './prober.ts';

export interface AttackOptions extends ProberOptions {
  /** Repeats a run: the same words, the same choice of arguments. */
  readonly seed?: number;
  /** Only these tables, views and functions (by name); what they refer to is filled too. */
  readonly only?: readonly string[];
  /**
   * Connections of the login the program runs as in production, when it is not the one of `engine`. Then the two
   * organizations are committed for as long as the attack takes, and removed after it.
   */
  readonly login?: pg.Pool;
  /** Ends the attack between two targets; what it made is removed all the same. */
  readonly signal?: AbortSignal;
  /** Told what is being attacked, and how many targets are left. */
  readonly onTarget?: (name: string, left: number) => void;
}

export interface AttackReport {
  readonly seed: number;
  readonly engine: string;
  readonly login: LoginFacts;
  readonly counts: {
    readonly relations: number;
    readonly columns: number;
    readonly functions: number;
    readonly probes: number;
    readonly outcomes: Readonly<Record<Outcome, number>>;
  };
  readonly probes: readonly Probe[];
  readonly leaks: readonly Probe[];
  /** Probes that could not be made, or proved nothing: to be looked at like a leak. */
  readonly broken: readonly Probe[];
  /** Views that showed their own people nothing of the fixtures, and functions that answered none of their calls. */
  readonly unproven: readonly string[];
  /** Relations outside the schema that a request role can reach. */
  readonly outside: readonly string[];
}

/**
 * Attacks the isolation of every relation, column and function that the request roles can reach: makes two
 * organizations of two people with rows in every table, and tries as each to read, change, reach and infer the others'.
 * Everything happens in one transaction that is rolled back (see `login` for the exception), so it may run on a live
 * database; it takes locks on no rows but its own. The session of `directPool` must be able to become the owner, and
 * without `login` the request roles too.
 */
export async function runAttacks(
  platform: { readonly engine: Pick<Engine, 'directPool' | 'description'> },
  options: AttackOptions = {},
): Promise<AttackReport> {
  const { engine } = platform;
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
  const random = new Random(seed);
  // not this millisecond: a default id, minted now, would fit the rows' time by luck, and no more when it is used again
  const at = new Date(Date.now() - 1000);
  const client = await engine.directPool.connect();
  const attacker = options.login ? await options.login.connect() : client;
  let target: Target | undefined;
  let world: World | undefined;
  let tables: Relation[] = [];
  try {
    await client.query(`begin; ${becomeOwner}`);
    target = await readTarget(client);
    const chosen = choose(target, options.only);
    tables = inOrderOfKeys(
      withAncestors(target.relations.filter(isTable), new Set(chosen.relations.map(({ name }) => name))),
    );
    world = await makeWorld(client, tables, random, at);
    const login = await readLogin(attacker, target);
    let loginProbes: Probe[] = [];
    if (options.login) {
      await client.query('commit');
      loginProbes = await probeLogin(attacker, target, chosen.relations.filter(isTable), chosen.functions);
      await client.query(`begin; ${becomeOwner}`);
      await attacker.query('begin');
    }
    const owner = options.login ? undefined : target.roleNames.owner;
    const prober = new Prober({ client: attacker, maker: client }, world, owner, options);
    const unproven = await attack(prober, target, chosen, tables, options);
    return report(seed, engine.description, login, target, chosen, [...loginProbes, ...prober.probes], unproven);
  } finally {
    if (attacker !== client) {
      await attacker.query('rollback').catch(() => undefined);
      attacker.release();
    }
    await client.query('rollback').catch(() => undefined);
    if (options.login && world) await clean(client, tables, world);
    client.release();
  }
}

/** And stays for as long as the attacker's session is busy, however slow the network. */
const becomeOwner = `set local idle_in_transaction_session_timeout = 0;
  select set_config('role', (select nspowner::regrole::text from pg_namespace where nspname = 'plinth'), true)`;

const isTable = (relation: Relation) => relation.kind === 'table';

interface Chosen {
  readonly relations: readonly Relation[];
  readonly functions: Target['functions'];
}

function choose(target: Target, only: readonly string[] | undefined): Chosen {
  if (!only) return target;
  return {
    relations: target.relations.filter(({ name }) => only.includes(name)),
    functions: target.functions.filter(({ name }) => only.includes(name)),
  };
}

/** Returns the views and functions that proved nothing. */
async function attack(
  prober: Prober,
  target: Target,
  chosen: Chosen,
  filled: readonly Relation[],
  { onTarget, signal }: AttackOptions,
): Promise<string[]> {
  const unproven: string[] = [];
  let left = chosen.relations.length + chosen.functions.length;
  const next = (name: string) => {
    signal?.throwIfAborted();
    onTarget?.(name, --left);
  };
  for (const relation of chosen.relations) {
    next(relation.name);
    if (relation.kind === 'table') {
      await probeTable(prober, relation);
      await probeReferences(prober, relation, target.relations);
    } else if (relation.kind === 'partition') await probePartition(prober, relation);
    else if (relation.kind === 'view') {
      if (!(await probeView(prober, relation))) unproven.push(relation.name);
    } else await probeOther(prober, relation);
  }
  for (const fn of chosen.functions) {
    next(fn.signature);
    const reason = await probeFunction(prober, fn, filled);
    if (reason !== undefined) unproven.push(`${fn.signature}: ${reason}`);
  }
  await probeStatistics(prober);
  await probeDefinition(prober, target.roleNames);
  return unproven;
}

function report(
  seed: number,
  engine: string,
  login: LoginFacts,
  target: Target,
  chosen: Chosen,
  probes: readonly Probe[],
  unproven: readonly string[],
): AttackReport {
  const outcomes: Record<Outcome, number> = { refused: 0, nothing: 0, own: 0, accepted: 0, leak: 0, broken: 0 };
  for (const probe of probes) outcomes[probe.outcome]++;
  return {
    seed,
    engine,
    login,
    counts: {
      relations: chosen.relations.length,
      columns: chosen.relations.reduce((sum, { columns }) => sum + columns.length, 0),
      functions: chosen.functions.length,
      probes: probes.length,
      outcomes,
    },
    probes,
    leaks: probes.filter((probe) => probe.outcome === 'leak'),
    broken: probes.filter((probe) => probe.outcome === 'broken'),
    unproven,
    outside: target.outside,
  };
}

async function clean(client: pg.PoolClient, tables: readonly Relation[], world: World): Promise<void> {
  await client.query(`begin; ${becomeOwner}`);
  try {
    await removeWorld(client, tables, world);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    const organizations = Object.values(world.subjects).map(({ organizationId }) => organizationId);
    const names = [...new Set(organizations)].map((id) => quoteName(id)).join(' and ');
    throw new Error(`the organizations of the attack, ${names}, could not be removed`, { cause: error });
  }
}
