/** Which master keys a process starts with, and the new one of an embedded folder. */
import { link, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Config } from './platform/core/config.ts';
import {
  cryptoErrors,
  loadMasterKeyFile,
  loadOrCreateMasterKeyFile,
  type MasterKey,
  type MasterKeyRing,
} from './platform/core/crypto/index.ts';

/** Digits of the fingerprint in the name of a key file that was replaced. */
const fingerprint_digits = 8;

/** Where the development key lies: beside the data folder, so that a backup of the folder does not hold it. */
export function masterKeyPath(config: Config): string {
  return `${config.dataFolder.replace(/\/+$/, '')}-master.key`;
}

/** Whether the master key is the file beside an embedded data folder, and not configured. */
export function hasOwnMasterKeyFile(config: Config): boolean {
  return config.masterKey === undefined && config.databaseUrl === undefined;
}

/**
 * From the configuration; for development a file beside the data folder, never inside it, which the first start makes.
 * `stored` is the fingerprint of the key that the database belongs to, and undefined where it has none yet: only then is
 * a key made. Throws `master_key_missing`.
 */
export async function masterKeys(config: Config, stored: string | undefined): Promise<MasterKeyRing> {
  if (config.masterKey) return { current: config.masterKey, previous: previousOf(config) };
  if (config.environment === 'production') {
    throw cryptoErrors.master_key_missing({ detail: 'production needs PLINTH_MASTER_KEY or PLINTH_MASTER_KEY_FILE' });
  }
  const path = masterKeyPath(config);
  if (stored !== undefined && (await loadMasterKeyFile(path)) === undefined) {
    throw cryptoErrors.master_key_missing({
      detail: `the database belongs to master key ${stored.slice(0, fingerprint_digits)}…; ${path} is not there`,
      hint: `Bring that key: put it there (where the data came from it lies beside the data folder, as ${basename(path)} does here), or name it in PLINTH_MASTER_KEY_FILE.`,
    });
  }
  const { key } = await loadOrCreateMasterKeyFile(path, { outside: config.dataFolder });
  return { current: key, previous: await replacedKeys(config), origin: path };
}

/** The keys at hand, without making one: the current one first. */
export async function knownMasterKeys(config: Config): Promise<MasterKey[]> {
  if (config.masterKey) return [config.masterKey, ...previousOf(config)];
  const key = await loadMasterKeyFile(masterKeyPath(config));
  return [...(key ? [key] : []), ...(await replacedKeys(config))];
}

function previousOf(config: Config): MasterKey[] {
  return config.previousMasterKey ? [config.previousMasterKey] : [];
}

async function replacedKeys(config: Config): Promise<MasterKey[]> {
  const keys: MasterKey[] = [];
  for (const path of await replacedKeyFiles(config)) {
    const key = await loadMasterKeyFile(path);
    if (key) keys.push(key);
  }
  return keys;
}

/** Files of keys that `replaceMasterKeyFile` put aside. */
export async function replacedKeyFiles(config: Config): Promise<string[]> {
  const path = masterKeyPath(config);
  const prefix = `${basename(path)}.replaced-`;
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => join(dirname(path), name));
}

/**
 * Puts a new master key in the place of the file beside the data folder; the old one stays beside it, named by its
 * fingerprint. Killed at any point, there is a whole key in its place and none is lost. Returns the keys from now on.
 */
export async function replaceMasterKeyFile(config: Config): Promise<MasterKeyRing> {
  const path = masterKeyPath(config);
  const current = await loadMasterKeyFile(path, { outside: config.dataFolder });
  if (!current) throw cryptoErrors.master_key_missing({ detail: `${path} is not there` });
  const next = `${path}.next`;
  await loadOrCreateMasterKeyFile(next, { outside: config.dataFolder });
  const kept = `${path}.replaced-${current.fingerprint.slice(0, fingerprint_digits)}`;
  // a link, not a rename: the place is never empty, else a start at that moment would make a third key
  await link(path, kept).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rename(next, path);
  return masterKeys(config, current.fingerprint);
}
