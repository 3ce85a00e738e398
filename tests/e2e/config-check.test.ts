/** `plinth config check` as an operator runs it: what is said, what is never said, and how it ends. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { generateMasterKeyText } from '../../src/platform/core/crypto/index.ts';
import { temporaryDataDir } from '../support/data-dir.ts';
import { runProgram } from '../support/program.ts';

vi.setConfig({ testTimeout: 120_000 });

const folder = dirname(temporaryDataDir());
const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
};
const check = (args: readonly string[] = [], env: Record<string, string> = {}) =>
  runProgram(['config', 'check', ...args], { env });

it('names the value and the source of each setting, and no secret', async () => {
  const key = generateMasterKeyText();
  const keyFile = file('config-key', `${key}\n`);
  const envFile = file('plinth.env', 'DATABASE_URL=postgres://u:hunter2@db/x\nPLINTH_PORT=1234\nPLINTH_POOL_SIZE=7\n');
  const finished = await check(['--env', envFile, '--port', '4700'], {
    PLINTH_MASTER_KEY_FILE: keyFile,
    PLINTH_POOL_SIZE: '9',
  });
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect(finished.stdout).toMatch(new RegExp(`DATABASE_URL +\\(secret\\) +${envFile}`));
  expect(finished.stdout).toMatch(/PLINTH_PORT +4700 +--port/);
  expect(finished.stdout).toMatch(/PLINTH_POOL_SIZE +9 +environment/);
  expect(finished.stdout).toMatch(new RegExp(`PLINTH_MASTER_KEY +\\(secret\\) +${keyFile}`));
  expect(finished.stdout).not.toMatch(/PLINTH_FSYNC/);
  expect(finished.stdout).not.toContain('hunter2');
  expect(finished.stdout).not.toContain(key);
});

it('says everything that is wrong at once, and ends with 1', async () => {
  const finished = await check([], { PLINTH_PROT: '1', PLINTH_FSYNC: 'maybe', DATABASE_URL: 'mysql://u:hunter2@x/y' });
  expect(finished).toMatchObject({ code: 1, stderr: '' });
  expect(finished.stdout).toMatch(/PLINTH_PROT: .*did you mean PLINTH_PORT\?/);
  expect(finished.stdout).toMatch(/PLINTH_FSYNC: "maybe"/);
  expect(finished.stdout).toMatch(/DATABASE_URL: it must begin/);
  expect(finished.stdout).toContain('not valid');
  expect(finished.stdout).not.toContain('hunter2');
});

it('what production lacks is a finding in production only', async () => {
  expect((await check()).code).toBe(0);
  expect((await check(['--production'])).code).toBe(1);
  const finished = await check(['--json'], { NODE_ENV: 'production' });
  expect(finished.code).toBe(1);
  const { valid, production } = JSON.parse(finished.stdout) as { valid: boolean; production: { variable: string }[] };
  expect(valid).toBe(true);
  expect(production.map(({ variable }) => variable)).toEqual(
    expect.arrayContaining(['PLINTH_MASTER_KEY', 'PLINTH_PUBLIC_URL']),
  );
});

it('a file of settings works for every command, and has to be there', async () => {
  const nowhere = file('other.env', 'DATABASE_URL=postgres://u@127.0.0.1:1/x\n');
  const unreachable = await runProgram(['doctor', '--env', nowhere]);
  expect(unreachable).toMatchObject({ code: 3, stdout: '' });
  expect(unreachable.stderr).toContain('127.0.0.1:1/x: nobody listens there');
  expect(await runProgram(['version', '--env', join(folder, 'absent.env')])).toMatchObject({ code: 2, stdout: '' });
  const typo = file('typo.env', 'PLINTH_PROT=1\n');
  expect((await runProgram(['version', '--env', typo])).stderr).toContain('did you mean PLINTH_PORT?');
  const colon = file('colon.env', '# PLINTH_HOST: is a remark\nDATABASE_URL: postgres://u:hunter2@db/x\n');
  const refused = await runProgram(['version', '--env', colon]);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(refused.stderr).toContain('names DATABASE_URL in a line that is no NAME=value');
  expect(refused.stderr).not.toContain('hunter2');
});
