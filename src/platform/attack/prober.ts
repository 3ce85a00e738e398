import type pg from 'pg';
import { quoteName, quoteText } from '../migrate/names.ts';
import type { RoleKind } from './catalogue.ts';
import type { Subject, World } from './fixtures.ts';

/** How a probe ended: the good ends are the first four. */
export type Outcome =
  /** An error, as it must be. */
  | 'refused'
  /** No rows, nothing changed. */
  | 'nothing'
  /** What this actor may have: the proof that the probe can see anything at all. */
  | 'own'
  /** It tells something of another, for a reason that was written down. */
  | 'accepted'
  /** Another's data was read, changed, or told of. */
  | 'leak'
  /** The probe could not be made, or who may see something does not. */
  | 'broken';

export interface Probe {
  /** Table, view or function. */
  readonly target: string;
  readonly attack: string;
  readonly verb: string;
  /** The database role. */
  readonly role: string;
  /** Who asks: stranger (the other organization), nobody, colleague, admin, self. */
  readonly actor: string;
  readonly outcome: Outcome;
  readonly detail?: string;
}

/**
 * Arguments of functions that need more than ids and words: by function, lists of arguments as text. `{organization}` is
 * the organization it is called for, `{projects.id}` a value of the attacked organization's row in that table (or, to
 * compare, an id that nobody has), `{new}` a fresh id, `{time}` the time it was minted from.
 */
export type CallSamples = Readonly<Record<string, readonly (readonly string[])[]>>;

export interface ProberOptions {
  /** Calls of functions whose documents can not be guessed. */
  readonly samples?: CallSamples;
  /**
   * Why a function may tell what it tells, by its name: a sign-in finds any account by its e-mail address. One that
   * changes another's rows is never accepted.
   */
  readonly accepted?: Readonly<Record<string, string>>;
}

export interface Actor {
  readonly name: 'stranger' | 'nobody' | 'colleague' | 'admin' | 'self' | 'login';
  readonly role: RoleKind;
  readonly subject?: Subject;
  readonly memberRole?: string;
}

export type Attempt =
  | { readonly ok: true; readonly rows: readonly Record<string, unknown>[]; readonly count: number }
  | {
      readonly ok: false;
      readonly code: string;
      /** Message, detail and hint. */
      readonly text: string;
      /** Where in which function, with what was being evaluated there. */
      readonly context: string;
    };

export const refusal = '42501';
const statement_timeout_ms = 5_000;

/**
 * Makes attempts on one connection, each in a savepoint that is rolled back, so that none can disturb the next. From a
 * login of its own each is a whole transaction: on Citus two roles do not read the same table in one.
 */
export class Prober {
  readonly client: pg.ClientBase;
  /** A session that is the owner between probes: to find values for rows. */
  readonly maker: pg.ClientBase;
  readonly world: World;
  readonly probes: Probe[] = [];
  /** The session may become the owner inside a probe, to see what it changed. */
  readonly ownerRole: string | undefined;
  readonly options: ProberOptions;
  private readonly secrets: ReadonlyMap<Subject['name'], readonly string[]>;

  constructor(
    clients: { readonly client: pg.ClientBase; readonly maker: pg.ClientBase },
    world: World,
    ownerRole?: string,
    options: ProberOptions = {},
  ) {
    this.client = clients.client;
    this.maker = clients.maker;
    this.world = world;
    this.ownerRole = ownerRole;
    this.options = options;
    this.secrets = secretsBySubject(world);
  }

  record(probe: Probe): void {
    this.probes.push(probe);
  }

  /**
   * Runs one statement as an actor. `inspect` runs after it as the owner, before all of it is rolled back. An error that
   * tells another's values is recorded as a leak of its own.
   */
  async attempt(
    actor: Actor,
    about: { readonly target: string; readonly attack: string; readonly verb: string },
    sql: string,
    inspect?: (client: pg.ClientBase) => Promise<void>,
  ): Promise<Attempt> {
    const [start, end] =
      this.client === this.maker
        ? ['savepoint probe', 'rollback to savepoint probe; release savepoint probe']
        : ['rollback; begin', 'rollback; begin'];
    await this.client.query(`${start}; select plinth.enter(${quoteText(contextOf(actor))}::jsonb, false)`);
    let attempt: Attempt;
    let inspection: unknown;
    try {
      const result = (await this.client.query(sql)) as pg.QueryResult | pg.QueryResult[];
      const last = Array.isArray(result) ? result.at(-1)! : result;
      attempt = { ok: true, rows: last.rows, count: last.rowCount ?? 0 };
      if (inspect && this.ownerRole) {
        await this.client.query(`set local role ${quoteName(this.ownerRole)}`);
        await inspect(this.client).catch((error: unknown) => {
          inspection = error;
        });
      }
    } catch (error) {
      const { code, message, detail, hint, where } = error as pg.DatabaseError;
      attempt = {
        ok: false,
        code: code ?? '',
        text: [message, detail, hint].filter(Boolean).join('\n'),
        context: where ?? '',
      };
    }
    await this.client.query(end);
    if (inspection !== undefined) throw inspection;
    if (!attempt.ok) {
      const told = this.leaksIn(`${attempt.text}\n${attempt.context}`, sql, actor);
      if (told !== undefined) {
        this.record({
          ...about,
          ...nameOf(actor),
          attack: `${about.attack}: error text`,
          outcome: 'leak',
          detail: told,
        });
      }
    }
    return attempt;
  }

  /**
   * The first thing in a text that belongs to somebody the actor must not hear of, and that the actor did not say
   * itself. Undefined when there is none.
   */
  leaksIn(text: string, said: string, actor: Actor): string | undefined {
    for (const [name, secrets] of this.secrets) {
      if (actor.subject && name[0] === actor.subject.name[0]) continue;
      const found = secrets.find((secret) => text.includes(secret) && !said.includes(secret));
      if (found !== undefined) return `tells ${found}, which belongs to ${name}`;
    }
    return undefined;
  }
}

/** What only this person's organization has: its words, its ids. */
function secretsBySubject(world: World): Map<Subject['name'], string[]> {
  const secrets = new Map<Subject['name'], Set<string>>();
  for (const subject of Object.values(world.subjects)) {
    secrets.set(subject.name, new Set([subject.marker, subject.organizationId, subject.userId]));
  }
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const everybodys = new Set<string>();
  for (const rows of world.rows.values()) {
    for (const { subject, values } of rows) {
      for (const value of Object.values(values)) {
        if (value !== null && uuid.test(value)) secrets.get(subject.name)!.add(value);
      }
    }
  }
  // An id that both organizations' rows carry is nobody's secret.
  for (const [name, own] of secrets) {
    for (const [other, theirs] of secrets) {
      if (name[0] !== other[0]) for (const value of own) if (theirs.has(value)) everybodys.add(value);
    }
  }
  return new Map([...secrets].map(([name, own]) => [name, [...own].filter((value) => !everybodys.has(value))]));
}

function contextOf({ role, subject, memberRole }: Actor): string {
  const context: Record<string, unknown> = { as: role, statement_timeout_ms };
  if (subject) {
    context['organization_id'] = subject.organizationId;
    context['user_id'] = subject.userId;
  }
  if (memberRole !== undefined) context['member_role'] = memberRole;
  return JSON.stringify(context);
}

export function nameOf(actor: Actor): { role: string; actor: string } {
  return { role: actor.role, actor: actor.name };
}

/** An attempt in words that do not depend on ids, words of the fixtures, and times: to compare two of them. */
export function normalised(attempt: Attempt, markers: readonly string[]): string {
  let text = attempt.ok ? JSON.stringify(attempt.rows) : `${attempt.code} ${attempt.text}`;
  for (const marker of markers) text = text.replaceAll(new RegExp(`${marker}[a-z]*`, 'gi'), '<word>');
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?/g, '<time>')
    .replaceAll(/\\\\?x[0-9a-f]+/g, '<bytes>');
}
