import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Language, Parser, type Tree } from 'web-tree-sitter';
import { vendoredFile } from '../../../platform/core/vendored.ts';
import { Grammar } from '../syntax/grammar.ts';
import { type LanguageDefinition, type LanguageId, languageDefinitions } from './definition.ts';

/** A loaded language: one parser, used by one caller at a time within a thread. */
export interface LanguageRuntime {
  readonly grammar: Grammar;
  /** The caller deletes the tree. Null: the time was up. */
  parse(source: string, deadlineMs: number): Tree | null;
}

const loaded = new Map<LanguageId, Promise<LanguageRuntime>>();
let initialised: Promise<void> | undefined;

/** Loads a language's grammar on first use; the native bindings of the grammar packages are never touched. */
export function loadLanguage(id: LanguageId): Promise<LanguageRuntime> {
  let runtime = loaded.get(id);
  if (runtime === undefined) {
    runtime = load(languageDefinitions[id]);
    loaded.set(id, runtime);
  }
  return runtime;
}

async function load(definition: LanguageDefinition): Promise<LanguageRuntime> {
  initialised ??= Parser.init();
  await initialised;
  const language = await Language.load(await readFile(vendoredFile(definition.package, definition.wasm)));
  const parser = new Parser();
  parser.setLanguage(language);
  const grammar = new Grammar(
    definition,
    language.types,
    (type) => language.nodeTypeIsNamed(type),
    Array.from(language.fields),
  );
  return { grammar, parse: (source, deadlineMs) => parseUntil(parser, source, performance.now() + deadlineMs) };
}

function parseUntil(parser: Parser, source: string, deadline: number): Tree | null {
  // The declared type of the callback says void; returning true is what stops the parse.
  const progressCallback = (): boolean => performance.now() > deadline;
  const tree = parser.parse(source, null, { progressCallback });
  // Without a reset the next parse would go on with this source.
  if (tree === null) parser.reset();
  return tree;
}

async function packageVersion(wasm: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(dirname(wasm), 'package.json'), 'utf8'));
  const version = (manifest as { version?: unknown }).version;
  return typeof version === 'string' ? version : 'unknown';
}

/**
 * Versions of what parses: the parser and each grammar, by package name. A WebAssembly file lies at its package's root;
 * web-tree-sitter does not export its package.json.
 */
export async function parserVersions(): Promise<Record<string, string>> {
  const files = new Map([['web-tree-sitter', vendoredFile('web-tree-sitter', 'web-tree-sitter.wasm')]]);
  for (const each of Object.values(languageDefinitions)) files.set(each.package, vendoredFile(each.package, each.wasm));
  const versions: Record<string, string> = {};
  for (const [name, wasm] of [...files].sort()) versions[name] = await packageVersion(wasm);
  return versions;
}
