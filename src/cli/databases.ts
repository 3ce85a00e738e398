/** Databases a command is told of by name: a data folder, or a server's URL. */
import { resolve } from 'node:path';
import { knownMasterKeys, masterKeyPath, replacedKeyFiles } from '../master-keys.ts';
import type { Config } from '../platform/core/config.ts';
import { loadMasterKeyFile, type MasterKey } from '../platform/core/crypto/index.ts';
import { createLogger } from '../platform/core/log.ts';
import { Secret } from '../platform/core/secrets.ts';
import type { Engine } from '../platform/db/engine.ts';
import { hasDatabase } from '../platform/db/pglite/data-folder.ts';
import { transferErrors } from '../platform/transfer/index.ts';
import { openEngine } from '../plinth.ts';
import type { CommandContext } from './command.ts';

const server_url = /^postgres(?:ql)?:\/\//;

/** The configuration with which a named database is opened as its owner; without a name the configured one. */
export function configOf(context: CommandContext, name: string | undefined): Config {
  const { config } = context;
  if (name === undefined) return { ...config, databaseUrl: config.migrateUrl, directUrl: config.migrateUrl };
  const others = { migrateUrl: undefined, workerUrl: undefined, readUrl: undefined, directUrl: undefined };
  return server_url.test(name)
    ? { ...config, ...others, databaseUrl: new Secret(name) }
    : { ...config, ...others, databaseUrl: undefined, dataFolder: resolve(context.cwd, name) };
}

/** Who answers requests on the configured database, where that is another login than the one that migrates. */
export function runtimeLogins({ databaseUrl, migrateUrl }: Config): { runtimeLogins?: readonly string[] } {
  if (!databaseUrl || migrateUrl?.reveal() === databaseUrl.reveal()) return {};
  const login = decodeURIComponent(new URL(databaseUrl.reveal()).username);
  return login === '' ? {} : { runtimeLogins: [login] };
}

/** Opens it without looking at its schema. With `mustExist` a folder is not made. */
export async function openDatabase(config: Config, options: { mustExist: boolean }): Promise<Engine> {
  if (options.mustExist && !config.databaseUrl && !(await hasDatabase(config.dataFolder))) {
    throw transferErrors.transfer_source_missing({ detail: `${config.dataFolder} holds no database` });
  }
  return await openEngine(config, createLogger({ level: 'error' }));
}

/**
 * The key this process would start a database with: the configured one, else the development key beside the folder.
 * With a fingerprint the one of the keys at hand, those before it too, that has it; where none has, the first.
 */
export async function masterKeyFor(config: Config, fingerprint?: string): Promise<MasterKey | undefined> {
  const keys = await knownMasterKeys(config);
  return keys.find((key) => key.fingerprint === fingerprint) ?? keys[0];
}

/**
 * What to do about the master key after data has moved to `target`, as lines; none when the key at hand there is the right
 * one. `source` is where the key may lie on this machine.
 */
export async function masterKeyNotes(target: Config, fingerprint: string | null, source: Config): Promise<string[]> {
  if (fingerprint === null) return [];
  const there = await masterKeyFor(target, fingerprint);
  const isThere = there?.fingerprint === fingerprint;
  // a file beside a folder of this machine is not at hand where a server's processes run
  if (isThere && (target.masterKey !== undefined || target.databaseUrl === undefined)) return [];
  const path = await fileOfKey(source, fingerprint);
  const name = (key: string) => `master key ${key.slice(0, 8)}…`;
  return [
    `secrets are sealed with ${name(fingerprint)}${there && !isThere ? `, and ${name(there.fingerprint)} is at hand` : ''}: the target starts with no other`,
    ...(path === undefined
      ? ["bring the source's key along: it is its PLINTH_MASTER_KEY_FILE, or the file beside its data folder"]
      : there || target.databaseUrl
        ? [`start it with a copy of that key: PLINTH_MASTER_KEY_FILE=${path}`]
        : [`bring it along: cp ${path} ${masterKeyPath(target)}`]),
  ];
}

async function fileOfKey(config: Config, fingerprint: string): Promise<string | undefined> {
  for (const path of [masterKeyPath(config), ...(await replacedKeyFiles(config))]) {
    if ((await loadMasterKeyFile(path))?.fingerprint === fingerprint) return path;
  }
  return undefined;
}
