/** Every command, in the order of `plinth --help`. */

import { version } from '../version.ts';
import { type Command, exitCodes } from './command.ts';
import { analyze } from './commands/analyze.ts';
import { attack } from './commands/attack.ts';
import { auditVerify } from './commands/audit.ts';
import { backupCreate, backupList, backupRestore, backupVerify } from './commands/backup.ts';
import { configCheck } from './commands/config.ts';
import { copy } from './commands/copy.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { eventsRetry, eventsSend } from './commands/events.ts';
import { keysCreate, keysRotate, keysStatus } from './commands/keys.ts';
import { membersInvite } from './commands/members.ts';
import {
  migrateBootstrap,
  migrateDown,
  migrateDrift,
  migrateLint,
  migrateNew,
  migrateStatus,
  migrateUp,
} from './commands/migrate.ts';
import { newProject } from './commands/new.ts';
import { openapi } from './commands/openapi.ts';
import { exportCommand, importCommand } from './commands/organization-file.ts';
import { repositoriesList, repositoriesRegister } from './commands/repositories.ts';
import { reset } from './commands/reset.ts';
import { seed } from './commands/seed.ts';
import { serve, up, work } from './commands/server.ts';
import { analysisShow, listCommands } from './commands/show.ts';
import { sql } from './commands/sql.ts';
import { typesCommand } from './commands/types.ts';

const versionCommand: Command = {
  name: 'version',
  summary: 'Print the version',
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

export const commands: readonly Command[] = [
  up,
  demo,
  newProject,
  serve,
  work,
  migrateUp,
  migrateDown,
  migrateStatus,
  migrateLint,
  migrateDrift,
  migrateNew,
  migrateBootstrap,
  typesCommand,
  seed,
  copy,
  backupCreate,
  backupVerify,
  backupRestore,
  backupList,
  exportCommand,
  importCommand,
  reset,
  keysStatus,
  keysRotate,
  keysCreate,
  configCheck,
  doctor,
  sql,
  attack,
  auditVerify,
  analyze,
  eventsSend,
  eventsRetry,
  membersInvite,
  ...listCommands,
  analysisShow,
  repositoriesRegister,
  repositoriesList,
  openapi,
  versionCommand,
];
