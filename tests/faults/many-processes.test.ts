/**
 * Two processes that serve and two that work, on one PostgreSQL. What one of them is told the others hold to within the
 * second, and a mixed load (writes, tasks, events, signed webhooks, reads) outlives the kill -9 of one of each kind.
 * PLINTH_TEST_LOAD_SECONDS of load (10; 600 with PLINTH_FULL=1).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signStandardWebhooks } from '../../src/modules/events/index.ts';
import { issueSignInLink } from '../../src/modules/tenancy/index.ts';
import { modules } from '../../src/modules.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeKey, makeOrganization, makeUser, type TestOrganization } from '../../src/testing.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { compiledCode, freePort } from '../support/processes.ts';
import { printedSeed, seededRandom } from '../support/random.ts';
import { postgres18Folder, startPostgres, type TestServer, withClient } from '../support/server.ts';
import { pause, type Rest, startReader, startSender } from './senders.ts';
import {
  type Answer,
  findLosses,
  type Load,
  orphansSql,
  type StoredRow,
  send,
  startLoad,
  storedRowsSql,
} from './writers.ts';

const load_seconds = Number(process.env['PLINTH_TEST_LOAD_SECONDS'] ?? (process.env['PLINTH_FULL'] ? 600 : 10));
/** Of a process that serves and one that works, spread over the load; the two sides take turns. */
const kills = Math.max(1, Math.floor(load_seconds / 150));
const down_ms = 2_000;
/** Between two requests of a client: some hundred requests a second in all. */
const rest_ms_max = 40;
const hang_ms = 120_000;
const settle_ms_max = 60_000;
/** What a process may go on believing after another was told otherwise. */
const agreement_ms = 1_000;
const lists = [
  '/v1/projects?limit=20',
  '/v1/tasks?limit=20',
  '/v1/events?limit=20',
  '/rest/v1/events?select=type,status&order=occurred_at.desc&limit=20',
  '/rest/v1/tasks?select=status,task_type&status=eq.completed&limit=20',
];
const password = 'the tide is late on thursdays';

const programs = await postgres18Folder();
const script = fileURLToPath(new URL('../support/plinth-process.ts', import.meta.url));

interface Process {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

const alive = new Set<ChildProcess>();

async function startProcess(env: Record<string, string>, ...args: string[]): Promise<Process> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...compiledCode(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  alive.add(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      alive.delete(child);
      isOver = true;
      resolve();
    });
  });
  for (const startedAt = performance.now(); !/^(api {6}http|worker {3}running)/m.test(said); await pause(20)) {
    if (isOver || performance.now() - startedAt > hang_ms) throw new Error(`${args.join(' ')} does not run:\n${said}`);
  }
  return { child, ended };
}

async function kill(one: Process): Promise<void> {
  one.child.kill('SIGKILL');
  await one.ended;
}

describe.skipIf(programs === undefined)('several processes on one server', () => {
  let postgres: TestServer;
  let env: Record<string, string>;
  let acme: TestOrganization;
  let person: { email: string; linkToken: string };
  let revocable: { id: string; key: string };
  const notes = join(temporaryDataDir(), '..', `notes-${process.pid}`);
  const ports: number[] = [];
  const servers: Process[] = [];
  const workers: Process[] = [];

  beforeAll(async () => {
    postgres = await startPostgres(programs as string, { fsync: true });
    await withClient(postgres.url, (client) => client.query('create database many'));
    writeFileSync(notes, '');
    env = {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: postgres.url.replace('/postgres?', '/many?'),
      PLINTH_DATA: temporaryDataDir(),
      PLINTH_LOG_LEVEL: 'error',
      PLINTH_TEST_NOTES: notes,
    };
    const plinth = await openPlinth({ config: loadConfig(env), modules, migrate: true });
    const { platform } = plinth;
    acme = await makeOrganization(platform, 'Acme');
    revocable = await makeKey(platform, { organizationId: acme.id, userId: acme.userId });
    const { email } = await makeUser(platform, { organizationId: acme.id, role: 'member' });
    person = { email, linkToken: (await issueSignInLink(platform, email))?.token as string };
    await plinth.close();
    for (let at = 0; at < 2; at++) {
      ports.push(await freePort());
      servers.push(await startProcess(env, 'serve', String(ports[at])));
      workers.push(await startProcess(env, 'work'));
    }
  }, hang_ms);
  afterAll(async () => {
    for (const child of alive) child.kill('SIGKILL');
    await postgres?.stop();
  });

  const target = (at: number, key = acme.key) => ({ url: `http://127.0.0.1:${ports[at]}`, key });
  const ask = (at: number, method: string, path: string, body?: unknown, key?: string): Promise<Answer> =>
    send(target(at, key), method, path, body === undefined ? {} : { body });
  const query = async <R>(sql: string): Promise<R[]> =>
    withClient(
      postgres.adminUrl.replace('/postgres?', '/many?'),
      async (client) => (await client.query(sql)).rows as R[],
    );

  /** A call with a session's cookie, as a browser makes it. */
  async function browse(at: number, method: string, path: string, cookie?: string, body?: unknown) {
    const origin = `http://127.0.0.1:${ports[at]}`;
    return await fetch(`${origin}${path}`, {
      method,
      headers: {
        origin,
        ...(cookie === undefined ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
  const cookieOf = (response: Response) => String(response.headers.getSetCookie()[0]).split(';')[0];

  it('a key revoked on one is refused on the other', { timeout: hang_ms }, async () => {
    for (const at of [0, 1]) expect((await ask(at, 'GET', '/v1/projects', undefined, revocable.key)).status).toBe(200);
    expect((await ask(0, 'DELETE', `/v1/api-keys/${revocable.id}`)).status).toBe(204);
    await pause(agreement_ms);
    for (const at of [0, 1]) expect((await ask(at, 'GET', '/v1/projects', undefined, revocable.key)).status).toBe(401);
  });

  it('a session begun on one holds on both, and ends on both', { timeout: hang_ms }, async () => {
    const signedIn = await browse(0, 'POST', '/v1/sign-in/link', undefined, { token: person.linkToken, password });
    expect(signedIn.status).toBe(200);
    const cookie = cookieOf(signedIn);
    for (const at of [0, 1]) expect((await browse(at, 'GET', '/v1/me', cookie)).status).toBe(200);
    expect((await browse(0, 'POST', '/v1/sign-out/everywhere', cookie)).status).toBe(200);
    await pause(agreement_ms);
    for (const at of [0, 1]) expect((await browse(at, 'GET', '/v1/me', cookie)).status).toBe(401);
  });

  it('wrong passwords are counted together', { timeout: hang_ms }, async () => {
    const guess = (at: number) =>
      browse(at, 'POST', '/v1/sign-in', undefined, { email: person.email, password: 'not this one either' });
    // five are free; neither process has seen so many
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await guess(n % 2)).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401]);
    const refused = await Promise.all([guess(0), guess(1)]);
    expect(refused.map(({ status }) => status)).toEqual([429, 429]);
  });

  it('a task enqueued on one process wakes the workers in the others', { timeout: hang_ms }, async () => {
    const startedAt = performance.now();
    for (let n = 0; n < 25; n++) {
      const { text } = await ask(n % 2, 'POST', '/v1/tasks', { task_type: 'probe' });
      const { id } = JSON.parse(text) as { id: string };
      while (JSON.parse((await ask(0, 'GET', `/v1/tasks/${id}`)).text).status !== 'completed') await pause(20);
    }
    // half a lease, 5 s, is the longest sleep: found by looking, these would take a minute
    expect(performance.now() - startedAt).toBeLessThan(40_000);
  });

  /** What arrives as a project's writes, events by key and by signed webhook, and tasks; and reads of all of it. */
  async function startEverything(random: () => number) {
    const rest: Rest = () => pause(random() * rest_ms_max);
    const made = await ask(0, 'POST', '/v1/event-sources', { name: 'Load', scheme: 'standard_webhooks' });
    expect(made.status, made.text).toBe(201);
    const { hook_path, secret } = JSON.parse(made.text) as { hook_path: string; secret: string };
    const both = [target(0), target(1)];
    const unsigned = both.map(({ url }) => ({ url }));
    const hookOf = (id: string) => {
      const body = { type: 'load.hooked', id };
      return {
        path: hook_path,
        body,
        headers: signStandardWebhooks(JSON.stringify(body), secret, { at: new Date(), id }),
      };
    };
    const eventOf = (id: string) => ({ path: '/v1/events', body: { id, type: 'load.sent', payload: { id } } });
    const taskOf = (id: string) => ({ path: '/v1/tasks', body: { task_type: 'probe', idempotency_key: id } });
    const loads: Load[] = [];
    const load = (at: number, name: string) => loads.push(startLoad(target(at), random, name, 2, rest));
    load(0, 'left');
    load(1, 'right');
    const drawn = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)];
    return {
      load,
      writes: () => loads.flatMap(({ writes }) => writes),
      events: startSender(both, 'event', rest, eventOf),
      hooks: startSender(unsigned, 'hook', rest, hookOf),
      tasks: [startSender(both, 'task-a', rest, taskOf), startSender(both, 'task-b', rest, taskOf)],
      reader: startReader(both, lists, random, rest, () => drawn(drawn(loads)?.writes ?? [])),
      async stop() {
        for (const one of loads) one.stop();
        await Promise.all(loads.map(({ stopped }) => stopped));
        await Promise.all([this.events, this.hooks, ...this.tasks, this.reader].map((one) => one.stop()));
      },
    };
  }

  async function killAndStart(at: number): Promise<void> {
    await kill(servers[at] as Process);
    await kill(workers[at] as Process);
    await pause(down_ms);
    servers[at] = await startProcess(env, 'serve', String(ports[at]));
    workers[at] = await startProcess(env, 'work');
  }

  it(`${load_seconds} s of mixed load outlive ${kills} ${kills === 1 ? 'kill' : 'kills'} of each kind`, {
    timeout: load_seconds * 1_000 + 2 * hang_ms,
  }, async () => {
    const subscription = { name: 'Load', names: ['load.*'], target: { task_type: 'probe' } };
    const subscribed = await ask(0, 'POST', '/v1/event-subscriptions', subscription);
    expect(subscribed.status, subscribed.text).toBe(201);
    const startedAt = performance.now();
    const until = (part: number) => pause(Math.max(0, startedAt + load_seconds * 1_000 * part - performance.now()));
    const load = await startEverything(seededRandom(printedSeed('mixed load')));
    for (let n = 0; n < kills; n++) {
      await until((n + 1) / (kills + 1));
      await killAndStart(n % 2);
      // the writers of the killed process have stopped with it; those of the other have not
      load.load(n % 2, `again-${n}`);
    }
    await until(1);
    await load.stop();

    const writes = load.writes();
    expect(findLosses(writes, await query<StoredRow>(storedRowsSql(acme.id)))).toEqual([]);
    expect(await query(orphansSql(acme.id))).toEqual([{ audits: 0, activities: 0 }]);
    expect(load.reader.problems).toEqual([]);

    const received = [
      { type: 'load.sent', sent: load.events.sent },
      { type: 'load.hooked', sent: load.hooks.sent },
    ];
    for (const { type, sent } of received) {
      expect(sent.filter(({ acknowledged }) => !acknowledged)).toEqual([]);
      const stored = await query<{ id: string; times: number }>(
        `select external_id as id, count(*)::int as times from plinth.events
           where organization_id = '${acme.id}' and type = '${type}' group by external_id`,
      );
      expect(stored.filter(({ times }) => times !== 1)).toEqual([]);
      expect(stored.map(({ id }) => id).sort()).toEqual(sent.map(({ id }) => id).sort());
    }

    const events = load.events.sent.length + load.hooks.sent.length;
    const tasks = load.tasks.flatMap(({ sent }) => sent);
    expect(tasks.filter(({ acknowledged }) => !acknowledged)).toEqual([]);
    await everythingSettles();
    expect(await runTwice()).toEqual([]);
    const counts = await query(
      `select status, count(*) filter (where idempotency_key like 'task-%')::int as sent,
              count(*) filter (where payload ? 'event')::int as of_events
       from plinth.tasks where organization_id = '${acme.id}' and idempotency_key is not null group by status`,
    );
    expect(counts).toEqual([{ status: 'completed', sent: tasks.length, of_events: events }]);
    const processed = await query(
      `select status, count(*)::int as events from plinth.events
       where organization_id = '${acme.id}' and type like 'load.%' group by status`,
    );
    expect(processed).toEqual([{ status: 'processed', events }]);
    const { answered, unanswered } = load.reader;
    process.stdout.write(
      `${load_seconds} s, ${kills} kills of each kind: ${writes.length} writes, ${load.events.sent.length} events, ` +
        `${load.hooks.sent.length} webhooks, ${tasks.length} tasks, ${answered} reads (${unanswered} met no process)\n`,
    );
    expect(Math.min(writes.length, load.events.sent.length, load.hooks.sent.length, tasks.length)).toBeGreaterThan(
      load_seconds,
    );
    expect(answered).toBeGreaterThan(load_seconds);
  });

  async function everythingSettles(): Promise<void> {
    const open = () =>
      query<{ open: number }>(
        `select (select count(*) from plinth.tasks where status not in ('completed', 'failed', 'cancelled'))::int
              + (select count(*) from plinth.events where status in ('pending', 'processing'))::int as open`,
      );
    for (const startedAt = performance.now(); ; await pause(100)) {
      const [row] = await open();
      if (row?.open === 0) return;
      if (performance.now() - startedAt > settle_ms_max) throw new Error(`${row?.open} tasks do not end`);
    }
  }

  /** Tasks of which one attempt ran twice, or that began again after they were completed. */
  async function runTwice(): Promise<string[]> {
    const completed = new Map(
      (
        await query<{ id: string; at: Date }>(
          `select id, completed_at as at from plinth.tasks where task_type = 'probe'`,
        )
      ).map(({ id, at }) => [id, at.getTime()]),
    );
    const started = new Set<string>();
    return readFileSync(notes, 'utf8')
      .trim()
      .split('\n')
      .flatMap((line) => {
        const [what, id = '', attempt, at] = line.split(' ');
        if (what !== 'start') return [];
        const again = started.has(`${id} ${attempt}`) || Number(at) > (completed.get(id) ?? 0);
        started.add(`${id} ${attempt}`);
        return again ? [line] : [];
      });
  }
});
