import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

async function run(seconds: number, ms: number) {
  const program = new URL('./fixtures/hanging.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [program, String(seconds), String(ms)]);
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.err += chunk.toString();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, ...said };
}

it('a process that stands still for too long ends itself, and names what it had begun last', async () => {
  const { signal, out, err } = await run(2, 600_000);
  expect({ signal, out }).toEqual({ signal: 'SIGKILL', out: '' });
  expect(JSON.parse(err)).toMatchObject({
    level: 'fatal',
    msg: expect.stringContaining('stood still for 2 s'),
    last_begun: 'report.make 17',
  });
}, 60_000);

it.each([
  ['shorter than that', 20, 1_500],
  ['as long as it likes, where that is off', 0, 2_500],
])(
  'one may stand still %s, and stops without waiting for it',
  async (_how, seconds, ms) => {
    expect(await run(seconds, ms)).toEqual({ code: 0, signal: null, out: 'went on\n', err: '' });
  },
  60_000,
);
