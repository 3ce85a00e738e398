import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ParseReasonCode } from '../analyze-source.ts';
import { analysisErrors } from '../errors.ts';
import { fileEnding, languageOfPath } from '../languages/definition.ts';
import { analysisLimits } from '../limits.ts';
import { ByteReader } from './byte-reader.ts';
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
  type UnreadFile,
} from './source.ts';

/** Objects asked for before the first is answered: keeps git busy without filling pipes. */
const requestsAhead = 32;

export interface GitCommitOptions extends SourceOptions {
  /** A bare clone, or the `.git` folder of a work tree. */
  readonly gitDirectory: string;
  /** The full id: 40 or 64 lower-case hexadecimal digits. */
  readonly commitSha: string;
}

/** Whether the text is a full object id; nothing else is ever given to git. */
export function isCommitSha(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/**
 * The files of a commit in a clone, without checking it out. Rejects with `analysis_commit_invalid`,
 * `analysis_source_not_found`, `analysis_source_unreadable` or `analysis_commit_not_found`.
 */
export async function gitCommitSource(options: GitCommitOptions, signal?: AbortSignal): Promise<AnalysisSource> {
  const { commitSha } = options;
  if (!isCommitSha(commitSha)) throw analysisErrors.analysis_commit_invalid();
  const gitDirectory = resolve(options.gitDirectory);
  const found = await stat(gitDirectory).catch(() => null);
  if (!found?.isDirectory()) throw analysisErrors.analysis_source_not_found();
  const stop = signal ?? new AbortController().signal;
  const base = [`--git-dir=${gitDirectory}`];
  const repository = await runGit([...base, 'rev-parse', '--git-dir'], stop);
  if (repository.code !== 0) throw repository.git.error('It is not a git repository.');
  const commit = await runGit([...base, 'cat-file', '-t', commitSha], stop);
  if (commit.code !== 0 || commit.stdout.trim() !== 'commit') {
    throw analysisErrors.analysis_commit_not_found({ detail: `No commit ${commitSha} in the repository.` });
  }
  const counts = emptyCounts();
  return {
    description: `commit ${commitSha}`,
    commitSha,
    counts,
    files: (abort) => readCommit({ base, commitSha, counts, exclude: options.exclude ?? excludedFolders }, abort),
  };
}

interface Blob {
  readonly path: string;
  readonly objectId: string;
  readonly sizeBytes: number;
}

interface CommitReading {
  readonly base: readonly string[];
  readonly commitSha: string;
  readonly counts: SourceCounts;
  readonly exclude: ReadonlySet<string>;
}

async function* readCommit(reading: CommitReading, signal: AbortSignal): AsyncGenerator<SourceFile> {
  const { base, commitSha, counts } = reading;
  const wanted: Blob[] = [];
  const listing = new GitProcess([...base, 'ls-tree', '-r', '-z', '-l', '--full-tree', commitSha], signal);
  listing.child.stdin.end();
  const seen = new Set<string>();
  try {
    for await (const entry of splitAtNul(listing.output(), analysisLimits.path_bytes * 4)) {
      if (wanted.length >= analysisLimits.files_per_run) {
        counts.truncated = true;
        break;
      }
      const file = takeEntry(entry, reading, seen);
      if (file === null) continue;
      if ('unread' in file) yield file;
      else wanted.push(file);
    }
    if (!counts.truncated && (await listing.end()) !== 0) {
      signal.throwIfAborted();
      throw listing.error('The tree of the commit could not be read.');
    }
  } finally {
    await listing.stop();
  }
  seen.clear();
  yield* readBlobs(base, wanted, signal);
}

/** One entry of `ls-tree -l`: `<mode> <type> <id> <size>\t<path>`. Null for what is not analysed. */
function takeEntry(entry: Buffer, reading: CommitReading, seen: Set<string>): Blob | UnreadFile | null {
  const { counts } = reading;
  counts.listed++;
  const tab = entry.indexOf(9);
  const [mode, type, objectId, size] = entry.subarray(0, Math.max(0, tab)).toString('latin1').split(/ +/);
  // 100644 and 100755 are files; 120000 is a symbolic link, 160000 a submodule.
  if (type !== 'blob' || objectId === undefined || !mode?.startsWith('100')) {
    counts.notRegular++;
    return null;
  }
  const raw = entry.subarray(tab + 1);
  const path = pathText(raw);
  const sizeBytes = Number(size);
  if (isExcluded(path, reading.exclude)) {
    counts.excluded++;
    return null;
  }
  // A file without ending may be a script; git says whether it can be run.
  if (languageOfPath(path) === null && (fileEnding(path) !== '' || mode !== '100755')) {
    counts.otherLanguages++;
    return null;
  }
  const unread = (name: string, bytes: number, status: 'failed' | 'skipped', code: ParseReasonCode): UnreadFile => ({
    path: takeName(name, raw, seen),
    sizeBytes: bytes,
    unread: { status, code },
  });
  if (raw.length > analysisLimits.path_bytes) return unread(shortenedPath(path, raw), 0, 'failed', 'path_too_long');
  if (!isInside(path) || !Number.isSafeInteger(sizeBytes)) return unread(path, 0, 'failed', 'unreadable');
  if (seen.has(path)) return unread(path, sizeBytes, 'failed', 'path_not_unique');
  if (sizeBytes > analysisLimits.file_bytes) return unread(path, sizeBytes, 'skipped', 'too_large');
  seen.add(path);
  return { path, objectId, sizeBytes };
}

async function* readBlobs(
  base: readonly string[],
  blobs: readonly Blob[],
  signal: AbortSignal,
): AsyncGenerator<SourceFile> {
  if (blobs.length === 0) return;
  const git = new GitProcess([...base, 'cat-file', '--batch'], signal);
  try {
    const reader = new ByteReader(git.output());
    let asked = 0;
    for (let index = 0; index < blobs.length; index++) {
      while (asked < blobs.length && asked < index + requestsAhead) {
        git.child.stdin.write(`${blobs[asked++]!.objectId}\n`);
      }
      git.watch();
      const file = await readBlob(reader, blobs[index]!);
      if (file === null) {
        signal.throwIfAborted();
        await git.end();
        throw git.error('The files of the commit could not be read.');
      }
      git.unwatch();
      yield file;
    }
    git.child.stdin.end();
  } finally {
    await git.stop();
  }
}

/** One answer of `cat-file --batch`: `<id> <type> <size>\n<bytes>\n`, or `<id> missing\n`. Null at the end. */
async function readBlob(reader: ByteReader, blob: Blob): Promise<SourceFile | null> {
  const header = await reader.line(1024);
  if (header === null) return null;
  const [, type, size] = header.split(' ');
  const sizeBytes = Number(size);
  if (type !== 'blob' || !Number.isSafeInteger(sizeBytes)) {
    // "missing" and the like have no body; another type has one that must be passed over.
    if (Number.isSafeInteger(sizeBytes) && !(await reader.skip(sizeBytes + 1))) return null;
    return { path: blob.path, sizeBytes: blob.sizeBytes, unread: { status: 'failed', code: 'unreadable' } };
  }
  if (sizeBytes > analysisLimits.file_bytes) {
    if (!(await reader.skip(sizeBytes + 1))) return null;
    return { path: blob.path, sizeBytes, unread: { status: 'skipped', code: 'too_large' } };
  }
  const bytes = await reader.bytes(sizeBytes);
  if (bytes === null || !(await reader.skip(1))) return null;
  return { path: blob.path, sizeBytes, bytes };
}
