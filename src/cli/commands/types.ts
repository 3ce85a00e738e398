import { readFile, writeFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { openPglite } from '../../platform/db/pglite/engine.ts';
import { migrateEngine } from '../../platform/migrate/schema.ts';
import { version } from '../../version.ts';
import { type CommandBody, exitCodes, printResult, UsageError } from '../command.ts';
import { renderTableTypes } from '../table-types.ts';

const file_default = 'plinth.types.ts';

export const typesCommand: CommandBody = {
  usage: ['types [--output FILE] [--all] [--check]'],
  notes: [
    `They go to ${file_default}, unless --output says otherwise; --all adds Plinth's own tables, --check only says`,
    'whether the file is current. No database is touched: the migrations run in memory.',
  ],
  options: { output: { type: 'string' }, all: { type: 'boolean' }, check: { type: 'boolean' } },
  database: 'none',
  async run(context, { values }) {
    const application = await context.application();
    const wanted = application.modules.filter(({ name }) => values['all'] === true || application.own.includes(name));
    const tables = wanted.flatMap((module) => Object.keys(module.tables ?? {}));
    if (tables.length === 0)
      throw new UsageError('no module of your own has a table here; --all takes those of Plinth');
    const path = resolve(context.cwd, typeof values['output'] === 'string' ? values['output'] : file_default);
    const shown = relative(context.cwd, path);
    const engine = await openPglite({ memory: true, fsync: false });
    let text: string;
    try {
      await migrateEngine(engine, application.modules, { programVersion: version, prefix: context.config.rolePrefix });
      text = await renderTableTypes(engine.directPool, tables);
    } finally {
      await engine.close();
    }
    const isCurrent = (await readFile(path, 'utf8').catch(() => undefined)) === text;
    const isCheck = values['check'] === true;
    if (!isCurrent && !isCheck) await writeFile(path, text);
    const outcome = isCurrent ? 'current' : isCheck ? 'stale' : 'written';
    printResult(context, { path, tables: tables.length, outcome }, () => [
      outcome === 'stale'
        ? `${shown} is not current: run plinth types`
        : `${shown}: ${tables.length} ${tables.length === 1 ? 'table' : 'tables'}, ${outcome}`,
    ]);
    return outcome === 'stale' ? exitCodes.finding : exitCodes.fine;
  },
};
