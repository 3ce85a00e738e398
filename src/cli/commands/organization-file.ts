import { resolve } from 'node:path';
import { masterKeys } from '../../master-keys.ts';
import { organizationRecords } from '../../modules/tenancy/index.ts';
import type { MasterKeyRing } from '../../platform/core/crypto/index.ts';
import { exportOrganization, importOrganization, readMasterKeyAsOwner } from '../../platform/transfer/index.ts';
import { version } from '../../version.ts';
import { passphraseOf } from '../archive-key.ts';
import {
  type CommandBody,
  type CommandContext,
  exitCodes,
  type OptionValues,
  printResult,
  UsageError,
} from '../command.ts';

const options = { 'passphrase-file': { type: 'string' } } as const;

/** The file, and what seals it. */
async function fileOf(context: CommandContext, name: string, values: OptionValues, positionals: readonly string[]) {
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError(`${name} wants a FILE`);
  const passphrase = values['passphrase-file'];
  if (typeof passphrase !== 'string') {
    throw new UsageError(`${name} wants --passphrase-file: the file holds what opens the organization's secrets`);
  }
  return { path: resolve(context.cwd, file), key: await passphraseOf(context, passphrase) };
}

/** The keys at hand for the database that is exported from, or imported into. */
async function ringOf(context: CommandContext): Promise<MasterKeyRing> {
  const { config } = context;
  return await masterKeys(config, await readMasterKeyAsOwner(await context.ownerEngine(), config.rolePrefix));
}

export const exportCommand: CommandBody = {
  usage: ['export --organization SLUG --passphrase-file FILE FILE'],
  notes: [
    'Nothing is changed here. The file can be imported into another installation, of the same or the other engine.',
  ],
  options: { ...options, organization: { type: 'string' } },
  database: 'shared',
  async run(context, { values, positionals }) {
    const file = await fileOf(context, 'export', values, positionals);
    const organization = values['organization'];
    if (typeof organization !== 'string') throw new UsageError('export wants --organization: a slug or an id');
    const made = await exportOrganization(await context.ownerEngine(), {
      ...file,
      organization,
      ring: await ringOf(context),
      records: organizationRecords,
      now: new Date(),
      programVersion: version,
      prefix: context.config.rolePrefix,
      onProgress: ({ table, total }) => context.progress(`${table}: ${total} rows in all`),
    });
    if (!made) throw new UsageError(`there is no organization "${organization}"`);
    context.progress('');
    const { organization: moved, rows, tables, people, dataKeys, bytes } = made;
    const json = { path: file.path, organization: moved, rows, tables, people, data_keys: dataKeys, bytes };
    printResult(context, json, () => [
      `${file.path}: ${moved.slug}, ${rows} rows in ${tables} tables, ${people} people, ${(bytes / 1e3).toFixed(1)} kB`,
    ]);
    return exitCodes.fine;
  },
};

export const importCommand: CommandBody = {
  usage: ['import --passphrase-file FILE [--slug SLUG] FILE'],
  notes: ['People are found by their e-mail address. API keys of people are revoked; those of services go on.'],
  options: { ...options, slug: { type: 'string' } },
  database: 'shared',
  async run(context, { values, positionals }) {
    const file = await fileOf(context, 'import', values, positionals);
    const { slug } = values;
    const { modules } = await context.application();
    const made = await importOrganization(await context.ownerEngine(), {
      ...file,
      ...(typeof slug === 'string' && { slug }),
      ring: await ringOf(context),
      records: organizationRecords,
      modules,
      prefix: context.config.rolePrefix,
      signal: context.signal,
      onProgress: ({ table, total }) => context.progress(`${table}: ${total} rows in all`),
    });
    context.progress('');
    const { organization, rows, tables, dataKeys, people, revokedKeys } = made;
    const json = { organization, rows, tables, data_keys: dataKeys, people, revoked_api_keys: revokedKeys };
    printResult(context, json, () => [
      `${organization.slug}: ${rows} rows in ${tables} tables`,
      `people: ${people.found} found by their address, ${people.made} made without a password`,
      `secrets: ${dataKeys} data keys wrapped under this installation's master key`,
      `API keys of people revoked: ${revokedKeys}`,
    ]);
    context.note(`the audit log came along: plinth audit verify --organization ${organization.slug}`);
    return exitCodes.fine;
  },
};
