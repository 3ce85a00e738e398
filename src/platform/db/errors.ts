import { defineErrors } from '../core/errors.ts';

/** What opening a database, and asking it, can end with beyond the platform's own errors. */
export const databaseErrors = defineErrors({
  data_folder_in_use: {
    status: 503,
    title: 'The data folder is in use',
    hint: 'Stop the process named in "detail", or use another folder with --data.',
  },
  data_folder_version: {
    status: 503,
    title: 'The data folder belongs to another version of PostgreSQL',
    hint: 'Open it with the release of Plinth that made it and move the data with: plinth copy',
  },
  data_folder_foreign: {
    status: 503,
    title: 'The folder holds something else',
    hint: 'Name an empty folder, or one that Plinth made.',
  },
  data_folder_missing: {
    status: 503,
    title: 'There is no database here yet',
    hint: 'Make one with: plinth up; or go to the folder of yours, or name its database with --data or --database-url.',
  },
  data_folder_unusable: {
    status: 503,
    title: 'The data folder can not be used',
    hint: 'Check that the folder can be read and written by this user.',
  },
  database_url_invalid: {
    status: 503,
    title: 'The database URL is not valid',
    hint: 'It looks like postgres://user:password@host:5432/database?sslmode=verify-full',
  },
  database_version_unsupported: {
    status: 503,
    title: 'This PostgreSQL is too old',
    hint: 'Use PostgreSQL 15 or newer.',
  },
  database_settings_unsuitable: {
    status: 503,
    title: 'Sessions of this database have settings that do not work',
    hint: 'Set it for the login with: alter role … set …; or connect past the pooler, where we set it ourselves.',
  },
  statement_too_complex: {
    status: 422,
    title: 'The query or value is nested too deep',
    hint: 'Ask for less at once: fewer conditions, flatter values.',
  },
  outcome_unknown: {
    status: 503,
    title: 'The connection was lost while committing',
    hint: 'It may or may not have been written: read before you try again, or repeat with the same Idempotency-Key.',
  },
});
