/** A Plinth over a test's engine, and the few steps with which most tests of modules begin. */
import { randomBytes } from 'node:crypto';
import { auditModule } from '../../src/modules/audit/index.ts';
import { projectsModule } from '../../src/modules/projects/index.ts';
import { issueFirstRunLink, issueSignInLink, tenancyModule } from '../../src/modules/tenancy/index.ts';
import { type Clock, systemClock } from '../../src/platform/core/clock.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import type { ModuleDefinition } from '../../src/platform/module.ts';
import { platformModule } from '../../src/platform/platform-module.ts';
import {
  openTestPlinth,
  type TestAnswer,
  type TestJson,
  type TestPlinth,
  type TestPlinthOptions,
} from '../../src/testing.ts';

export const HOST = 'localhost:4600';
export const PASSWORD = 'correct horse battery staple';
export const baseModules: readonly ModuleDefinition[] = [platformModule, auditModule, tenancyModule, projectsModule];

/** A clock that runs, and can be held still and put forward. */
export interface TestClock extends Clock {
  advance(ms: number): void;
  hold(): void;
}

export function makeTestClock(): TestClock {
  let ahead = 0;
  let held: number | undefined;
  return {
    now: () => new Date((held ?? Date.now()) + ahead),
    sleep: systemClock.sleep,
    hold: () => {
      held ??= Date.now();
    },
    advance: (ms) => {
      ahead += ms;
    },
  };
}

/** A value of an answer that is to be text. */
export function text(value: TestJson | undefined): string {
  if (typeof value !== 'string') throw new Error(`not text: ${JSON.stringify(value)}`);
  return value;
}

/** A Plinth on an engine of the tests, whose clock can be put forward. */
export interface ClockedPlinth extends TestPlinth {
  readonly clock: TestClock;
}

/** Opens a Plinth on the database of a test; close it in `afterAll`. */
export async function openPlinthOn(
  engine: Engine,
  modules = baseModules,
  { net, config }: Pick<TestPlinthOptions, 'net' | 'config'> = {},
): Promise<ClockedPlinth> {
  const clock = makeTestClock();
  const plinth = await openTestPlinth({
    engine,
    modules,
    clock,
    config: { publicUrl: 'https://plinth.example', ...config },
    ...(net ? { net } : {}),
  });
  return { ...plinth, clock };
}

export interface FirstRun {
  readonly userId: string;
  readonly email: string;
  readonly organizationId: string;
  readonly slug: string;
  /** The owner's API key, with all rights. */
  readonly key: string;
  readonly cookie: string;
}

/** The first administrator and their organization, through the link, as on a new installation. */
export async function firstRun(plinth: ClockedPlinth): Promise<FirstRun> {
  const link = await issueFirstRunLink(plinth.platform);
  if (!link) throw new Error('there is an administrator already');
  const email = 'ada@example.org';
  const made = await plinth.call('POST', '/v1/first-run', {
    body: { token: link.token, email, password: PASSWORD, full_name: 'Ada Lovelace', organization_name: 'Acme' },
  });
  if (made.status !== 201) throw new Error(made.text);
  const { body } = made;
  return {
    userId: text(body['user_id']),
    email,
    organizationId: text(body['organization']?.['id']),
    slug: text(body['organization']?.['slug']),
    key: text(body['api_key']?.['key']),
    cookie: cookieOf(made),
  };
}

/** The session cookie an answer sets, as a browser sends it back. */
export function cookieOf(answer: TestAnswer): string {
  const [cookie] = [answer.headers['set-cookie']].flat();
  return String(cookie).split(';')[0]!;
}

export interface TestPerson {
  readonly userId: string;
  readonly email: string;
  readonly cookie: string;
  /** A key of theirs with all they may do. */
  readonly key: string;
}

/** A person with a role in the organization of `by`, signed in, and with a key unless they are a viewer. */
export async function addPerson(plinth: ClockedPlinth, by: { key: string }, role: string): Promise<TestPerson> {
  const email = `${role}-${randomBytes(4).toString('hex')}@example.org`;
  const joined = await joinByInvitation(plinth, by, email, role, { full_name: `A ${role}`, password: PASSWORD });
  const cookie = cookieOf(joined);
  const key = role === 'viewer' ? '' : await makeKey(plinth, cookie, text(joined.body['organization_id']));
  return { userId: text(joined.body['user_id']), email, cookie, key };
}

/** Invites an address and follows the link: with a password, or as the person of the cookie. */
export async function joinByInvitation(
  plinth: ClockedPlinth,
  by: { key: string },
  email: string,
  role: string,
  how: { password: string; full_name?: string } | { cookie: string },
): Promise<TestAnswer> {
  const invited = await plinth.call('POST', '/v1/invitations', { key: by.key, body: { email, role } });
  if (invited.status !== 201) throw new Error(invited.text);
  const { token } = invited.body;
  const joined = await ('cookie' in how
    ? plinth.call('POST', '/v1/invitations/accept', { cookie: how.cookie, body: { token } })
    : plinth.call('POST', '/v1/invitations/accept', { body: { token, ...how } }));
  if (joined.status !== 200) throw new Error(joined.text);
  return joined;
}

async function makeKey(plinth: ClockedPlinth, cookie: string, organization: string): Promise<string> {
  const made = await plinth.call('POST', '/v1/api-keys', { cookie, organization, body: { name: 'test' } });
  if (made.status !== 201) throw new Error(made.text);
  return text(made.body['key']);
}

export async function signInByLink(plinth: ClockedPlinth, email: string): Promise<string> {
  const link = await issueSignInLink(plinth.platform, email);
  if (!link) throw new Error(`no account ${email}`);
  const answer = await plinth.call('POST', '/v1/sign-in/link', { body: { token: link.token, password: PASSWORD } });
  if (answer.status !== 200) throw new Error(answer.text);
  return cookieOf(answer);
}

/** One more organization with an owner of its own, for the questions one tenant must not get answered by another. */
export async function addOrganization(plinth: ClockedPlinth, name: string, email: string): Promise<FirstRun> {
  const [person] = await plinth.owner<{ id: string }>('select plinth.ensure_user($1, $2, now()) as id', [email, name]);
  const cookie = await signInByLink(plinth, email);
  const made = await plinth.call('POST', '/v1/organizations', { cookie, body: { name } });
  if (made.status !== 201) throw new Error(made.text);
  const organizationId = text(made.body['id']);
  return {
    userId: person?.id as string,
    email,
    organizationId,
    slug: text(made.body['slug']),
    key: await makeKey(plinth, cookie, organizationId),
    cookie,
  };
}
