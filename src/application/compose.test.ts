import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Type } from 'typebox';
import { afterAll, describe, expect, it } from 'vitest';
import { modules as builtInModules } from '../modules.ts';
import { composeApplication } from './compose.ts';
import { type ApplicationInput, definePlinth, type ModuleInput } from './define.ts';
import { findApplicationFile, loadApplication } from './load.ts';

const invoices: ModuleInput = { name: 'invoices', description: 'What is owed.', dependsOn: ['tenancy'] };
const compose = (input: ApplicationInput) => composeApplication(definePlinth(input));
const names = (input: ApplicationInput) => compose(input).modules.map(({ name }) => name);
const refusal = (input: unknown) => {
  try {
    compose(input as ApplicationInput);
  } catch (error) {
    return error as { code: string; detail?: string; errors?: { path: string; message: string }[] };
  }
  throw new Error('it was accepted');
};

describe('an application', () => {
  const builtIn = builtInModules.map(({ name }) => name);

  it('is Plinth where nothing is said', () => {
    expect(names({})).toEqual(builtIn);
  });

  it('has its own modules after those they depend on, whatever order they come in', () => {
    const later: ModuleInput = { name: 'reminders', description: 'x', dependsOn: ['invoices'] };
    expect(names({ modules: { reminders: later, invoices } })).toEqual([...builtIn, 'invoices', 'reminders']);
  });

  it('has tasks, routes and hooks without a module', () => {
    const application = compose({ tasks: { greet: () => 'hello' }, hooks: { 'projects.create': { after() {} } } });
    const app = application.modules.at(-1);
    expect(app).toMatchObject({ name: 'app', tasks: { greet: { description: 'greet' } } });
    expect(application.own).toEqual([]);
  });

  it('leaves out what is switched off', () => {
    const { modules, known, off } = compose({ modules: { analysis: false } });
    expect(modules.map(({ name }) => name)).toEqual(builtIn.filter((name) => name !== 'analysis'));
    expect([known.length, off]).toEqual([builtIn.length, ['analysis']]);
  });

  it.each<[string, unknown, string, string]>([
    [
      'a module Plinth needs is off',
      { modules: { tenancy: false } },
      'module_dependency',
      'Plinth itself needs tenancy',
    ],
    ['what another needs is off', { modules: { events: false } }, 'module_dependency', 'deliveries depends on it'],
    [
      'one of its own needs it',
      { modules: { analysis: false, invoices: { ...invoices, dependsOn: ['analysis'] } } },
      'module_dependency',
      'which is switched off',
    ],
    [
      'what it depends on is not there',
      { modules: { invoices: { ...invoices, dependsOn: ['ledger'] } } },
      'module_dependency',
      'ledger, which is not there',
    ],
    [
      'a circle',
      {
        modules: {
          a1: { ...invoices, name: 'a1', dependsOn: ['b1'] },
          b1: { ...invoices, name: 'b1', dependsOn: ['a1'] },
        },
      },
      'module_dependency',
      'wait for each other: a1, b1',
    ],
    [
      'a misspelt module is off',
      { modules: { anaylsis: false } },
      'application_invalid',
      'there are workflows, events, deliveries, analysis',
    ],
    [
      'a module of our name',
      { modules: { projects: { ...invoices, name: 'projects' } } },
      'module_conflict',
      'the module projects is there already',
    ],
    [
      'a table of ours',
      { modules: { invoices: { ...invoices, tables: { tasks: {} } } } },
      'module_conflict',
      "the table tasks of invoices belongs to Plinth's own module tasks",
    ],
    [
      'a table of a module that is off',
      { modules: { analysis: false, invoices: { ...invoices, tables: { issues: {} } } } },
      'module_conflict',
      'table issues',
    ],
    [
      'a permission of ours',
      { modules: { invoices: { ...invoices, permissions: { 'tasks:read': { description: 'x', roles: [] } } } } },
      'module_conflict',
      'permission tasks:read',
    ],
    [
      'a task type twice',
      {
        modules: { invoices: { ...invoices, tasks: { pay: { description: 'x', run: async () => 1 } } } },
        tasks: { pay: () => 1 },
      },
      'module_conflict',
      'the task type pay of app belongs to the module invoices',
    ],
    [
      'an unknown hook point',
      { hooks: { 'project.create': { before() {} } } },
      'application_invalid',
      'there are events.check_notification, events.check_target, events.collect, events.deliver, events.notify, members.add',
    ],
    ['a hook that is none', { hooks: { 'projects.create': { befor() {} } } }, 'application_invalid', 'is not a hook'],
    [
      'an unknown field',
      { module: {} },
      'application_invalid',
      'there are modules, tasks, workflows, routes, hooks, settings',
    ],
    ['another name than its key', { modules: { bills: invoices } }, 'application_invalid', 'they are the same'],
    [
      'a folder that is not there',
      { modules: { invoices: { ...invoices, migrations: new URL('file:///nowhere/at/all/') } } },
      'application_invalid',
      'there is no folder',
    ],
    [
      'settings of nobody',
      { settings: { invoices: {} } },
      'application_invalid',
      'no module of this name declares settings',
    ],
  ])('is refused: %s', (_what, input, code, words) => {
    const error = refusal(input);
    expect([error.code, error.detail]).toEqual([code, expect.stringContaining(words)]);
  });

  it('says everything that is wrong at once', () => {
    const { errors } = refusal({ modules: { invoices: { name: 'In voices', dependson: [] } }, tasks: { Pay: 1 } });
    expect(errors?.map(({ path }) => path)).toEqual([
      '/modules/invoices/dependson',
      '/modules/invoices/name',
      '/modules/invoices/description',
      '/modules/invoices/dependsOn',
      '/tasks/Pay',
      '/tasks/Pay',
    ]);
  });

  it('fills in the defaults of settings and refuses what does not fit', () => {
    const settings = Type.Object({
      currency: Type.String({ default: 'EUR', pattern: '^[A-Z]{3}$' }),
      days: Type.Integer({ default: 14, minimum: 1 }),
    });
    const modules = { invoices: { ...invoices, settings } };
    expect(compose({ modules, settings: { invoices: { days: 30 } } }).settings.get('invoices')).toEqual({
      currency: 'EUR',
      days: 30,
    });
    const { errors } = refusal({ modules, settings: { invoices: { days: 0, curency: 'USD' } } });
    expect(errors).toEqual([
      { path: '/settings/invoices/days', message: 'must be >= 1' },
      { path: '/settings/invoices/curency', message: 'there is no such setting; there are currency, days' },
    ]);
  });
});

describe('an application file', () => {
  const folders: string[] = [];
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });
  const define = new URL('./define.ts', import.meta.url).href;
  async function folderWith(files: Record<string, string>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'plinth-app-'));
    folders.push(folder);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    return folder;
  }
  const good = `import { definePlinth } from '${define}';\nexport default definePlinth({ tasks: { greet: () => 'hi' } });\n`;

  it.each(['plinth.config.ts', 'plinth.config.js', 'plinth.config.mjs'])('is found: %s', async (name) => {
    const folder = await folderWith({ [name]: good, 'package.json': '{"type":"module"}' });
    expect(await findApplicationFile(folder)).toBe(join(folder, name));
    expect((await loadApplication(folder)).modules.at(-1)?.name).toBe('app');
  });

  it('may be named, and need not be there otherwise', async () => {
    const folder = await folderWith({ 'other.mjs': good });
    expect((await loadApplication(folder)).modules).toHaveLength(builtInModules.length);
    expect((await loadApplication(folder, 'other.mjs')).modules).toHaveLength(builtInModules.length + 1);
    await expect(loadApplication(folder, 'third.mjs')).rejects.toMatchObject({ code: 'application_file' });
  });

  it.each<[string, Record<string, string>, string, string]>([
    ['two of them', { 'plinth.config.mjs': good, 'plinth.config.ts': good }, 'application_file', 'keep one'],
    ['what it imports is not there', { 'plinth.config.mjs': "import './gone.mjs';" }, 'application_file', 'gone.mjs'],
    [
      'it throws',
      { 'plinth.config.mjs': "\nthrow new RangeError('too much');" },
      'application_file',
      'plinth.config.mjs:2: RangeError: too much',
    ],
    [
      'no default export',
      { 'plinth.config.mjs': 'export const a = 1;' },
      'application_export',
      'has no default export',
    ],
    [
      'not from definePlinth',
      { 'plinth.config.mjs': 'export default { tasks: {} };' },
      'application_export',
      'not made by definePlinth',
    ],
  ])('is refused: %s', async (_what, files, code, words) => {
    const error = await loadApplication(await folderWith(files)).then(
      () => undefined,
      (reason: { code: string; detail: string }) => reason,
    );
    expect([error?.code, error?.detail]).toEqual([code, expect.stringContaining(words)]);
    expect(error?.detail).not.toMatch(/\n| {4}at /);
  });
});
