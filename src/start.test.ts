import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Prints what of the packages is loaded once the program is, as `typebox/value` where it is one of several parts. */
const listing = `
  import { registerHooks } from 'node:module';
  const loaded = new Set();
  registerHooks({ resolve: (specifier, context, next) => (loaded.add(specifier), next(specifier, context)) });
  await import(${JSON.stringify(new URL('./plinth.ts', import.meta.url).href)});
  console.log(JSON.stringify([...loaded]));`;

it('a start loads none of what most commands never use', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=plinth-source', '--input-type=module', '--eval', listing],
    { maxBuffer: 2 ** 24 },
  );
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded).toContain('typebox');
  const unused = [
    'fastify',
    '@fastify/swagger',
    'prom-client',
    'kysely',
    'typebox/value',
    'typebox/compile',
    'typebox/schema',
  ];
  expect(loaded.filter((specifier) => unused.includes(specifier))).toEqual([]);
});
