import { defineErrors } from '../core/errors.ts';

/** What can go wrong with the schema's migrations. The details name the file, the line and both sides of a mismatch. */
export const migrationErrors = defineErrors({
  migration_invalid: {
    status: 422,
    title: 'A migration file is not valid',
    hint: 'Correct the file named in "detail"; docs/guides/migrations.md describes names, headers and directives.',
  },
  migration_failed: {
    status: 500,
    title: 'A migration failed and was rolled back',
    hint: 'Nothing of it was kept. Correct the statement named in "detail" and run: plinth migrate up',
  },
  migration_interrupted: {
    status: 500,
    title: 'A migration without a transaction stopped half-way',
    hint: 'What it did stays. Remove the cause and run plinth migrate up: the file is run again from its first statement.',
  },
  migration_edited: {
    status: 409,
    title: 'A migration was edited after it was applied',
    hint: 'Put the file back as it was when it ran, and make the change in a new migration.',
  },
  migration_missing: {
    status: 409,
    title: 'The database holds a migration that this program does not have',
    hint: 'Run the newer release that applied it.',
  },
  migration_out_of_order: {
    status: 409,
    title: 'A new migration has a lower number than one already applied',
    hint: 'Give it the next free number of its module.',
  },
  migration_locked: {
    status: 503,
    title: 'The migration could not get its lock',
    hint: 'Nothing was changed. End the long transactions named in "detail", or wait for the other runner, and run it again.',
  },
  migration_pooled: {
    status: 409,
    title: 'This migration needs a direct connection',
    hint: 'Nothing was changed. Set PLINTH_MIGRATE_URL to the server itself, not to a pooler in transaction mode.',
  },
  migration_depended_on: {
    status: 409,
    title: 'Another module was migrated on top of this one',
    hint: 'Roll back the migration named in "detail" first.',
  },
  migration_rows_unexpected: {
    status: 500,
    title: 'A data migration did not touch the rows it should',
    hint: 'It was rolled back. Check the condition, and that the table was registered (forced row security hides rows from an owner without a policy).',
  },
  migration_unknown: {
    status: 404,
    title: 'There is no such migration',
    hint: 'plinth migrate status lists them; a target is written module/0001.',
  },
  bootstrap_required: {
    status: 503,
    title: 'The roles or the schema are not there',
    hint: 'Let somebody who may create roles run the output of: plinth migrate bootstrap --print',
  },
  owner_login_required: {
    status: 503,
    title: 'This login may not act as the owner of the schema',
    hint: 'Set PLINTH_MIGRATE_URL to the login that migrates, or let a DBA give this one the role: plinth migrate bootstrap --print',
  },
  role_unsafe: {
    status: 409,
    title: 'A role of ours can bypass row security',
    hint: 'Take SUPERUSER and BYPASSRLS from the role named in "detail", or choose another role prefix.',
  },
});
