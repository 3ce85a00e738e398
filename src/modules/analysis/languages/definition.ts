/** The languages that are parsed: which files are theirs, and the grammar's WebAssembly file. Data only. */

export const languageIds = ['typescript', 'tsx', 'javascript', 'python'] as const;
export type LanguageId = (typeof languageIds)[number];

/** Languages of one family share node types and metric definitions. */
export const languageFamilies = ['ecmascript', 'python'] as const;
export type LanguageFamily = (typeof languageFamilies)[number];

export interface LanguageDefinition {
  readonly id: LanguageId;
  readonly family: LanguageFamily;
  /** npm package of the grammar; its version is part of a run's tool versions. */
  readonly package: string;
  /** The grammar, as a path inside the package. */
  readonly wasm: string;
  readonly endings: readonly string[];
  /** Program names of a `#!` line. */
  readonly interpreters: readonly string[];
}

export const languageDefinitions: Readonly<Record<LanguageId, LanguageDefinition>> = {
  typescript: {
    id: 'typescript',
    family: 'ecmascript',
    package: 'tree-sitter-typescript',
    wasm: 'tree-sitter-typescript.wasm',
    endings: ['.ts', '.mts', '.cts'],
    interpreters: ['ts-node', 'tsx'],
  },
  tsx: {
    id: 'tsx',
    family: 'ecmascript',
    package: 'tree-sitter-typescript',
    wasm: 'tree-sitter-tsx.wasm',
    endings: ['.tsx'],
    interpreters: [],
  },
  javascript: {
    id: 'javascript',
    family: 'ecmascript',
    package: 'tree-sitter-javascript',
    wasm: 'tree-sitter-javascript.wasm',
    endings: ['.js', '.mjs', '.cjs', '.jsx'],
    interpreters: ['node', 'nodejs', 'bun', 'deno'],
  },
  python: {
    id: 'python',
    family: 'python',
    package: 'tree-sitter-python',
    wasm: 'tree-sitter-python.wasm',
    endings: ['.py', '.pyi', '.pyw'],
    interpreters: ['python', 'python2', 'python3', 'pypy', 'pypy3'],
  },
};

const byEnding = new Map<string, LanguageId>();
const byInterpreter = new Map<string, LanguageId>();
for (const definition of Object.values(languageDefinitions)) {
  for (const ending of definition.endings) byEnding.set(ending, definition.id);
  for (const interpreter of definition.interpreters) byInterpreter.set(interpreter, definition.id);
}

/** Lower-case ending of the last path segment with its dot; '' when it has none (`Makefile`, `.bashrc`). */
export function fileEnding(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot).toLowerCase();
}

/** The language of a path by its ending, or null. */
export function languageOfPath(path: string): LanguageId | null {
  return byEnding.get(fileEnding(path)) ?? null;
}

/** The language a `#!` line names, or null: `#!/usr/bin/env -S python3 -u` is Python. */
export function languageOfShebang(firstLine: string): LanguageId | null {
  if (!firstLine.startsWith('#!')) return null;
  const words = firstLine.slice(2).trim().split(/\s+/);
  const program = words[0]?.slice(words[0].lastIndexOf('/') + 1);
  const name =
    program === 'env' ? words.slice(1).find((word) => !word.startsWith('-') && !word.includes('=')) : program;
  if (!name) return null;
  return byInterpreter.get(name) ?? byInterpreter.get(name.replace(/[\d.]+$/, '')) ?? null;
}

/** The language of a file: by ending, and for a name without one by its `#!` line. `start` is its first bytes. */
export function detectLanguage(path: string, start: Uint8Array): LanguageId | null {
  const language = languageOfPath(path);
  if (language !== null || fileEnding(path) !== '') return language;
  if (start[0] !== 0x23 || start[1] !== 0x21) return null;
  const line = new TextDecoder('latin1').decode(start.subarray(0, 256)).split('\n', 1)[0] ?? '';
  return languageOfShebang(line);
}
