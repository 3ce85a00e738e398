import type { ElementKind, Parameter } from './elements/element.ts';
import { findElements } from './elements/find.ts';
import { findIssues, type Issue, parseIssue } from './issues.ts';
import { detectLanguage, type LanguageFamily, type LanguageId, languageDefinitions } from './languages/definition.ts';
import { type LanguageRuntime, loadLanguage } from './languages/runtime.ts';
import { analysisLimits } from './limits.ts';
import type { Metrics } from './metrics/definitions.ts';
import { measure } from './metrics/measure.ts';
import { type FlatTree, flattenTree } from './syntax/flat-tree.ts';
import { indexLines, type LineIndex } from './syntax/line-index.ts';

/** ok: all parsed. partial: there are syntax errors, and metrics of what was understood. failed: could not be
 * analysed. skipped: is not meant to be analysed. */
export const parseStatuses = ['ok', 'partial', 'failed', 'skipped'] as const;
export type ParseStatus = (typeof parseStatuses)[number];

export const parseReasonCodes = [
  'syntax_error',
  'not_utf8',
  'binary',
  'too_large',
  'minified',
  'generated',
  'unsupported_language',
  'too_deep',
  'too_many_nodes',
  'parse_timeout',
  'parser_crashed',
  'unreadable',
  'path_too_long',
  'path_not_unique',
] as const;
export type ParseReasonCode = (typeof parseReasonCodes)[number];

/** Why a file is not "ok". `line` and `column` count from 1, and are of the first syntax error. */
export interface ParseReason {
  readonly code: ParseReasonCode;
  readonly message: string;
  readonly line?: number;
  readonly column?: number;
}

/** One function, class or type of a file. Lines count from 1 and are both included. */
export interface CodeElement {
  readonly kind: ElementKind;
  readonly name: string;
  readonly qualifiedName: string;
  /** The qualified name, made unique in the file: the element's stable name when lines move. */
  readonly path: string;
  readonly parentPath: string | null;
  readonly startLine: number;
  readonly endLine: number;
  readonly exported: boolean;
  readonly async: boolean;
  readonly parameters: readonly Parameter[];
  readonly metrics: Metrics;
}

export interface FileAnalysis {
  readonly path: string;
  readonly sizeBytes: number;
  readonly language: LanguageId | null;
  /** Names the set of definitions the metrics are counted by (`definitionsOf`). */
  readonly family: LanguageFamily | null;
  readonly parseStatus: ParseStatus;
  readonly reason: ParseReason | null;
  /** Null when nothing could be measured. */
  readonly metrics: Metrics | null;
  readonly elements: readonly CodeElement[];
  readonly elementsTruncated: boolean;
  readonly issues: readonly Issue[];
}

export interface SourceInput {
  /** Path inside the repository, with "/". */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const reasonMessages: Readonly<Record<ParseReasonCode, string>> = {
  syntax_error: 'The file has a syntax error; what surrounds it was analysed.',
  not_utf8: 'The file is not UTF-8 text.',
  binary: 'The file is binary.',
  too_large: `The file is larger than ${analysisLimits.file_bytes} bytes.`,
  minified: 'The file is minified.',
  generated: 'The file says that it is generated.',
  unsupported_language: 'The language of the file is not one that is analysed.',
  too_deep: `The code is nested more than ${analysisLimits.tree_depth} levels deep.`,
  too_many_nodes: `The syntax tree has more than ${analysisLimits.tree_nodes} nodes.`,
  parse_timeout: `Parsing took longer than ${analysisLimits.parse_ms} ms.`,
  parser_crashed: 'The parser stopped on this file.',
  unreadable: 'The file could not be read.',
  path_too_long: `The path is longer than ${analysisLimits.path_bytes} bytes.`,
  path_not_unique: 'Another file of the run has the same path once its name is written as text.',
};

/** A file without metrics: `failed` or `skipped`, with the reason. */
export function unanalysed(
  path: string,
  sizeBytes: number,
  parseStatus: 'failed' | 'skipped',
  code: ParseReasonCode,
  language: LanguageId | null = null,
): FileAnalysis {
  const reason = { code, message: reasonMessages[code] };
  return {
    path,
    sizeBytes,
    language,
    family: language === null ? null : languageDefinitions[language].family,
    parseStatus,
    reason,
    metrics: null,
    elements: [],
    elementsTruncated: false,
    issues: parseStatus === 'failed' ? [parseIssue(path, reason)] : [],
  };
}

/**
 * Analyses one file. Never rejects for what the file holds: a file that can not be analysed is a result too. After
 * `parser_crashed` the parser of this thread is not to be used again.
 */
export async function analyzeSource(input: SourceInput): Promise<FileAnalysis> {
  const { path, bytes } = input;
  const language = detectLanguage(path, bytes);
  if (language === null) return unanalysed(path, bytes.length, 'skipped', 'unsupported_language');
  if (bytes.length > analysisLimits.file_bytes) return unanalysed(path, bytes.length, 'skipped', 'too_large', language);
  if (bytes.includes(0)) return unanalysed(path, bytes.length, 'skipped', 'binary', language);
  const source = decodeUtf8(bytes);
  if (source === null) return unanalysed(path, bytes.length, 'failed', 'not_utf8', language);
  const lines = indexLines(source);
  if (isMinified(source, lines)) return unanalysed(path, bytes.length, 'skipped', 'minified', language);
  if (isGenerated(source)) return unanalysed(path, bytes.length, 'skipped', 'generated', language);
  const runtime = await loadLanguage(language);
  const tree = parse(runtime, source, lines);
  if (typeof tree === 'string') return unanalysed(path, bytes.length, 'failed', tree, language);
  return describe(path, bytes.length, language, tree);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text without its byte order mark, or null. */
function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function isMinified(source: string, lines: LineIndex): boolean {
  if (source.length < analysisLimits.minified_file_chars) return false;
  if (lines.longestChars > analysisLimits.minified_longest_line_chars) return true;
  return source.length / lines.count > analysisLimits.minified_average_line_chars;
}

/** Go's convention, that of Facebook's tools, and the usual phrases; only in a comment's line at the top. */
const generatedMarker =
  /^\s*(?:\/\/|\/\*|\*|#|"""|''').*(?:@generated\b|\bcode generated .*do not edit|\b(?:auto-?generated|generated (?:by|from|file)|generated automatically|automatically generated)\b.*(?:do not|don't) (?:edit|modify)|\bdo not (?:edit|modify)\b.*\b(?:auto-?)?generated\b|\bgenerated by the protocol buffer compiler\b)/im;

function isGenerated(source: string): boolean {
  return generatedMarker.test(source.slice(0, analysisLimits.generated_marker_chars));
}

function parse(runtime: LanguageRuntime, source: string, lines: LineIndex): FlatTree | ParseReasonCode {
  try {
    const tree = runtime.parse(source, analysisLimits.parse_ms);
    if (tree === null) return 'parse_timeout';
    try {
      return flattenTree(tree, runtime.grammar, source, lines);
    } finally {
      tree.delete();
    }
  } catch (error) {
    // A trap or failed allocation inside WebAssembly; anything else is our own fault and must be seen.
    if (error instanceof Error && (error.name === 'RuntimeError' || error.name === 'RangeError'))
      return 'parser_crashed';
    throw error;
  }
}

function describe(path: string, sizeBytes: number, language: LanguageId, tree: FlatTree): FileAnalysis {
  const found = findElements(tree);
  const measured = measure(tree, found);
  const elements = found.elements.map(
    (element): CodeElement => ({
      kind: element.kind,
      name: element.name,
      qualifiedName: element.qualifiedName,
      path: element.path,
      parentPath: found.elements[element.parent]?.path ?? null,
      startLine: tree.startRow[element.node]! + 1,
      endLine: tree.endRow[element.node]! + 1,
      exported: element.exported,
      async: element.async,
      parameters: element.parameters,
      metrics: measured.elements[element.index]!,
    }),
  );
  const reason = tree.firstError < 0 ? null : syntaxError(tree);
  const issues = findIssues({ path, metrics: measured.file, elements, reason });
  return {
    path,
    sizeBytes,
    language,
    family: tree.grammar.definition.family,
    parseStatus: reason === null ? 'ok' : 'partial',
    reason,
    metrics: measured.file,
    elements,
    elementsTruncated: found.truncated,
    issues,
  };
}

function syntaxError(tree: FlatTree): ParseReason {
  const row = tree.startRow[tree.firstError]!;
  const column = tree.start[tree.firstError]! - (tree.lines.start[row] ?? 0) + 1;
  return { code: 'syntax_error', message: reasonMessages.syntax_error, line: row + 1, column };
}
