import { type FoundElement, type FoundElements, isCallable } from '../elements/element.ts';
import type { FlatTree } from '../syntax/flat-tree.ts';
import { type CognitiveResult, cognitive } from './cognitive.ts';
import { type CyclomaticResult, cyclomatic } from './cyclomatic.ts';
import type { Metrics } from './definitions.ts';
import type { Halstead, HalsteadResult } from './halstead.ts';
import { halsteadOfEcmascript } from './halstead-ecmascript.ts';
import { halsteadOfPython } from './halstead-python.ts';
import { classifyLines, countLines, type LineKinds } from './lines.ts';
import { countRadonLines, type RadonLines, radonLines } from './logical-lines.ts';
import { maintainabilityRadon, maintainabilityVisualStudio } from './maintainability.ts';
import { maxNesting, type NestingResult } from './nesting.ts';

export interface Measurements {
  readonly file: Metrics;
  /** By element. */
  readonly elements: readonly Metrics[];
}

interface Parts {
  readonly lines: LineKinds;
  /** Python only. */
  readonly radon: RadonLines | null;
  readonly cyclomatic: CyclomaticResult;
  readonly cognitive: CognitiveResult;
  readonly nesting: NestingResult;
  readonly halstead: HalsteadResult;
}

/** Every metric of a file and of its elements. Time and memory grow with the size of the tree. */
export function measure(tree: FlatTree, found: FoundElements): Measurements {
  const python = tree.grammar.definition.family === 'python';
  const parts: Parts = {
    lines: classifyLines(tree),
    radon: python ? radonLines(tree) : null,
    cyclomatic: cyclomatic(tree, found),
    cognitive: cognitive(tree, found),
    nesting: maxNesting(tree, found),
    halstead: python ? halsteadOfPython(tree, found) : halsteadOfEcmascript(tree, found),
  };
  const members = new Uint32Array(found.elements.length);
  for (const { kind, parent } of found.elements) if (parent >= 0 && isCallable(kind)) members[parent]!++;
  return {
    file: measureFile(tree, found, parts),
    elements: found.elements.map((element) => measureElement(tree, element, parts, members[element.index]!)),
  };
}

function measureFile(tree: FlatTree, found: FoundElements, parts: Parts): Metrics {
  const last = tree.lines.count - 1;
  const ownCognitive = found.elements.reduce(
    (rest, { index, parent }) => (parent < 0 ? rest - parts.cognitive.byElement[index]! : rest),
    parts.cognitive.file,
  );
  return {
    ...lineMetrics(parts, 0, last),
    cyclomatic: parts.cyclomatic.file,
    cognitive: parts.cognitive.file,
    cognitive_own: ownCognitive,
    nesting_max: parts.nesting.file,
    functions: found.elements.filter(({ kind }) => isCallable(kind)).length,
    classes: found.elements.filter(({ kind }) => kind === 'class').length,
    ...halsteadMetrics(parts.halstead.file),
    maintainability_index: maintainability(parts, parts.halstead.file, parts.cyclomatic.file, 0, last),
  };
}

function measureElement(tree: FlatTree, element: FoundElement, parts: Parts, members: number): Metrics {
  const { index, kind, node } = element;
  const first = tree.startRow[node]!;
  const last = tree.endRow[node]!;
  const lines = lineMetrics(parts, first, last);
  const complexity = parts.cyclomatic.byElement[index]!;
  const structure: Metrics = {
    cyclomatic: complexity,
    cognitive: parts.cognitive.byElement[index]!,
    cognitive_own: parts.cognitive.own[index]!,
    nesting_max: parts.nesting.byElement[index]!,
  };
  if (kind === 'class') return { ...lines, ...structure, functions: members };
  const halstead = parts.halstead.byElement[index];
  if (halstead === undefined) return lines;
  return {
    ...lines,
    ...structure,
    parameters: element.parameterCount,
    ...halsteadMetrics(halstead),
    maintainability_index: maintainability(parts, halstead, complexity, first, last),
  };
}

function lineMetrics(parts: Parts, first: number, last: number): Metrics {
  const counts = countLines(parts.lines, first, last);
  const metrics: Metrics = {
    lines_total: counts.total,
    lines_code: counts.code,
    lines_comment: counts.comment,
    lines_blank: counts.blank,
  };
  if (parts.radon !== null) metrics.lines_logical = countRadonLines(parts.radon, first, last).logical;
  return metrics;
}

function maintainability(parts: Parts, halstead: Halstead, complexity: number, first: number, last: number): number {
  if (parts.radon === null) {
    return maintainabilityVisualStudio(halstead.volume, complexity, countLines(parts.lines, first, last).code);
  }
  const lines = countRadonLines(parts.radon, first, last);
  const commentPercent = lines.source === 0 ? 0 : ((lines.comments + lines.multi) / lines.source) * 100;
  return maintainabilityRadon(halstead.volume, complexity, lines.logical, commentPercent);
}

function halsteadMetrics(halstead: Halstead): Metrics {
  return {
    halstead_distinct_operators: halstead.distinctOperators,
    halstead_distinct_operands: halstead.distinctOperands,
    halstead_operators: halstead.operators,
    halstead_operands: halstead.operands,
    halstead_vocabulary: halstead.vocabulary,
    halstead_length: halstead.length,
    halstead_estimated_length: halstead.estimatedLength,
    halstead_volume: halstead.volume,
    halstead_difficulty: halstead.difficulty,
    halstead_effort: halstead.effort,
    halstead_time_seconds: halstead.timeSeconds,
    halstead_bugs: halstead.bugs,
  };
}
