import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileProblem } from '../../core/file-problem.ts';
import { databaseErrors } from '../errors.ts';

/** PostgreSQL's major version in the embedded engine. */
const embeddedMajorVersion = '18';
const markerFile = 'plinth.folder';
const markerText = 'This folder belongs to Plinth: its embedded database is in pg/. Do not change anything in here.\n';
/** There while the first cluster is being made: what a crash leaves then is not a database yet and is made again. */
const unfinishedFile = 'plinth.initialising';
const ownerOnly = 0o700;

export interface DataFolder {
  /** Where the cluster itself is. */
  readonly clusterFolder: string;
  /** True when there is no database yet. */
  readonly fresh: boolean;
  /** To be called once the engine is open: the cluster is whole from here on. */
  initialised(): Promise<void>;
}

/**
 * Whether there is a database in the folder, or what was one: false for a folder that is not there, an empty one, and one
 * whose first start never ended. A folder of somebody else's counts: opening it says so. Throws `data_folder_unusable`.
 */
export async function hasDatabase(folder: string): Promise<boolean> {
  try {
    const entries = await readdir(folder);
    const isMarked = entries.includes(markerFile);
    return entries.length > 0 && !(isMarked && (entries.includes(unfinishedFile) || !entries.includes('pg')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw systemError(error, folder);
  }
}

/**
 * Makes the folder if need be, for its owner only, and marks it as ours. Throws `data_folder_foreign` for a folder that
 * holds something else, and `data_folder_unusable` with the reason when it can not be made or read.
 */
export async function claimDataFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: ownerOnly });
    const entries = await readdir(folder);
    if (entries.length > 0 && !entries.includes(markerFile)) {
      throw databaseErrors.data_folder_foreign({
        detail: `${folder} is not empty and holds no ${markerFile}, so Plinth did not make it.`,
      });
    }
    if (((await stat(folder)).mode & 0o077) !== 0) await chmod(folder, ownerOnly);
    if (entries.length === 0) await writeFile(join(folder, markerFile), markerText, { mode: 0o600 });
  } catch (error) {
    throw systemError(error, folder);
  }
}

/**
 * Looks at the cluster in a claimed and locked folder. Throws `data_folder_version` when another major version of
 * PostgreSQL made it. What an interrupted first start left is removed.
 */
export async function openDataFolder(folder: string): Promise<DataFolder> {
  const clusterFolder = join(folder, 'pg');
  const unfinished = join(folder, unfinishedFile);
  try {
    if (await exists(unfinished)) await rm(clusterFolder, { recursive: true, force: true });
    const version = (await readIfThere(join(clusterFolder, 'PG_VERSION')))?.trim();
    if (version === undefined && (await exists(clusterFolder)) && (await readdir(clusterFolder)).length > 0) {
      throw databaseErrors.data_folder_unusable({
        detail: `${clusterFolder} has no PG_VERSION: it is damaged. Restore it from a backup.`,
      });
    }
    if (version !== undefined && version !== embeddedMajorVersion) {
      throw databaseErrors.data_folder_version({
        detail: `${clusterFolder} was made by PostgreSQL ${version.slice(0, 20)}; this release embeds ${embeddedMajorVersion}.`,
      });
    }
    const fresh = version === undefined;
    if (fresh) {
      await writeFile(unfinished, '', { mode: 0o600 });
      await mkdir(clusterFolder, { recursive: true, mode: ownerOnly });
    }
    return { clusterFolder, fresh, initialised: () => rm(unfinished, { force: true }) };
  } catch (error) {
    throw systemError(error, folder);
  }
}

/** A failure of the file system in words, anything else as it is. */
function systemError(error: unknown, folder: string): unknown {
  const reason = fileProblem(error);
  if (reason === undefined) return error;
  return databaseErrors.data_folder_unusable({ detail: `${folder}: ${reason}`, cause: error });
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
