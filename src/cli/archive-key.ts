/** What a backup or an organization's file is sealed with, as the options say. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ArchiveKey } from '../platform/transfer/index.ts';
import { type CommandContext, type OptionValues, UsageError } from './command.ts';
import { masterKeyFor } from './databases.ts';

const passphrase_chars_min = 12;
export const archiveKeyOptions = { 'passphrase-file': { type: 'string' }, 'master-key': { type: 'boolean' } } as const;

/** Of a file that is there by the master key it names. Throws UsageError. */
export async function archiveKeyOf(
  context: CommandContext,
  values: OptionValues,
  fingerprint?: string,
): Promise<ArchiveKey> {
  const file = values['passphrase-file'];
  if (values['master-key']) {
    if (file !== undefined) throw new UsageError('--passphrase-file or --master-key, not both');
    const key = await masterKeyFor(context.config, fingerprint);
    if (!key) throw new UsageError('there is no master key here: set PLINTH_MASTER_KEY_FILE');
    return { kind: 'master-key', key };
  }
  return typeof file === 'string' ? await passphraseOf(context, file) : { kind: 'none' };
}

/** The passphrase in a file. Throws UsageError. */
export async function passphraseOf(
  context: CommandContext,
  file: string,
): Promise<{ kind: 'passphrase'; passphrase: string }> {
  const text = await readFile(resolve(context.cwd, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--passphrase-file ${file}: ${error.code}`);
  });
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase.length < passphrase_chars_min) {
    throw new UsageError(`a passphrase has at least ${passphrase_chars_min} characters`);
  }
  return { kind: 'passphrase', passphrase };
}
