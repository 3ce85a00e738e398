import type { ParseReasonCode } from '../analyze-source.ts';

/** One file of a source: its bytes, or why there are none. */
export type SourceFile = ReadFile | UnreadFile;

export interface ReadFile {
  /** With "/", relative to the root of the source. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;
}

export interface UnreadFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly unread: { readonly status: 'failed' | 'skipped'; readonly code: ParseReasonCode };
}

/** Files of other languages and kinds are not reported one by one; they are counted. */
export interface SourceCounts {
  /** Everything the source lists, of whatever kind. */
  listed: number;
  /** Files of languages that are not analysed. */
  otherLanguages: number;
  /** Files under folders that are left out (`excludedFolders`). */
  excluded: number;
  /** Symbolic links, submodules, sockets and the like: never followed. */
  notRegular: number;
  /** True when the source has more files than one run takes. */
  truncated: boolean;
}

export interface AnalysisSource {
  /** What is analysed, for people: "folder /srv/app", "commit 1a2b… of /srv/app.git". */
  readonly description: string;
  /** Commit id when the source is a commit. */
  readonly commitSha: string | null;
  /** May be called once. `counts` is filled while it is read. */
  files(signal: AbortSignal): AsyncIterable<SourceFile>;
  readonly counts: SourceCounts;
}

/** Folders of dependencies and of built files: not the project's own sources. */
export const excludedFolders: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  'bower_components',
  'vendor',
  'dist',
  '__pycache__',
  '.venv',
  'venv',
  'site-packages',
  '.tox',
  '.mypy_cache',
  '.next',
  '.nuxt',
  '.yarn',
]);

export function emptyCounts(): SourceCounts {
  return { listed: 0, otherLanguages: 0, excluded: 0, notRegular: 0, truncated: false };
}

export interface SourceOptions {
  /** Names of folders that are left out wherever they are; `excludedFolders` by default. */
  readonly exclude?: ReadonlySet<string>;
}

/** Whether a path inside a source lies in a folder of such a name. */
export function isExcluded(path: string, exclude: ReadonlySet<string>): boolean {
  let from = 0;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', from)) {
    if (exclude.has(path.slice(from, slash))) return true;
    from = slash + 1;
  }
  return false;
}
