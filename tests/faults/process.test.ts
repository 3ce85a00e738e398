/** One process on a data folder: who else is refused, who gets in through the control socket, how it stops. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/platform/core/config.ts';
import { openPlinth } from '../../src/plinth.ts';
import { makeOrganization, makeUser, type TestOrganization } from '../../src/testing.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { freePort } from '../support/processes.ts';
import { callControl, type RunningServer, runProgram, startServer } from '../support/program.ts';

const data = await migratedDataDir();
let port: number;
let acme: TestOrganization;
let forgetful: string;
let server: RunningServer | undefined;

beforeAll(async () => {
  port = await freePort();
  const plinth = await openPlinth({
    config: loadConfig({ PLINTH_DATA: data, PLINTH_FSYNC: 'off', PLINTH_LOG_LEVEL: 'error' }),
    migrate: true,
  });
  acme = await makeOrganization(plinth.platform, 'Acme');
  forgetful = (await makeUser(plinth.platform, { organizationId: acme.id, role: 'member' })).email;
  await plinth.close();
});
afterAll(() => server?.kill('SIGKILL'));

const up = async (env: Record<string, string> = {}, command = 'up'): Promise<RunningServer> => {
  server = await startServer(port, ['--data', data], { command, env: { PLINTH_FSYNC: 'off', ...env } });
  return server;
};
const control = () => JSON.parse(readFileSync(join(data, 'control'), 'utf8')) as { socket: string; pid: number };

describe('beside a running server', () => {
  beforeAll(async () => {
    await up();
  });

  it.each([['up'], ['serve'], ['work'], ['migrate up'], ['migrate down --yes'], ['migrate status'], ['reset --yes']])(
    '%s is refused and names its pid',
    async (command) => {
      const other = await runProgram([...command.split(' '), '--data', data]);
      expect(other).toMatchObject({ code: 3, stdout: '' });
      expect(other.stderr).toContain('data_folder_in_use');
      expect(other.stderr).toContain(`process ${server?.pid} has it open`);
      expect((await fetch(`${server?.url}/readyz`)).status).toBe(200);
    },
  );

  it('commands that share run inside it', async () => {
    const rows = await runProgram(['sql', 'select slug from organizations', '--json', '--data', data]);
    expect(rows).toMatchObject({ code: 0, stderr: '', stdout: '[{"slug":"acme"}]\n' });
    const doctor = await runProgram(['doctor', '--data', data]);
    expect(doctor).toMatchObject({ code: 0, stderr: '' });
  });

  it('a command that fails there fails here: words, exit code, nothing on standard output', async () => {
    const wrong = await runProgram(['sql', 'select nothing', '--json', '--data', data]);
    expect(wrong.stdout).toBe('');
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).not.toMatch(/\n\s+at |node:internal/);
    expect(wrong.stderr).toContain('column "nothing" does not exist');
    for (const [statement, why] of [
      ['selct 1', 'syntax error at or near "selct"'],
      ['select * from tassks', 'relation "tassks" does not exist'],
      ['select 1/0', 'division by zero'],
      ["select 'x'::uuid", 'invalid input syntax for type uuid'],
      ['delete from tasks', 'cannot execute DELETE in a read-only transaction'],
    ] as const) {
      const { code, stdout, stderr } = await runProgram(['sql', statement, '--data', data]);
      expect({ code, stdout }, statement).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain(why);
      expect(stderr).toContain('statement_refused');
    }
    expect(await runProgram(['sql', '--organization', 'nobody', 'select 1', '--data', data])).toMatchObject({
      code: 2,
      stdout: '',
    });
  });

  it('a forgotten password: the operator makes a link that works once', async () => {
    const made = await runProgram(['members', 'link', forgetful, '--json', '--data', data]);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const { link } = JSON.parse(made.stdout) as { link: string };
    expect(link.startsWith(`${server?.url}/#plo_`)).toBe(true);
    const redeem = async (password: string) =>
      (
        await fetch(`${server?.url}/v1/sign-in/link`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin: String(server?.url) },
          body: JSON.stringify({ token: link.split('#')[1], password }),
        })
      ).status;
    expect([await redeem('a new one, well remembered'), await redeem('a second new one')]).toEqual([200, 401]);
    const nobody = await runProgram(['members', 'link', 'nobody@example.org', '--data', data]);
    expect(nobody).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no active account') });
  });

  it('a statement leaves nothing behind on the connection that serves requests', async () => {
    const { socket } = control();
    const sql = (text: string) => callControl(socket, ['sql', '--json', text]);
    expect(await sql(`select set_config('plinth.left_behind', 'x', false) as set`)).toMatchObject({ exit: 0 });
    await sql('set role plinth_owner');
    await sql('set statement_timeout = 1');
    expect(await sql(`select current_setting('plinth.left_behind', true) as value`)).toMatchObject({
      out: expect.stringMatching(/null|""/),
    });
    expect(await sql('select current_user::text as role, count(*)::int as n from organizations')).toMatchObject({
      out: '[{"role":"plinth_readonly","n":1}]',
    });
  });

  it('its socket is for its user only', () => {
    const { socket, pid } = control();
    expect(pid).toBe(server?.pid);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, 'control')).mode & 0o777).toBe(0o600);
    expect(statSync(data).mode & 0o777).toBe(0o700);
  });

  it('nothing that would take the folder runs through the socket, whatever is sent', async () => {
    const { socket } = control();
    for (const argv of [['up'], ['reset', '--yes'], ['migrate', 'down', '--all', '--yes'], ['nonsense'], []]) {
      expect(await callControl(socket, argv)).toMatchObject({ exit: 2, out: '' });
    }
    expect((await fetch(`${server?.url}/readyz`)).status).toBe(200);
  });

  it('after kill -9 the socket that is left is not believed', { timeout: 90_000 }, async () => {
    server?.kill('SIGKILL');
    await server?.finished;
    const { socket } = control();
    expect(existsSync(socket)).toBe(true);
    const rows = await runProgram(['sql', 'select slug from organizations', '--json', '--data', data]);
    expect(rows).toMatchObject({ code: 0, stdout: '[{"slug":"acme"}]\n' });
    const invited = await runProgram(['members', 'invite', 'eve@example.org', '--json', '--data', data], {
      env: { PLINTH_PUBLIC_URL: 'https://example.com/plinth' },
    });
    expect(JSON.parse(invited.stdout).link).toMatch(/^https:\/\/example\.com\/plinth\/invitation#pli_/);
    await up();
    expect(await callControl(control().socket, ['version'])).toMatchObject({ exit: 2 });
    expect(await callControl(control().socket, ['sql', '--json', 'select 1 as one'])).toMatchObject({
      exit: 0,
      out: '[{"one":1}]',
    });
    server?.kill('SIGTERM');
    expect(await server?.finished).toMatchObject({ code: 0 });
  });
});

describe('SIGTERM', () => {
  it('says so at /readyz first, finishes what is in flight, takes nothing new, and ends with 0', async () => {
    const { url, finished, kill } = await up({ PLINTH_DRAIN_NOTICE_MS: '1500' });
    const inFlight = await beginPost('{"name":"In flight",');
    const answered = read(inFlight);
    kill('SIGTERM');
    const ready = await until(async () => {
      const answer = await fetch(`${url}/readyz`);
      return answer.status === 503 ? answer : undefined;
    });
    expect(await ready.json()).toMatchObject({ code: 'too_busy', detail: 'shutting down' });
    // all else is still served while the balancer has not noticed
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await until(async () => ((await fetch(`${url}/healthz`).catch(() => undefined)) === undefined ? true : undefined));
    inFlight.write('"slug":"in-flight"}');
    const completedAt = performance.now();
    expect(await answered).toMatch(/^HTTP\/1\.1 201 /);
    // answered, the connection is closed: kept alive it would last until the deadline of 10 s
    expect(performance.now() - completedAt).toBeLessThan(8_000);
    expect(await finished).toMatchObject({ code: 0, signal: null });
    expect(existsSync(join(data, 'control'))).toBe(false);
    expect(existsSync(join(data, 'plinth.lock'))).toBe(false);
    const rows = await runProgram(['sql', 'select slug from projects', '--json', '--data', data]);
    expect(rows).toMatchObject({ code: 0, stdout: '[{"slug":"in-flight"}]\n' });
  });

  it('ends at once where nothing is in flight', async () => {
    const { finished, kill } = await up({}, 'serve');
    const startedAt = performance.now();
    kill('SIGTERM');
    expect(await finished).toMatchObject({ code: 0 });
    // the deadline is 10 s: a timer that is left behind would keep the process until then
    expect(performance.now() - startedAt).toBeLessThan(9_000);
  });

  it('does not wait for a client that never finishes its request', async () => {
    const { finished, kill } = await up();
    const stuck = await beginPost('{"name":');
    kill('SIGTERM');
    expect(await finished).toMatchObject({ code: 0 });
    stuck.destroy();
  });

  function beginPost(beginning: string): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          `POST /v1/projects HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${acme.key}\r\n` +
            `Content-Type: application/json\r\nContent-Length: ${'{"name":"In flight","slug":"in-flight"}'.length}\r\n\r\n${beginning}`,
        );
        // the server has the headers once it answers somebody who came later
        fetch(`http://127.0.0.1:${port}/healthz`).then(() => resolve(socket), reject);
      });
      socket.on('error', () => undefined);
    });
  }
});

function read(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.once('close', () => resolve(text));
  });
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 1_000; tries++) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not come');
}
