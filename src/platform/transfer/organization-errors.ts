import { defineErrors } from '../core/errors.ts';

/** What moving one organization can end with, beyond what an archive and a transfer can. */
export const organizationErrors = defineErrors({
  import_organization_exists: {
    status: 409,
    title: 'The organization is here already',
    hint: 'Ids are kept, and rows are never merged: import into another installation, or purge the organization first.',
  },
  import_slug_taken: {
    status: 409,
    title: 'Another organization has this slug',
    hint: 'Give it another one with --slug.',
  },
  import_rows_refused: {
    status: 422,
    title: 'The file holds rows that this database does not take',
    hint: 'The file was made or changed by something else, or ids in it are in use here. Nothing was imported.',
  },
  import_foreign_rows: {
    status: 422,
    title: 'The file holds what does not belong to its organization',
    hint: 'Do not trust where it came from. Nothing was imported.',
  },
});
