import { acceptedAnswers, callSamples } from '../../attack-notes.ts';
import { modules } from '../../modules.ts';
import { type AttackOptions, type AttackReport, type Probe, runAttacks } from '../../platform/attack/index.ts';
import type { Config } from '../../platform/core/config.ts';
import { errors } from '../../platform/core/errors.ts';
import type { Engine } from '../../platform/db/engine.ts';
import { openServer } from '../../platform/db/server.ts';
import { migrationErrors } from '../../platform/migrate/errors.ts';
import { roleName } from '../../platform/migrate/names.ts';
import { migrationsOf } from '../../platform/migrate/schema.ts';
import { schemaState } from '../../platform/migrate/status.ts';
import { version } from '../../version.ts';
import {
  type CommandBody,
  type CommandContext,
  exitCodes,
  type OptionValues,
  printResult,
  UsageError,
} from '../command.ts';
import { withMigrationEngine } from '../migration-engine.ts';

const shown_max = 40;
/** In one transaction, what the owner wrote and the attacker touches is refused for that alone, and nothing is proved. */
const needsLogin =
  'on Citus the attack comes from a login of its own: --login URL (plinth migrate bootstrap --print makes one)';

export const attack: CommandBody = {
  usage: ['attack [--login URL] [--only NAME]... [--seed N]'],
  notes: [
    'With the embedded engine, or where one login does everything, the attack is one transaction that is rolled back.',
    '',
    '--login is the URL of the same database with the login that requests have in production (NOSUPERUSER): the',
    'migration login makes two organizations, that login attacks them from outside, and they are removed at the end,',
    'also after Ctrl-C. Without it the login of DATABASE_URL attacks where PLINTH_MIGRATE_URL is another one. Citus',
    'needs it: there, two roles do not share a transaction.',
    '',
    '--only names a table, view or function; --seed repeats a run. Exit code 1: a leak, or something nothing was proved of.',
  ],
  options: { login: { type: 'string' }, only: { type: 'string', multiple: true }, seed: { type: 'string' } },
  database: 'shared',
  async run(context, { values }) {
    const options = optionsOf(context, values);
    const login = values['login'] as string | undefined;
    const report = await (context.config.databaseUrl === undefined
      ? attackEmbedded(context, login, options)
      : attackServer(context, context.config, login, options));
    context.progress('');
    const { counts, leaks, broken, unproven } = report;
    const { probes: _all, ...summary } = report;
    printResult(context, summary, () => [
      ...leaks.slice(0, shown_max).map((probe) => `LEAK    ${describe(probe)}`),
      ...broken.slice(0, shown_max).map((probe) => `broken  ${describe(probe)}`),
      ...unproven.map((name) => `nothing proved of ${name}`),
      `attacked as ${describeLogin(report)}`,
      `${counts.relations} relations, ${counts.columns} columns, ${counts.functions} functions: ${counts.probes} attacks, ${leaks.length} leaks (seed ${report.seed})`,
    ]);
    return leaks.length + broken.length + unproven.length === 0 ? exitCodes.fine : exitCodes.finding;
  },
};

function optionsOf(context: CommandContext, values: OptionValues): AttackOptions {
  const only = values['only'] as string[] | undefined;
  const seed = values['seed'] === undefined ? undefined : Number(values['seed']);
  if (seed !== undefined && !Number.isInteger(seed)) throw new UsageError('--seed is a whole number');
  return {
    samples: callSamples,
    accepted: acceptedAnswers,
    signal: context.signal,
    onTarget: (name, left) => context.progress(`${left} left  ${name}`),
    ...(only ? { only } : {}),
    ...(seed === undefined ? {} : { seed }),
  };
}

async function attackEmbedded(context: CommandContext, login: string | undefined, options: AttackOptions) {
  if (login !== undefined) throw new UsageError('the embedded engine has no logins: --login is for a server');
  return runAttacks((await context.plinth()).platform, options);
}

/** Needs no master key and migrates nothing: it may be run from any machine that reaches the database. */
function attackServer(context: CommandContext, config: Config, login: string | undefined, options: AttackOptions) {
  const [requests, maker] = [config.databaseUrl?.reveal(), config.migrateUrl?.reveal()];
  const url = login ?? (requests === maker ? undefined : requests);
  return withMigrationEngine(context, async (engine) => {
    const set = await migrationsOf(modules);
    const { state, because } = await schemaState(engine.directPool, set, {
      programVersion: version,
      prefix: config.rolePrefix,
    });
    if (state === 'behind') throw errors.schema_behind({ detail: `not applied: ${because.join(', ')}` });
    await assertOwner(engine, roleName(config.rolePrefix, 'owner'));
    if (url === undefined && engine.kind === 'citus') throw new UsageError(needsLogin);
    if (url === undefined) return runAttacks({ engine }, options);
    const attacker = await openServer({ url, poolSize: 1, statementTimeoutMs: config.statementTimeoutMs });
    try {
      if ((await identityOf(engine)) !== (await identityOf(attacker))) {
        throw new UsageError('--login and the database are not the same database: nothing was attacked');
      }
      return await runAttacks({ engine }, { ...options, login: attacker.pool });
    } finally {
      await attacker.close();
    }
  });
}

/** What is attacked is made by the owner. Throws `owner_login_required` for a login that may not be it. */
async function assertOwner({ pool }: Engine, owner: string): Promise<void> {
  const { rows } = await pool.query<{ login: string; may: boolean }>(
    `select current_user as login, pg_has_role($1, 'member') as may`,
    [owner],
  );
  const { login, may } = rows[0]!;
  if (!may) throw migrationErrors.owner_login_required({ detail: `${login} may not become ${owner}` });
}

/** What only connections to one database of one running server share. */
async function identityOf({ pool }: Engine): Promise<string> {
  const { rows } = await pool.query<{ identity: string }>(
    `select concat_ws(' ', pg_postmaster_start_time(), oid) as identity from pg_database where datname = current_database()`,
  );
  return rows[0]!.identity;
}

function describeLogin({ login }: AttackReport): string {
  const rights = [
    ...(login.isSuperuser ? ['a superuser'] : []),
    ...(login.mayBecome.length > 0 ? [`which may become ${login.mayBecome.join(' and ')}`] : []),
  ];
  return [login.name, ...rights].join(', ') + (rights.length > 0 ? ': attack as the login of production too' : '');
}

function describe({ target, attack: what, verb, role, detail }: Probe): string {
  return `${target}: ${what} (${verb}, as ${role}) ${detail ?? ''}`.trimEnd();
}
