import { defineErrors } from '../core/errors.ts';

/** What moving data can end with beyond the database's own errors. */
export const transferErrors = defineErrors({
  transfer_target_not_empty: {
    status: 409,
    title: 'The target holds rows already',
    hint: 'Name an empty database or folder. Nothing was changed; rows are never merged or overwritten.',
  },
  transfer_schema_differs: {
    status: 409,
    title: 'Source and target do not have the same migrations',
    hint: 'Bring both to the release of this program with: plinth migrate up',
  },
  transfer_source_missing: {
    status: 404,
    title: 'There is no database to read from',
    hint: 'Name a data folder that Plinth made, or the URL of a database that was migrated.',
  },
  transfer_same_database: {
    status: 409,
    title: 'Source and target are the same database',
    hint: 'Name another target.',
  },
  transfer_unfinished: {
    status: 503,
    title: 'The database was only partly loaded',
    hint: 'Run the same copy or restore again: it goes on where it stopped. Or drop the database and begin anew.',
  },
  transfer_other_source: {
    status: 409,
    title: 'The target was begun from another source',
    hint: 'Finish with the source it was begun from, or drop the target and begin anew.',
  },
  transfer_taken_over: {
    status: 409,
    title: 'Another process loads this target',
    hint: 'Let the other one finish, or stop it and run this again.',
  },
  transfer_mismatch: {
    status: 500,
    title: 'Target and source are not equal',
    hint: 'Do not use the target: drop it and begin anew. When it happens again, report it with the named tables.',
  },
  transfer_unsupported: {
    status: 400,
    title: 'This database can not be moved so',
    hint: 'Use an embedded data folder or a PostgreSQL without distributed tables.',
  },
});
