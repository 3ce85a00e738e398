/** Every command, in the order of `plinth --help`. What one is made of is loaded when it is called. */
import { version } from '../version.ts';
import { type Command, type CommandBody, exitCodes } from './command.ts';

/** A command by name and summary: enough to find it, and to list all of them. */
export interface ListedCommand extends Pick<Command, 'name' | 'summary'> {
  load(): Promise<Command>;
}

const server = () => import('./commands/server.ts');
const migrate = () => import('./commands/migrate.ts');
const backup = () => import('./commands/backup.ts');
const organizationFile = () => import('./commands/organization-file.ts');
const keys = () => import('./commands/keys.ts');
const events = () => import('./commands/events.ts');
const eventTypes = () => import('./commands/event-types.ts');
const costs = () => import('./commands/costs.ts');
const show = () => import('./commands/show.ts');
const repositories = () => import('./commands/repositories.ts');

const versionCommand: CommandBody = {
  usage: ['version'],
  database: 'none',
  async run(context) {
    context.out(
      context.json
        ? JSON.stringify({ plinth: version, node: process.versions.node })
        : `plinth ${version} (Node ${process.versions.node})`,
    );
    return exitCodes.fine;
  },
};

export const commands: readonly ListedCommand[] = [
  listed('up', 'Migrate, then serve the API and run the worker: all in one process', async () => (await server()).up),
  listed(
    'demo',
    'Two tenants, real GitHub payloads, a code analysis: the main path, end to end',
    async () => (await import('./commands/demo.ts')).demo,
  ),
  listed(
    'new',
    'Make a project of your own on Plinth: a module with a table, and its test',
    async () => (await import('./commands/new.ts')).newProject,
  ),
  listed('serve', 'Serve the API only; never migrates', async () => (await server()).serve),
  listed('work', 'Run the worker only; never migrates', async () => (await server()).work),
  listed('migrate up', 'Apply pending migrations', async () => (await migrate()).migrateUp),
  listed('migrate down', 'Roll migrations back', async () => (await migrate()).migrateDown),
  listed('migrate status', 'Which migrations are applied', async () => (await migrate()).migrateStatus),
  listed('migrate lint', 'Look for unsafe statements in migrations', async () => (await migrate()).migrateLint),
  listed('migrate drift', 'What in the schema no migration made', async () => (await migrate()).migrateDrift),
  listed('migrate new', 'Make the next pair of migration files of a module', async () => (await migrate()).migrateNew),
  listed(
    'migrate bootstrap',
    'The SQL a DBA runs once where the migration login may not make roles',
    async () => (await migrate()).migrateBootstrap,
  ),
  listed(
    'types',
    "Write TypeScript types of your application's tables, for Kysely",
    async () => (await import('./commands/types.ts')).typesCommand,
  ),
  listed(
    'seed catalogue',
    'Bring the catalogue rows up to date; changes nothing a tenant edited',
    async () => (await import('./commands/seed.ts')).seed,
  ),
  listed(
    'copy',
    'Copy a whole database into an empty one, of the same or the other engine',
    async () => (await import('./commands/copy.ts')).copy,
  ),
  listed(
    'backup create',
    'Write a backup of the whole database, in one snapshot',
    async () => (await backup()).backupCreate,
  ),
  listed(
    'backup verify',
    'Restore a backup into a scratch database and compare it table by table',
    async () => (await backup()).backupVerify,
  ),
  listed('backup restore', 'Load a backup into an empty database', async () => (await backup()).backupRestore),
  listed(
    'backup list',
    'The backups of a folder: age, size, when each was last proven',
    async () => (await backup()).backupList,
  ),
  listed(
    'export',
    'Write everything of one organization to a sealed file',
    async () => (await organizationFile()).exportCommand,
  ),
  listed(
    'import',
    'Bring one organization of another installation in, all of it or nothing',
    async () => (await organizationFile()).importCommand,
  ),
  listed(
    'reset',
    'Remove the embedded database and everything in it',
    async () => (await import('./commands/reset.ts')).reset,
  ),
  listed('keys status', 'How many data keys are wrapped under which master key', async () => (await keys()).keysStatus),
  listed(
    'keys rotate',
    'Wrap every data key under the new master key; interrupted, the same command goes on',
    async () => (await keys()).keysRotate,
  ),
  listed(
    'keys create',
    'Write a new master key to a file that only you can read',
    async () => (await keys()).keysCreate,
  ),
  listed(
    'config check',
    'Check the configuration: what holds, where it comes from, and what production still lacks',
    async () => (await import('./commands/config.ts')).configCheck,
  ),
  listed(
    'doctor',
    'Check the engine, logins and roles, migrations, row level security and partitions',
    async () => (await import('./commands/doctor.ts')).doctor,
  ),
  listed(
    'sql',
    'Run one reading statement inside one organization, as the reporting role',
    async () => (await import('./commands/sql.ts')).sql,
  ),
  listed(
    'attack',
    'Attack the isolation of every table, column and function, your own included; leaves nothing behind',
    async () => (await import('./commands/attack.ts')).attack,
  ),
  listed(
    'audit verify',
    'Whether the audit log is what was sealed; seals what is not sealed yet first',
    async () => (await import('./commands/audit.ts')).auditVerify,
  ),
  listed(
    'analyze',
    'Analyse the source code in a folder: metrics, issues and a score',
    async () => (await import('./commands/analyze.ts')).analyze,
  ),
  listed(
    'events send',
    'Sign payloads as their sender does, and post them to a hook',
    async () => (await events()).eventsSend,
  ),
  listed(
    'events retry',
    'Match failed events again with the subscriptions as they are now',
    async () => (await events()).eventsRetry,
  ),
  listed(
    'events listen',
    "Post an organization's new events to an address on your machine, signed, and show what is answered",
    async () => (await events()).eventsListen,
  ),
  listed(
    'event-types list',
    'The event types of an organization: schemas of payloads, retention, what is switched off',
    async () => (await eventTypes()).eventTypesList,
  ),
  listed(
    'event-types put',
    'Make event types, or set them to what a file says',
    async () => (await eventTypes()).eventTypesPut,
  ),
  listed(
    'costs report',
    "What an organization's calls of models cost, by model, day, user, project and more",
    async () => (await costs()).costsReport,
  ),
  listed(
    'costs reprice',
    'Price the calls of a time again, after prices have changed',
    async () => (await costs()).costsReprice,
  ),
  listed(
    'budgets set',
    'Make or change a budget: what calls of models may cost, or how many tokens they may use, in a period',
    async () => (await import('./commands/budgets.ts')).budgetsSet,
  ),
  listed(
    'budgets list',
    'The budgets of an organization: what is spent, reserved and left of each',
    async () => (await import('./commands/budgets.ts')).budgetsList,
  ),
  listed(
    'members invite',
    'Invite an address to an organization: prints the link to hand over, mails nothing',
    async () => (await import('./commands/members.ts')).membersInvite,
  ),
  listed(
    'members link',
    'A one-time link for a person who has no password yet, or forgot it: prints it, mails nothing',
    async () => (await import('./commands/members.ts')).membersLink,
  ),
  listed(
    'events list',
    'The newest events of an organization, and what they set off',
    async () => (await show()).eventsList,
  ),
  listed(
    'tasks list',
    'The newest tasks of an organization, with their outcomes',
    async () => (await show()).tasksList,
  ),
  listed('audit list', 'What people and keys changed in an organization', async () => (await show()).auditList),
  listed(
    'analysis show',
    'The newest analysis run (or one by id): score, worst files, most complex functions',
    async () => (await show()).analysisShow,
  ),
  listed(
    'repositories register',
    'Register a local repository: makes a bare clone the worker may analyse',
    async () => (await repositories()).repositoriesRegister,
  ),
  listed(
    'repositories list',
    'The repositories of an organization',
    async () => (await repositories()).repositoriesList,
  ),
  listed(
    'workers check',
    'Check a worker of yours, in any language, against the protocol for workers outside the server',
    async () => (await import('./commands/workers.ts')).workersCheck,
  ),
  listed('openapi', 'Print the OpenAPI document', async () => (await import('./commands/openapi.ts')).openapi),
  listed('version', 'Print the version', async () => versionCommand),
];

/** All of them whole: for what is said of every command, and for a server, which runs what it was started with. */
export function loadCommands(): Promise<Command[]> {
  return Promise.all(commands.map((command) => command.load()));
}

function listed(name: string, summary: string, load: () => Promise<CommandBody>): ListedCommand {
  return { name, summary, load: async () => ({ name, summary, ...(await load()) }) };
}
