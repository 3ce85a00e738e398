import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Engine } from '../../platform/db/engine.ts';
import {
  createBackup,
  type LoadResult,
  listBackups,
  readHeader,
  restoreBackup,
  verifyBackup,
} from '../../platform/transfer/index.ts';
import { version } from '../../version.ts';
import { archiveKeyOf, archiveKeyOptions } from '../archive-key.ts';
import {
  type CommandBody,
  type CommandContext,
  exitCodes,
  type OptionValues,
  printResult,
  table,
  UsageError,
} from '../command.ts';
import { configOf, masterKeyNotes, openDatabase, runtimeLogins } from '../databases.ts';
import { asJson, showProgress } from './copy.ts';

const keyUsage = '[--passphrase-file FILE | --master-key]';

/** Where backups are unless --folder says otherwise: beside the data folder, like its master key. */
function folderOf(context: CommandContext, values: OptionValues): string {
  const folder = values['folder'];
  return typeof folder === 'string'
    ? resolve(context.cwd, folder)
    : `${context.config.dataFolder.replace(/\/+$/, '')}-backups`;
}

function keepOf(values: OptionValues): { keep?: number } {
  const text = values['keep'];
  if (text === undefined) return {};
  if (typeof text !== 'string' || !/^[1-9]\d{0,5}$/.test(text)) throw new UsageError('--keep wants a number from 1');
  return { keep: Number(text) };
}

/** The file that is named, or the newest one of the folder. */
async function fileOf(context: CommandContext, values: OptionValues, positionals: readonly string[]): Promise<string> {
  const [file] = positionals;
  if (file !== undefined) return resolve(context.cwd, file);
  const [newest] = await listBackups(folderOf(context, values));
  if (!newest) throw new UsageError(`there is no backup in ${folderOf(context, values)}; name a FILE`);
  return newest.path;
}

export const backupCreate: CommandBody = {
  usage: [`backup create [--folder DIR] [--keep N] ${keyUsage}`],
  options: { ...archiveKeyOptions, folder: { type: 'string' }, keep: { type: 'string' } },
  database: 'shared',
  async run(context, { values }) {
    const { config } = context;
    const options = { ...keepOf(values), key: await archiveKeyOf(context, values), folder: folderOf(context, values) };
    // as the owner, whose schema may be behind: a backup is what comes before an upgrade
    const made = await createBackup(await context.ownerEngine(), {
      ...options,
      now: new Date(),
      programVersion: version,
      prefix: config.rolePrefix,
      onProgress: ({ table: name, total }) => context.progress(`${name}: ${total} rows in all`),
    });
    context.progress('');
    const { path, bytes, rows, tables, removed, notMoved } = made;
    const json = { path, bytes, rows, tables, sealed: options.key.kind, removed, not_moved: notMoved };
    printResult(context, json, () => [
      `${path}: ${rows} rows in ${tables} tables, ${sizeOf(bytes)}`,
      ...removed.map((one) => `removed ${one}`),
      ...(notMoved.length > 0 ? [`not in it: ${notMoved.join(', ')} (no migration registered them)`] : []),
    ]);
    if (options.key.kind === 'none')
      context.note(
        `it holds personal data in the clear: keep it safe, or seal it with --passphrase-file FILE or --master-key`,
      );
    return exitCodes.fine;
  },
};

export const backupVerify: CommandBody = {
  usage: [`backup verify [FILE] [--folder DIR] [--scratch FOLDER|URL] ${keyUsage}`],
  options: { ...archiveKeyOptions, folder: { type: 'string' }, scratch: { type: 'string' } },
  database: 'none',
  async run(context, { values, positionals }) {
    const file = await fileOf(context, values, positionals);
    const key = await archiveKeyOf(context, values, (await readHeader(file)).fingerprint);
    const result = await withScratch(context, values['scratch'], async (scratch) =>
      verifyBackup(file, scratch, { ...(await loadOptions(context)), key, now: new Date() }),
    );
    context.progress('');
    printResult(context, { path: file, ...asJson(result) }, () => [`${file}: ${summary(result)}`]);
    return exitCodes.fine;
  },
};

/** An empty database that is gone afterwards; one that the caller names is theirs and stays. */
async function withScratch<T>(
  context: CommandContext,
  named: unknown,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const temporary = typeof named === 'string' ? undefined : await mkdtemp(join(tmpdir(), 'plinth-verify-'));
  const config = configOf(context, temporary === undefined ? String(named) : join(temporary, 'data'));
  try {
    const engine = await openDatabase({ ...config, fsync: config.fsync && !temporary }, { mustExist: false });
    try {
      return await work(engine);
    } finally {
      await engine.close();
    }
  } finally {
    if (temporary) await rm(temporary, { recursive: true, force: true });
  }
}

export const backupRestore: CommandBody = {
  usage: [`backup restore FILE [--to FOLDER|URL] ${keyUsage}`, 'without --to into the configured database'],
  options: { ...archiveKeyOptions, to: { type: 'string' } },
  database: 'none',
  async run(context, { values, positionals }) {
    const [file] = positionals;
    if (file === undefined) throw new UsageError('backup restore wants a FILE');
    const path = resolve(context.cwd, file);
    const key = await archiveKeyOf(context, values, (await readHeader(path)).fingerprint);
    const config = configOf(context, values['to'] as string | undefined);
    const engine = await openDatabase(config, { mustExist: false });
    try {
      const result = await restoreBackup(path, engine, {
        ...(await loadOptions(context)),
        ...(values['to'] === undefined ? runtimeLogins(context.config) : {}),
        key,
      });
      context.progress('');
      printResult(context, { to: engine.description, ...asJson(result) }, () => [
        `${engine.description}: ${summary(result)}`,
      ]);
      for (const line of await masterKeyNotes(config, result.masterKeyFingerprint, context.config)) context.note(line);
      return exitCodes.fine;
    } finally {
      await engine.close();
    }
  },
};

export const backupList: CommandBody = {
  usage: ['backup list [--folder DIR]'],
  options: { folder: { type: 'string' } },
  database: 'none',
  async run(context, { values }) {
    const backups = await listBackups(folderOf(context, values));
    const json = backups.map(({ path, bytes, createdAt, program, sealed, verifiedAt }) => ({
      path,
      bytes,
      created_at: createdAt?.toISOString() ?? null,
      program: program ?? null,
      sealed: sealed ?? null,
      verified_at: verifiedAt?.toISOString() ?? null,
    }));
    printResult(context, json, () =>
      backups.length === 0
        ? [`no backups in ${folderOf(context, values)}`]
        : table(
            ['backup', 'age', 'size', 'sealed with', 'verified at'],
            backups.map(({ path, bytes, createdAt, sealed, verifiedAt }) => [
              path,
              createdAt ? ageOf(Date.now() - createdAt.getTime()) : 'not a backup',
              sizeOf(bytes),
              sealed ?? '',
              verifiedAt?.toISOString() ?? 'never',
            ]),
          ),
    );
    return exitCodes.fine;
  },
};

async function loadOptions(context: CommandContext) {
  return {
    modules: (await context.application()).known,
    programVersion: version,
    prefix: context.config.rolePrefix,
    signal: context.signal,
    onProgress: (event: Parameters<typeof showProgress>[1]) => showProgress(context, event),
  };
}

function summary({ rows, tables }: LoadResult): string {
  return `${rows} rows in ${tables.length} tables, equal in number and hash`;
}

function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function ageOf(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} days`;
}
