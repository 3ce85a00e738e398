/**
 * The package as its users get it: packed, installed into an empty folder without development dependencies, started,
 * called with a key, stopped. It needs the npm registry (or npm's cache): without either it is skipped and says so, but
 * not under PLINTH_REQUIRE=all, as .ci/run has it. There it runs on the oldest Node that is supported.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAsShown } from '../e2e/console-blocks.ts';
import { asInDocuments, callFirst, shownBelow, untilServing } from '../support/first-call.ts';
import { checkout, type Packed, packInto } from '../support/package.ts';
import { compiledCode, freePort, temporaryFolder } from '../support/processes.ts';

const run = promisify(execFile);
const isRequired = process.env['PLINTH_REQUIRE'] === 'all';
const oldest_node = '22.18.0';
const step_ms_max = 240_000;

let folder = '';
let packed: Packed;
/** Why it can not be tested here. */
let unreachable: string | undefined;
let env: Record<string, string>;

/** What npm needs of our environment to reach the registry and its cache; nothing of `npm test` itself. */
function environment(nodeFolder: string): Record<string, string> {
  const kept =
    /^(HOME|TMPDIR|LANG|NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy|npm_config_(registry|cache|cafile|userconfig))$/i;
  return {
    ...Object.fromEntries(Object.entries(process.env).flatMap(([k, v]) => (kept.test(k) && v ? [[k, v]] : []))),
    ...compiledCode(),
    PATH: `${nodeFolder}${delimiter}${process.env['PATH'] ?? ''}`,
    npm_config_loglevel: 'error',
    npm_config_fund: 'false',
    npm_config_audit: 'false',
  };
}

async function install(into: string, what: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  // npm installs into the next folder above that has a package.json, when this one has none
  writeFileSync(join(into, 'package.json'), '{}\n');
  await run('npm', ['install', what, '--omit=dev', '--prefer-offline'], { cwd: into, env, timeout: step_ms_max });
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const installed = () => join(folder, 'app');
const plinth = (...args: string[]) =>
  run('npx', ['--no-install', 'plinth', ...args], { cwd: installed(), env, timeout: step_ms_max });

beforeAll(async () => {
  folder = temporaryFolder('package');
  env = environment(dirname(process.execPath));
  mkdirSync(join(folder, 'pack'));
  packed = await packInto(join(folder, 'pack'));
  try {
    if (isRequired && process.platform === 'linux') {
      const node = join(folder, 'node');
      await install(node, `node-linux-${process.arch}@${oldest_node}`);
      env = environment(join(node, 'node_modules', '.bin'));
    }
    await install(installed(), packed.tarball);
  } catch (error) {
    const said = String((error as { stderr?: unknown }).stderr ?? error);
    if (isRequired || !/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|E40[13]/.test(said))
      throw error;
    unreachable = `the npm registry can not be reached: ${said.split('\n')[0]}`;
    say(`SKIPPED ${unreachable}`);
  }
}, step_ms_max * 2);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is the same bytes when it is built and packed again elsewhere', { timeout: step_ms_max }, async () => {
  const again = join(folder, 'again');
  mkdirSync(again);
  const second = await packInto(again);
  expect(readFileSync(second.tarball).equals(readFileSync(packed.tarball))).toBe(true);
  say(`packed ${(packed.packed_bytes / 1e6).toFixed(2)} MB, unpacked ${(packed.unpacked_bytes / 1e6).toFixed(1)} MB`);
  expect(packed.packed_bytes).toBeLessThan(5_000_000);
});

it('is a manifest that npm publishes as it stands', async () => {
  const copy = join(folder, 'publish');
  mkdirSync(copy);
  await run('tar', ['-xzf', packed.tarball, '-C', copy, '--strip-components=1']);
  const manifest = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
  // npm would install it for every user: the checkout alone has a Node of its own (tools/node)
  expect(manifest.optionalDependencies).toBeUndefined();
  await run('npm', ['pkg', 'fix'], { cwd: copy, env });
  expect(JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'))).toEqual(manifest);
});

it('refuses a Node that is too old, in words', async () => {
  const built = join(folder, 'pack');
  const old =
    'data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.19.0"}})';
  const refused = await run(process.execPath, ['--import', old, join(built, 'bin', 'plinth.js'), 'version']).catch(
    (error: unknown) => error as { code: number; stderr: string },
  );
  expect(refused).toMatchObject({ code: 3, stderr: expect.stringContaining('22.18 or later is needed') });
});

describe('installed into an empty folder', () => {
  beforeEach(({ skip }) => {
    if (unreachable) skip(unreachable);
  });

  it('starts, takes the first call, shows the demo, stops', { timeout: step_ms_max }, async () => {
    const { stdout: node } = await run('node', ['--version'], { env });
    const port = await freePort();
    const started = performance.now();
    const server = spawn(join(installed(), 'node_modules', '.bin', 'plinth'), ['up', '--port', String(port)], {
      cwd: installed(),
      // as in a terminal
      env: { ...env, PLINTH_LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise((resolve) => server.once('close', resolve));
    try {
      const said = await untilServing(server);
      const { key } = await callFirst(`http://127.0.0.1:${port}`, said);
      const seconds = (performance.now() - started) / 1000;
      say(`package on Node ${node.trim()}: first call ${seconds.toFixed(1)} s after plinth up`);
      expect(key).toMatch(/^plk_/);
      const shown = shownBelow(readFileSync(join(checkout, 'docs/guides/installing.md'), 'utf8'), 'npx plinth up');
      const asShown = asInDocuments(said, join(installed(), '.plinth'), port, shown);
      expect(isAsShown(shown, asShown), `shown:\n${shown}\n\nsaid:\n${asShown}`).toBe(true);

      const source = join(folder, 'source');
      mkdirSync(source);
      writeFileSync(join(source, 'one.ts'), 'export const one = (a: number) => (a > 1 ? a : 1);\n');
      for (const args of [
        ['init', '-q'],
        ['add', '.'],
        ['-c', 'user.name=a', '-c', 'user.email=a@b.c', 'commit', '-qm', '1'],
      ]) {
        execFileSync('git', ['-C', source, ...args]);
      }
      const demo = JSON.parse((await plinth('demo', '--source', source, '--json')).stdout);
      expect(demo).toMatchObject({ webhooks: { sent: 660, sent_again_new: 0 }, tampered: { stored: 0 } });
      expect((await plinth('doctor')).stdout).toContain('ok');
      expect((await plinth('analyze', source)).stdout).toContain('1 files');
    } finally {
      server.kill('SIGTERM');
    }
    expect(await ended).toBe(0);
    expect((await plinth('migrate', 'status')).stdout).not.toContain('pending');
  });

  const program = `
import { openPlinth, type Plinth } from 'plinth';
import { openTestPlinth } from 'plinth/testing';

export async function main(organizationId: string): Promise<Plinth> {
  const plinth = await openPlinth({ migrate: true });
  await plinth.as({ organizationId, memberRole: 'member' }).write((tx) => tx.sql('select 1'));
  const test = await openTestPlinth();
  const { status } = await test.call('GET', '/v1/me');
  // @ts-expect-error: it has a type
  const wrong: string = status;
  console.log(wrong);
  return plinth;
}
`;

  it.each([
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ])(
    'has types under moduleResolution %s, those of its dependencies too',
    { timeout: step_ms_max },
    async (resolution, module) => {
      const file = join(installed(), `${resolution}.mts`);
      writeFileSync(file, program);
      const tsc = join(checkout, 'node_modules', 'typescript', 'bin', 'tsc');
      const options = [
        '--noEmit',
        '--strict',
        '--skipLibCheck',
        'false',
        '--types',
        'node',
        '--target',
        'es2022',
        '--lib',
        'es2024',
      ];
      const { stdout } = await run(
        process.execPath,
        [tsc, ...options, '--module', module, '--moduleResolution', resolution, file],
        { cwd: installed(), env },
      ).catch((error: unknown) => error as { stdout: string });
      expect(stdout).toBe('');
    },
  );
});
