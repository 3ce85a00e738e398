import { relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPglite } from '../../platform/db/pglite/engine.ts';
import { renderBootstrap } from '../../platform/migrate/bootstrap.ts';
import { lintMigrations } from '../../platform/migrate/lint.ts';
import { newMigration } from '../../platform/migrate/new-migration.ts';
import { migrateDown as rollBack } from '../../platform/migrate/run.ts';
import { migrateEngine, migrationsOf } from '../../platform/migrate/schema.ts';
import { detectDrift, renderSnapshot } from '../../platform/migrate/snapshot.ts';
import { migrationStatus } from '../../platform/migrate/status.ts';
import { version } from '../../version.ts';
import { type CommandBody, exitCodes, printResult, table, UsageError } from '../command.ts';
import { runtimeLogins } from '../databases.ts';
import { withExistingEngine, withMigrationEngine } from '../migration-engine.ts';

export const migrateUp: CommandBody = {
  usage: ['migrate up [--to MODULE/NUMBER]'],
  options: { to: { type: 'string' } },
  database: 'exclusive',
  migrates: true,
  run: (context, { values }) =>
    withMigrationEngine(context, async (engine) => {
      const { config } = context;
      const { done } = await migrateEngine(engine, (await context.application()).modules, {
        programVersion: version,
        prefix: config.rolePrefix,
        onProgress: (event) => {
          if (event.kind === 'done') context.note(`applied  ${event.id}  ${Math.round(event.durationMs)} ms`);
          if (event.kind === 'waiting') context.note('waiting for another runner');
          if (event.kind === 'retry') context.note(`${event.id}: ${event.reason}; again in ${event.delayMs} ms`);
        },
        ...runtimeLogins(config),
        ...(typeof values['to'] === 'string' ? { target: values['to'] } : {}),
      });
      printResult(context, { applied: done }, () => [
        done.length === 0 ? 'nothing to do: the schema is current' : `${done.length} migrations applied`,
      ]);
      return exitCodes.fine;
    }),
};

export const migrateDown: CommandBody = {
  usage: ['migrate down [--steps N | --to MODULE/NUMBER | --all] [--yes]'],
  options: {
    steps: { type: 'string' },
    to: { type: 'string' },
    all: { type: 'boolean' },
    yes: { type: 'boolean', short: 'y' },
  },
  database: 'exclusive',
  async run(context, { values }) {
    const target = values['all']
      ? { all: true as const }
      : typeof values['to'] === 'string'
        ? { to: values['to'] }
        : { steps: Number(values['steps'] ?? 1) };
    if (
      !values['yes'] &&
      (await context.ask('Rolling back removes tables and their rows. Type yes to go on: ')) !== 'yes'
    ) {
      context.note('nothing was done (--yes answers beforehand)');
      return exitCodes.finding;
    }
    return withExistingEngine(context, async (engine) => {
      const set = await migrationsOf((await context.application()).modules);
      const { done } = await rollBack(engine.directPool, set, {
        programVersion: version,
        prefix: context.config.rolePrefix,
        target,
      });
      printResult(context, { rolled_back: done }, () => done.map(({ id }) => `rolled back  ${id}`));
      return exitCodes.fine;
    });
  },
};

export const migrateStatus: CommandBody = {
  usage: ['migrate status'],
  database: 'exclusive',
  run: (context) =>
    withExistingEngine(context, async (engine) => {
      const status = await migrationStatus(
        engine.directPool,
        await migrationsOf((await context.application()).modules),
        context.config.rolePrefix,
      );
      printResult(context, status, () =>
        table(
          ['migration', 'name', 'state', 'applied at'],
          status.map(({ id, name, state, appliedAt }) => [id, name, state, appliedAt?.toISOString() ?? '']),
        ),
      );
      return status.every(({ state }) => state === 'applied') ? exitCodes.fine : exitCodes.finding;
    }),
};

export const migrateLint: CommandBody = {
  usage: ['migrate lint'],
  database: 'none',
  async run(context) {
    const findings = await lintMigrations(await migrationsOf((await context.application()).modules));
    printResult(context, findings, () => [
      ...findings.flatMap(({ path, line, rule, message, safeWay }) => [
        `${path}:${line} ${rule}: ${message}`,
        ...(safeWay ? [`  ${safeWay}`] : []),
      ]),
      findings.length === 0 ? 'no findings' : `${findings.length} findings`,
    ]);
    return findings.length === 0 ? exitCodes.fine : exitCodes.finding;
  },
};

export const migrateDrift: CommandBody = {
  usage: ['migrate drift'],
  database: 'exclusive',
  run: (context) =>
    withExistingEngine(context, async (engine) => {
      // the migrations are replayed into an empty embedded database, which is what the schema should be
      const replay = await openPglite({ memory: true, fsync: false });
      let expected: string;
      try {
        const { rolePrefix } = context.config;
        // what a switched-off module made stays, and is no drift
        const { known } = await context.application();
        const status = await migrationStatus(engine.directPool, await migrationsOf(known), rolePrefix);
        const applied = new Set(status.filter(({ state }) => state === 'applied').map(({ id }) => id));
        await migrateEngine(replay, known, {
          programVersion: version,
          prefix: rolePrefix,
          only: (migration) => applied.has(`${migration.module}/${String(migration.version).padStart(4, '0')}`),
        });
        expected = await renderSnapshot(replay.directPool, { prefix: rolePrefix });
      } finally {
        await replay.close();
      }
      const differences = await detectDrift(engine.directPool, expected, { prefix: context.config.rolePrefix });
      printResult(context, differences, () => (differences.length === 0 ? ['no drift'] : differences));
      return differences.length === 0 ? exitCodes.fine : exitCodes.finding;
    }),
};

export const migrateNew: CommandBody = {
  usage: ['migrate new NAME --module MODULE [--tenant]'],
  options: { module: { type: 'string' }, tenant: { type: 'boolean' }, directory: { type: 'string' } },
  database: 'none',
  async run(context, { values, positionals }) {
    const [name] = positionals;
    const { modules, own } = await context.application();
    // the only module of one's own need not be named
    const module = values['module'] ?? (own.length === 1 ? own[0] : undefined);
    if (!name || typeof module !== 'string') throw new UsageError('migrate new wants a NAME and --module');
    const { migrations } = modules.find((one) => one.name === module) ?? {};
    const directory =
      typeof values['directory'] === 'string'
        ? resolve(context.cwd, values['directory'])
        : migrations && fileURLToPath(migrations);
    if (!directory)
      throw new UsageError(`there is no module ${module}; --directory says where a new one has its migrations`);
    const paths = await newMigration({
      source: { module, directory, dependsOn: [] },
      name,
      template: values['tenant'] ? 'tenant-table' : 'empty',
    });
    // as one types it, where it is below the working directory
    const shown = (path: string) => (path.startsWith(`${context.cwd}${sep}`) ? relative(context.cwd, path) : path);
    printResult(context, paths, () => paths.map(shown));
    return exitCodes.fine;
  },
};

export const migrateBootstrap: CommandBody = {
  usage: ['migrate bootstrap --print [--login NAME]...'],
  options: { print: { type: 'boolean' }, login: { type: 'string', multiple: true } },
  database: 'none',
  async run(context, { values }) {
    const logins = (values['login'] as string[] | undefined) ?? [];
    context.out(
      renderBootstrap({ prefix: context.config.rolePrefix, ...(logins.length > 0 ? { runtimeLogins: logins } : {}) }),
    );
    return exitCodes.fine;
  },
};
