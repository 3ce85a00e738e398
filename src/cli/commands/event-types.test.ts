import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommand } from '../../../tests/support/command.ts';
import { openTestPlinth, type TestOrganization, type TestPlinth } from '../../testing.ts';

let plinth: TestPlinth;
let acme: TestOrganization;
let url: string;
const folder = mkdtempSync(join(tmpdir(), 'plinth-types-'));
beforeAll(async () => {
  plinth = await openTestPlinth();
  acme = await plinth.makeOrganization('Acme');
  ({ url } = await plinth.listen({ host: '127.0.0.1', port: 0 }));
});
afterAll(async () => {
  await plinth.close();
  rmSync(folder, { recursive: true });
});
const fileOf = (value: unknown): string => {
  const file = join(folder, 'types.json');
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
};
const run = (verb: string, ...words: string[]) =>
  runCommand(['event-types', verb, '--url', url, '--key', acme.key, ...words], { config: plinth.config });

it('sets what a file says, and prints a file that says the same', async () => {
  const schema = { type: 'object', required: ['total'], properties: { total: { type: 'integer' } } };
  const file = fileOf([
    { source: 'api', name: 'order.paid', payload_schema: schema, retention_days: 30 },
    { source: 'github', name: 'star.created', is_active: false },
  ]);
  expect(await run('put', file)).toEqual({ exit: 0, out: ['2 set, 0 refused'] });
  expect((await run('put', file)).exit).toBe(0);
  const shown = await run('list');
  expect(shown.out.slice(2)).toEqual([
    expect.stringMatching(/^api +order\.paid +other +version 1 +30 days +yes$/),
    expect.stringMatching(/^github +star\.created +other +none +no$/),
  ]);
  const printed = (await run('list', '--json')).out[0] as string;
  expect(JSON.parse(printed)[0]).toMatchObject({ source: 'api', name: 'order.paid', payload_schema: schema });
  expect((await run('put', fileOf(printed))).out).toEqual(['2 set, 0 refused']);
  expect((await run('list', '--json')).out).toEqual([printed]);
});

it('names each type that is refused, and sets the others', async () => {
  const { exit, out } = await run(
    'put',
    fileOf([
      { source: 'api', name: 'bad.schema', payload_schema: { type: 'nothing' } },
      { source: 'api', name: 'bad.field', colour: 'red' },
      { source: 'nowhere', name: 'a' },
      { source: 'api', name: 'good' },
    ]),
  );
  expect(exit).toBe(1);
  expect(out).toEqual([
    expect.stringMatching(/^refused {2}api bad\.schema: payload_schema_invalid payload_schema/),
    expect.stringMatching(/^refused {2}api bad\.field: invalid_request/),
    expect.stringMatching(/^refused {2}nowhere a: invalid_request/),
    '1 set, 3 refused',
  ]);
});

it('is usage, or what the server answers', async () => {
  for (const value of ['{', [1], [{ source: 'api' }], 'null']) {
    await expect(run('put', fileOf(value))).rejects.toMatchObject({ name: 'UsageError' });
  }
  await expect(run('put')).rejects.toMatchObject({ name: 'UsageError' });
  await expect(run('put', join(folder, 'none'))).rejects.toMatchObject({ name: 'UsageError' });
  expect((await run('list', '--key', 'plk_nonsense')).exit).toBe(3);
});
