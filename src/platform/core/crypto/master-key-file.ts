import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, realpath, unlink } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { cryptoErrors } from './errors.ts';
import { generateMasterKeyText, type MasterKey, parseMasterKey } from './master-key.ts';

const KEY_FILE_BYTES_MAX = 1024;
/** Windows has neither modes nor owners in this sense; the folder's access list protects the file there. */
const HAS_FILE_MODES = process.platform !== 'win32';

export interface MasterKeyFileOptions {
  /** A folder the file must not be in: the data folder, so that no copy or backup of it carries its own key. */
  readonly outside?: string;
}

/**
 * Reads the key file of the embedded engine. Undefined when there is none. Throws `master_key_invalid` when it is a
 * link, belongs to someone else, can be read by others, or holds no key.
 */
export async function loadMasterKeyFile(
  path: string,
  options: MasterKeyFileOptions = {},
): Promise<MasterKey | undefined> {
  let file: FileHandle;
  try {
    // Opened first and then looked at, so that what was checked is what is read.
    file = await open(path, constants.O_RDONLY | (HAS_FILE_MODES ? constants.O_NOFOLLOW : 0));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (errorCode(error) === 'ELOOP') throw refused(path, 'is a symbolic link', 'Put the file itself there.');
    throw refused(path, `cannot be opened (${errorCode(error) ?? 'unknown error'})`, 'Check its owner and its folder.');
  }
  try {
    await refuseInside(path, options.outside);
    const status = await file.stat();
    if (!status.isFile()) throw refused(path, 'is not a regular file', 'Remove it.');
    if (HAS_FILE_MODES) {
      if ((status.mode & 0o077) !== 0) {
        throw refused(path, 'can be read or changed by other users', `Run: chmod 600 ${path}`);
      }
      if (status.uid !== process.getuid?.()) throw refused(path, 'belongs to another user', 'Start as its owner.');
    }
    if (status.size > KEY_FILE_BYTES_MAX) throw refused(path, 'is too large for a key', 'It must hold one key.');
    return parseMasterKey(await file.readFile('utf8'));
  } finally {
    await file.close();
  }
}

/**
 * Reads the key file, or makes one with a new key: mode 0600, complete or not there at all, never over an existing
 * one (of several processes starting at once all end with the same key). Call it only for a database that has no
 * fingerprint yet; where one is stored, a missing file must be an error and not a new key.
 */
export async function loadOrCreateMasterKeyFile(
  path: string,
  options: MasterKeyFileOptions = {},
): Promise<{ key: MasterKey; created: boolean }> {
  const existing = await loadMasterKeyFile(path, options);
  if (existing) return { key: existing, created: false };
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await refuseInside(path, options.outside);
  const created = await writeOnce(path, `${generateMasterKeyText()}\n`);
  const key = await loadMasterKeyFile(path, options);
  if (!key) throw refused(path, 'vanished while it was made', 'Try again.');
  return { key, created };
}

/** Writes a complete file under its final name, or leaves the one that is there. False when it was there. */
async function writeOnce(path: string, text: string): Promise<boolean> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A hard link fails where a rename would replace another process's key.
    await link(temporary, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(temporary);
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (!HAS_FILE_MODES) return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function refuseInside(path: string, outside: string | undefined): Promise<void> {
  if (outside === undefined) return;
  const folder = await realpath(outside).catch(() => outside);
  const way = relative(folder, join(await realpath(dirname(path)), basename(path)));
  const isInside = way !== '..' && !way.startsWith(`..${sep}`);
  if (isInside) throw refused(path, 'is inside the data folder', 'A key kept with its data protects nothing: move it.');
}

function refused(path: string, what: string, hint: string) {
  return cryptoErrors.master_key_invalid({ detail: `the key file ${path} ${what}`, hint });
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
