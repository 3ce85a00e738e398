/** Backups: one file each, made in one snapshot, proven by restoring it. */
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileProblem } from '../core/file-problem.ts';
import type { Engine } from '../db/engine.ts';
import { archiveContent, openArchiveSource } from './archive-content.ts';
import { archiveErrors } from './archive-errors.ts';
import { type ArchiveKey, readHeader, writeArchive } from './archive-file.ts';
import { type MigrateTargetOptions, migrateWhereEmpty } from './copy.ts';
import { type LoadOptions, type LoadResult, loadInto } from './load.ts';
import { openDatabaseSource } from './source.ts';

/** "plinth-20261122T234501123Z.backup": by name they are in the order of time. */
const backup_name = /^plinth-\d{8}T\d{9}Z\.backup$/;

export interface CreateBackupOptions {
  readonly folder: string;
  readonly key: ArchiveKey;
  readonly now: Date;
  readonly programVersion: string;
  /** Of the role names; default "plinth". */
  readonly prefix?: string;
  /** Keep so many of the folder's newest backups, the new one included; default all. */
  readonly keep?: number;
  readonly onProgress?: (event: { readonly table: string; readonly total: number }) => void;
}

export interface CreatedBackup {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly tables: number;
  /** Paths that went because of `keep`. */
  readonly removed: readonly string[];
  /** Tables of the schema that nobody registered: they are not in it. */
  readonly notMoved: readonly string[];
}

/**
 * Writes a backup of the whole database, in one snapshot, and only then removes old ones. On the embedded engine
 * requests wait meanwhile. Throws `archive_write_failed` (nothing is left then) and what `openDatabaseSource` throws.
 */
export async function createBackup(engine: Engine, options: CreateBackupOptions): Promise<CreatedBackup> {
  const { folder, key, now, programVersion } = options;
  const path = join(folder, `plinth-${now.toISOString().replace(/[-:.]/g, '')}.backup`);
  await makeFolder(folder);
  const source = await openDatabaseSource(engine, options.prefix);
  try {
    let total = 0;
    const content = archiveContent(source, (table, rows) => {
      total += rows;
      options.onProgress?.({ table, total });
    });
    const { bytes } = await writeArchive(path, { createdAt: now, program: programVersion, key }, content);
    const { tables, unregistered } = source.shape;
    const removed = options.keep === undefined ? [] : await removeOld(folder, options.keep);
    return { path, bytes, rows: total, tables: tables.length, removed, notMoved: unregistered };
  } finally {
    await source.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw archiveErrors.archive_write_failed({ detail: `${folder}: ${fileProblem(error)}`, cause: error });
  }
}

async function removeOld(folder: string, keep: number): Promise<string[]> {
  const old = (await backupNames(folder)).slice(0, -keep).map((name) => join(folder, name));
  for (const path of old) {
    await rm(path, { force: true });
    await rm(verifiedPath(path), { force: true });
  }
  return old;
}

async function backupNames(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => backup_name.test(name)).sort();
}

export interface RestoreOptions extends LoadOptions, MigrateTargetOptions {
  readonly key: ArchiveKey;
}

/**
 * Loads a backup into an empty database, which gets the migrations the backup has, no newer ones. Afterwards both are
 * equal, table by table. Interrupted, the same call goes on. Throws what `openArchiveSource` and `loadInto` throw.
 */
export async function restoreBackup(path: string, to: Engine, options: RestoreOptions): Promise<LoadResult> {
  const source = await openArchiveSource(path, options.key);
  try {
    await migrateWhereEmpty(to, options, source.shape);
    return await loadInto(to, source, options);
  } finally {
    await source.close();
  }
}

/** Restores a backup into a scratch database, which must be empty, and notes beside the file that it was equal. */
export async function verifyBackup(
  path: string,
  scratch: Engine,
  options: RestoreOptions & { readonly now: Date },
): Promise<LoadResult> {
  const result = await restoreBackup(path, scratch, options);
  const { size, mtimeMs } = await stat(path);
  const note: VerifiedNote = { verified_at: options.now.toISOString(), bytes: size, changed_ms: mtimeMs };
  await writeFile(verifiedPath(path), `${JSON.stringify(note)}\n`, { mode: 0o600 });
  return result;
}

/** Of which state of the file it was. */
interface VerifiedNote {
  readonly verified_at: string;
  readonly bytes: number;
  readonly changed_ms: number;
}

function verifiedPath(path: string): string {
  return `${path}.verified`;
}

export interface BackupInfo {
  readonly path: string;
  readonly bytes: number;
  /** Absent for a file that is no backup any more. */
  readonly createdAt?: Date;
  readonly program?: string;
  readonly sealed?: 'none' | 'passphrase' | 'master-key';
  /** When it was last restored and found equal, unless the file has changed since. */
  readonly verifiedAt?: Date;
}

/** The backups of a folder, newest first; none where there is no folder. */
export async function listBackups(folder: string): Promise<BackupInfo[]> {
  const infos: BackupInfo[] = [];
  for (const name of (await backupNames(folder)).reverse()) {
    const path = join(folder, name);
    const { size, mtimeMs } = await stat(path);
    const header = await readHeader(path).catch(() => undefined);
    const note = await readNote(path);
    infos.push({
      path,
      bytes: size,
      ...(header && { createdAt: new Date(header.created_at), program: header.program, sealed: header.sealed }),
      ...(note?.bytes === size && note.changed_ms === mtimeMs && { verifiedAt: new Date(note.verified_at) }),
    });
  }
  return infos;
}

async function readNote(path: string): Promise<VerifiedNote | undefined> {
  try {
    return JSON.parse(await readFile(verifiedPath(path), 'utf8')) as VerifiedNote;
  } catch {
    return undefined;
  }
}
