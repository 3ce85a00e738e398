import { constants, type Dirent } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { analysisErrors } from '../errors.ts';
import { fileEnding, languageOfPath } from '../languages/definition.ts';
import { analysisLimits } from '../limits.ts';
import { GitProcess, runGit, splitAtNul } from './git-process.ts';
import { isInside, pathText, shortenedPath, takeName } from './paths.ts';
import {
  type AnalysisSource,
  emptyCounts,
  excludedFolders,
  isExcluded,
  type SourceCounts,
  type SourceFile,
  type SourceOptions,
} from './source.ts';

/**
 * The files of a folder. In a git work tree these are the tracked ones and the new ones that `.gitignore` does not name;
 * elsewhere all, without the excluded folders. Symbolic links are never followed. Rejects with
 * `analysis_source_not_found` or `analysis_source_unreadable`.
 */
export async function directorySource(directory: string, options: SourceOptions = {}): Promise<AnalysisSource> {
  const root = await realpath(resolve(directory)).catch(() => null);
  const found = root === null ? null : await stat(root).catch(() => null);
  if (root === null || found === null) throw analysisErrors.analysis_source_not_found();
  if (!found.isDirectory()) throw analysisErrors.analysis_source_unreadable({ detail: 'It is not a folder.' });
  await readdir(root).catch((cause: unknown) => {
    throw analysisErrors.analysis_source_unreadable({ cause });
  });
  const counts = emptyCounts();
  return {
    description: `folder ${root}`,
    commitSha: null,
    counts,
    files: (signal) => readDirectory({ root, counts, exclude: options.exclude ?? excludedFolders }, signal),
  };
}

interface DirectoryReading {
  readonly root: string;
  readonly counts: SourceCounts;
  readonly exclude: ReadonlySet<string>;
}

async function* readDirectory(reading: DirectoryReading, signal: AbortSignal): AsyncGenerator<SourceFile> {
  const { root, counts, exclude } = reading;
  const listing = (await usesGit(root, signal)) ? listByGit(root, signal) : walk(reading, signal);
  const seen = new Set<string>();
  for await (const raw of listing) {
    signal.throwIfAborted();
    if (seen.size >= analysisLimits.files_per_run) {
      counts.truncated = true;
      return;
    }
    counts.listed++;
    const path = pathText(raw);
    if (isExcluded(path, exclude)) {
      counts.excluded++;
      continue;
    }
    if (languageOfPath(path) === null && fileEnding(path) !== '') {
      counts.otherLanguages++;
      continue;
    }
    const whole = raw.length <= analysisLimits.path_bytes;
    if (!whole || !isInside(path) || seen.has(path)) {
      const code = !whole ? 'path_too_long' : isInside(path) ? 'path_not_unique' : 'unreadable';
      const name = takeName(whole ? path : shortenedPath(path, raw), raw, seen);
      yield { path: name, sizeBytes: 0, unread: { status: 'failed', code } };
      continue;
    }
    seen.add(path);
    const file = await readOne(root, raw, path, counts);
    if (file !== null) yield file;
  }
}

/** Whether the folder is part of a git work tree and not itself ignored there, as node_modules/x would be. */
async function usesGit(root: string, signal: AbortSignal): Promise<boolean> {
  const inside = await runGit(['-C', root, 'rev-parse', '--is-inside-work-tree'], signal);
  if (inside.code !== 0 || inside.stdout.trim() !== 'true') return false;
  const ignored = await runGit(['-C', root, 'check-ignore', '-q', '--', '.'], signal);
  return ignored.code === 1;
}

async function* listByGit(root: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const git = new GitProcess(
    ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', '.'],
    signal,
  );
  git.child.stdin.end();
  try {
    yield* splitAtNul(git.output(), analysisLimits.path_bytes * 4);
    if ((await git.end()) !== 0) {
      signal.throwIfAborted();
      throw git.error('git could not list the files of the folder.');
    }
  } finally {
    await git.stop();
  }
}

/** Every file below the root, folder by folder in order of name, without recursion. */
async function* walk(reading: DirectoryReading, signal: AbortSignal): AsyncGenerator<Buffer> {
  const { root, counts, exclude } = reading;
  const waiting: Buffer[] = [Buffer.alloc(0)];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    signal.throwIfAborted();
    // A folder that vanished or may not be read holds nothing for us.
    const entries: Dirent<Buffer>[] = await readdir(joinBytes(root, folder), {
      withFileTypes: true,
      encoding: 'buffer',
    }).catch(() => []);
    entries.sort((a, b) => Buffer.compare(a.name, b.name));
    const folders: Buffer[] = [];
    for (const entry of entries) {
      const path = folder.length === 0 ? entry.name : Buffer.concat([folder, Buffer.from('/'), entry.name]);
      if (entry.isFile()) yield path;
      else if (!entry.isDirectory()) counts.notRegular++;
      else if (!exclude.has(entry.name.toString()) && path.length <= analysisLimits.path_bytes) {
        folders.push(path);
      } else counts.excluded++;
    }
    waiting.push(...folders.reverse());
  }
}

function joinBytes(root: string, path: Buffer): Buffer {
  // Windows has no names that are not Unicode, and writes its paths with "\\".
  if (sep !== '/') return Buffer.from(join(root, path.toString()));
  return path.length === 0 ? Buffer.from(root) : Buffer.concat([Buffer.from(root + sep), path]);
}

/** Null for what is no regular file of ours: a link, a socket, a script of another language. */
async function readOne(root: string, raw: Buffer, path: string, counts: SourceCounts): Promise<SourceFile | null> {
  const full = joinBytes(root, raw);
  // A folder on the way may be a link that leads out of the root, so the real path is what counts.
  const real = await realpath(full, { encoding: 'buffer' }).catch((error: NodeJS.ErrnoException) => error.code);
  // Listed and gone: deleted but not yet from the index, or a link to nothing.
  if (real === 'ENOENT') return null;
  if (!Buffer.isBuffer(real)) return { path, sizeBytes: 0, unread: { status: 'failed', code: 'unreadable' } };
  if (!real.equals(full)) {
    counts.notRegular++;
    return null;
  }
  // Not following links, and not waiting for the other end of a pipe.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(full, flags).catch(() => null);
  if (handle === null) return { path, sizeBytes: 0, unread: { status: 'failed', code: 'unreadable' } };
  try {
    const status = await handle.stat();
    if (!status.isFile()) {
      counts.notRegular++;
      return null;
    }
    if (fileEnding(path) === '' && languageOfPath(path) === null && (status.mode & 0o111) === 0) {
      counts.otherLanguages++;
      return null;
    }
    if (status.size > analysisLimits.file_bytes) {
      return { path, sizeBytes: status.size, unread: { status: 'skipped', code: 'too_large' } };
    }
    const buffer = Buffer.allocUnsafeSlow(status.size);
    const { bytesRead } = await handle.read(buffer, 0, status.size, 0);
    return { path, sizeBytes: bytesRead, bytes: buffer.subarray(0, bytesRead) };
  } catch {
    return { path, sizeBytes: 0, unread: { status: 'failed', code: 'unreadable' } };
  } finally {
    await handle.close();
  }
}
