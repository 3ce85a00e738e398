import { defineErrors } from '../errors.ts';

export const cryptoErrors = defineErrors({
  master_key_missing: {
    status: 500,
    title: 'There is no master key',
    hint: 'Set PLINTH_MASTER_KEY or PLINTH_MASTER_KEY_FILE; make a key with: openssl rand -base64 32',
  },
  master_key_invalid: {
    status: 500,
    title: 'The master key cannot be used',
    hint: 'Give 32 random bytes as 64 hex digits or as base64; make one with: openssl rand -base64 32',
  },
  master_key_mismatch: {
    status: 500,
    title: 'The master key does not belong to this data',
    hint: 'Start with the key this database was made with, or set it as PLINTH_PREVIOUS_MASTER_KEY and run: plinth keys rotate',
  },
  decryption_failed: {
    status: 500,
    title: 'A stored secret cannot be read',
    hint: 'It, or its key, was changed or moved since it was stored. Enter the secret again or restore it from a backup.',
  },
});
