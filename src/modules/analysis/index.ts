/** What other modules may use of the code analyser. */
export {
  analyzeSource,
  type CodeElement,
  type FileAnalysis,
  type ParseReason,
  type ParseReasonCode,
  type ParseStatus,
  parseReasonCodes,
  parseStatuses,
  type SourceInput,
} from './analyze-source.ts';
export { assertClonable, clonePath, registerClone } from './clones.ts';
export { type ElementKind, elementKinds, type Parameter, type ParameterKind } from './elements/element.ts';
export { analysisErrors } from './errors.ts';
export { analysis_task_type } from './handler.ts';
export {
  type Issue,
  type IssueScope,
  issueFingerprint,
  issueRules,
  parseRules,
  type Severity,
  severities,
  type ThresholdRule,
} from './issues.ts';
export {
  detectLanguage,
  type LanguageFamily,
  type LanguageId,
  languageDefinitions,
  languageIds,
  languageOfPath,
} from './languages/definition.ts';
export { analysisLimits } from './limits.ts';
export {
  type DefinitionRef,
  definitionsOf,
  type MetricDefinition,
  type MetricLevel,
  type MetricName,
  type Metrics,
  type MetricValue,
  metricDefinitions,
  metricNames,
  metricRows,
} from './metrics/definitions.ts';
export { renderMetricsReference } from './metrics/reference.ts';
export { type PerformedRun, performRun } from './perform.ts';
export {
  developmentMinutesPerLine,
  type QualityInput,
  type QualityScore,
  qualityScore,
  qualityScoreDefinition,
  qualityScoreFormula,
  type Rating,
  ratingLimits,
} from './quality-score.ts';
export {
  type AnalysisProgress,
  type AnalysisRun,
  analyserVersion,
  type RunAnalysisOptions,
  runAnalysis,
} from './run-analysis.ts';
export { directorySource } from './sources/directory.ts';
export { type GitCommitOptions, gitCommitSource, isCommitSha } from './sources/git-commit.ts';
export {
  type AnalysisSource,
  excludedFolders,
  type ReadFile,
  type SourceCounts,
  type SourceFile,
  type SourceOptions,
  type UnreadFile,
} from './sources/source.ts';
export type { AnalysisSummary, LanguageTotals, WorstFile } from './summary.ts';
