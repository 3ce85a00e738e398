/** The master key changed with the real program: beside running servers, killed on the way, on a folder and a server. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { replaceMasterKeyFile } from '../../src/master-keys.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { uuidv7 } from '../../src/platform/core/ids.ts';
import { openPlinth, type Platform } from '../../src/plinth.ts';
import { makeOrganization, type TestOrganization } from '../../src/testing.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { openTestEngine, type TestEngine } from '../support/engines.ts';
import { migratedDataDir } from '../support/migrated-data-dir.ts';
import { compiledCode, freePort } from '../support/processes.ts';
import { type RunningServer, runProgram, startServer } from '../support/program.ts';
import { askAsOwner } from '../support/tenants.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const program = fileURLToPath(new URL('../../bin/plinth.js', import.meta.url));
const hasServer = inject('engines').some(({ name, missing }) => name === 'postgres' && missing === undefined);
const secretOf = (organizationId: string) => ({ organizationId, table: 'event_sources', column: 'secret', rowId: 'r' });

async function sealMany(platform: Platform, count: number): Promise<Map<string, string>> {
  const sealed = new Map<string, string>();
  for (const id of Array.from({ length: count }, () => uuidv7())) {
    sealed.set(id, await platform.keyring.seal(secretOf(id), `secret of ${id}`));
  }
  return sealed;
}

async function expectReadable(env: Record<string, string>, sealed: ReadonlyMap<string, string>): Promise<void> {
  const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }) });
  for (const [id, value] of sealed) {
    expect((await plinth.platform.keyring.open(secretOf(id), value)).toString()).toBe(`secret of ${id}`);
  }
  await plinth.close();
}

/** Makes an event source, which seals its secret; answers its status. */
async function makeSource(url: string, acme: TestOrganization, name: string): Promise<number> {
  const answer = await fetch(`${url}/v1/event-sources`, {
    method: 'POST',
    headers: { authorization: `Bearer ${acme.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, scheme: 'github' }),
  });
  return answer.status;
}

const folder = await migratedDataDir();

describe('plinth keys, on a folder', () => {
  const keyFile = `${folder}-master.key`;
  const env = { PLINTH_DATA: folder, PLINTH_FSYNC: 'off' };
  let sealed: Map<string, string>;
  const keyFiles = () =>
    readdirSync(dirname(folder))
      .filter((name) => name.startsWith(basename(keyFile)))
      .sort();
  beforeAll(async () => {
    const plinth = await openPlinth({ config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error' }), migrate: true });
    sealed = await sealMany(plinth.platform, 30);
    await plinth.close();
  });

  it('a dry run leaves the file; then a new key takes its place and nothing is lost', async () => {
    const text = readFileSync(keyFile, 'utf8');
    const dry = await runProgram(['keys', 'rotate', '--dry-run'], { env });
    expect(dry).toMatchObject({ code: 0 });
    expect(dry.stdout).toBe('30 data keys can be unwrapped, 30 would be wrapped anew; nothing was changed\n');
    expect([readFileSync(keyFile, 'utf8'), keyFiles()]).toEqual([text, [basename(keyFile)]]);

    const rotated = await runProgram(['keys', 'rotate', '--json'], { env });
    expect(rotated).toMatchObject({ code: 0 });
    expect(JSON.parse(rotated.stdout)).toMatchObject({ checked: 30, rewrapped: 30, done: true });
    const next = readFileSync(keyFile, 'utf8');
    expect(next).not.toBe(text);
    expect(keyFiles()).toHaveLength(2);
    for (const name of keyFiles()) expect(statSync(join(dirname(folder), name)).mode & 0o777).toBe(0o600);
    for (const key of [text, next]) expect(rotated.stdout + rotated.stderr + dry.stderr).not.toContain(key.trim());
    await expectReadable(env, sealed);
  });

  it('killed before the database knew of the new file: the server starts, and the command goes on', async () => {
    await replaceMasterKeyFile(loadConfig(env));
    await expectReadable(env, sealed);
    const status = await runProgram(['keys', 'status'], { env });
    expect(status).toMatchObject({ code: 1 });
    expect(status.stdout).toContain('a rotation has not ended: plinth keys rotate');
    const rotated = await runProgram(['keys', 'rotate', '--json'], { env });
    expect(JSON.parse(rotated.stdout)).toMatchObject({ rewrapped: 30, done: true });
    // no third key was made for it
    expect(keyFiles()).toHaveLength(3);
    await expectReadable(env, sealed);
    expect(await runProgram(['keys', 'status'], { env })).toMatchObject({ code: 0 });
  });

  it('beside a running server, which goes on with the new key', async () => {
    const server = await startServer(await freePort(), [], { env });
    try {
      const rotated = await runProgram(['keys', 'rotate', '--json'], { env });
      expect(JSON.parse(rotated.stdout)).toMatchObject({ done: true });
    } finally {
      server.kill('SIGTERM');
      await server.finished;
    }
    await expectReadable(env, sealed);
  });

  it('a key that is configured wants a second one, and says how', async () => {
    const refused = await runProgram(['keys', 'rotate'], { env: { ...env, PLINTH_MASTER_KEY_FILE: keyFile } });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('rotation_key_missing');
  });

  it('reset takes the replaced keys away too', async () => {
    expect(await runProgram(['reset', '--yes'], { env })).toMatchObject({ code: 0 });
    expect(keyFiles()).toEqual([]);
  });

  it('keys create makes a private file once, and prints no key', async () => {
    const file = join(dirname(folder), 'made.key');
    const made = await runProgram(['keys', 'create', file]);
    expect(made).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const text = readFileSync(file, 'utf8');
    expect(made.stdout + made.stderr).not.toContain(text.trim());
    expect(await runProgram(['keys', 'create', file])).toMatchObject({ code: 2 });
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(await runProgram(['keys', 'create'])).toMatchObject({ code: 2 });
    const inside = join(temporaryDataDir(), 'x.key');
    expect(await runProgram(['keys', 'create', inside, '--data', dirname(inside)])).toMatchObject({ code: 3 });
    expect(existsSync(inside)).toBe(false);
  });
});

describe.runIf(hasServer)('plinth keys, on a server', () => {
  const folder = temporaryDataDir();
  const [oldKey, newKey] = [`${folder}-old.key`, `${folder}-new.key`];
  let test: TestEngine;
  let both: Record<string, string>;
  let sealed: Map<string, string>;
  let acme: TestOrganization;
  const servers: RunningServer[] = [];
  beforeAll(async () => {
    test = await openTestEngine('postgres');
    for (const file of [oldKey, newKey]) expect(await runProgram(['keys', 'create', file])).toMatchObject({ code: 0 });
    const env = { DATABASE_URL: String(test.url), PLINTH_DATA: folder };
    const plinth = await openPlinth({
      config: loadConfig({ ...env, PLINTH_LOG_LEVEL: 'error', PLINTH_MASTER_KEY_FILE: oldKey }),
      migrate: true,
    });
    acme = await makeOrganization(plinth.platform, 'Acme');
    sealed = await sealMany(plinth.platform, 1500);
    await plinth.close();
    both = { ...env, PLINTH_MASTER_KEY_FILE: newKey, PLINTH_PREVIOUS_MASTER_KEY_FILE: oldKey };
    for (let n = 0; n < 2; n++) {
      servers.push(await startServer(await freePort(), [], { command: 'serve', env: both }));
    }
  });
  afterAll(async () => {
    for (const server of servers) {
      server.kill('SIGTERM');
      await server.finished;
    }
    await test.close();
  });

  it('killed -9 in the middle and run again, while two servers seal secrets: nothing is lost', async () => {
    const child = spawn(process.execPath, [program, 'keys', 'rotate'], {
      env: { PATH: process.env['PATH'], ...compiledCode(), ...both },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    const fingerprints = () =>
      askAsOwner(
        test.engine,
        `select master_key_fingerprint as name, count(*)::int as n from plinth.encryption_keys group by 1`,
      );
    while ((await fingerprints()).length < 2) {
      expect(child.exitCode).toBeNull();
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    child.kill('SIGKILL');
    await ended;
    expect(await fingerprints()).toHaveLength(2);
    const statuses = [];
    for (const [n, { url }] of servers.entries()) statuses.push(await makeSource(url, acme, `half way ${n}`));
    expect(statuses).toEqual([201, 201]);

    const again = await runProgram(['keys', 'rotate', '--json'], { env: both });
    expect(again).toMatchObject({ code: 0 });
    const result = JSON.parse(again.stdout) as { checked: number; rewrapped: number; done: boolean };
    expect(result).toMatchObject({ checked: 1501, done: true });
    expect(result.rewrapped).toBeLessThan(1501);
    for (const [n, { url }] of servers.entries()) expect(await makeSource(url, acme, `after ${n}`)).toBe(201);
    const { PLINTH_PREVIOUS_MASTER_KEY_FILE: _, ...newAlone } = both;
    await expectReadable(newAlone, sealed);
    const oldAlone = await runProgram(['doctor'], { env: { ...newAlone, PLINTH_MASTER_KEY_FILE: oldKey } });
    expect(oldAlone).toMatchObject({ code: 3 });
    expect(oldAlone.stderr).toContain('master_key_mismatch');
  });
});
