import { defineErrors } from '../core/errors.ts';

/** What a backup's file can be wrong with. */
export const archiveErrors = defineErrors({
  archive_not_found: {
    status: 404,
    title: 'There is no such backup',
    hint: 'plinth backup list shows the backups of a folder.',
  },
  archive_invalid: {
    status: 422,
    title: 'The file is not what this command reads',
    hint: 'plinth backup restore reads what plinth backup create made, plinth import what plinth export made.',
  },
  archive_version_unsupported: {
    status: 422,
    title: 'The backup has another format',
    hint: 'Use the release of Plinth that made it, or a newer one.',
  },
  archive_key_wrong: {
    status: 403,
    title: 'The backup is sealed with another key',
    hint: 'Give the right --passphrase-file, or set the master key that "detail" names.',
  },
  archive_damaged: {
    status: 422,
    title: 'The backup is damaged',
    hint: 'Use another one. Nothing of a damaged backup is presented as whole.',
  },
  archive_write_failed: {
    status: 503,
    title: 'The backup can not be written',
    hint: 'Make room or name another folder; nothing was left of this one.',
  },
});
