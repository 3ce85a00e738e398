import type { FileAnalysis, ParseReasonCode, ParseStatus } from './analyze-source.ts';
import type { Severity } from './issues.ts';
import type { LanguageId } from './languages/definition.ts';
import { analysisLimits } from './limits.ts';
import { emptySeverityCounts, type QualityScore, qualityScore, qualityScoreDefinition } from './quality-score.ts';
import type { SourceCounts } from './sources/source.ts';

export interface LanguageTotals {
  files: number;
  codeLines: number;
}

export interface WorstFile {
  readonly path: string;
  readonly debtMinutes: number;
  readonly issues: number;
  readonly codeLines: number;
  readonly score: QualityScore;
}

export interface AnalysisSummary {
  readonly source: string;
  readonly commitSha: string | null;
  readonly counts: {
    /** Files with a result, by status. */
    readonly files: number;
    readonly byStatus: Readonly<Record<ParseStatus, number>>;
    readonly byReason: Readonly<Partial<Record<ParseReasonCode, number>>>;
    readonly elements: number;
    readonly functions: number;
    readonly classes: number;
    readonly issues: number;
    readonly bySeverity: Readonly<Record<Severity, number>>;
    readonly source: Readonly<SourceCounts>;
  };
  readonly totals: {
    readonly linesTotal: number;
    readonly linesCode: number;
    readonly linesComment: number;
    readonly linesBlank: number;
    readonly cyclomatic: number;
    readonly cognitive: number;
    readonly bytes: number;
  };
  readonly quality: QualityScore & { readonly definition: string; readonly version: string };
  readonly languages: Readonly<Partial<Record<LanguageId, LanguageTotals>>>;
  /** Files with the most debt; equal ones by path. */
  readonly worstFiles: readonly WorstFile[];
  /** Versions of the parser, the grammars and the analyser. */
  readonly toolVersions: Readonly<Record<string, string>>;
}

/** Adds up results; the sum does not depend on their order. */
export class SummaryBuilder {
  private readonly byStatus: Record<ParseStatus, number> = { ok: 0, partial: 0, failed: 0, skipped: 0 };
  private readonly byReason: Partial<Record<ParseReasonCode, number>> = {};
  private readonly bySeverity = emptySeverityCounts();
  private readonly languages: Partial<Record<LanguageId, LanguageTotals>> = {};
  private readonly totals = {
    linesTotal: 0,
    linesCode: 0,
    linesComment: 0,
    linesBlank: 0,
    cyclomatic: 0,
    cognitive: 0,
    bytes: 0,
  };
  private worst: WorstFile[] = [];
  private files = 0;
  private elements = 0;
  private functions = 0;
  private classes = 0;
  private issues = 0;
  private debtMinutes = 0;

  add(file: FileAnalysis): void {
    this.files++;
    this.byStatus[file.parseStatus]++;
    if (file.reason !== null) this.byReason[file.reason.code] = (this.byReason[file.reason.code] ?? 0) + 1;
    this.totals.bytes += file.sizeBytes;
    this.elements += file.elements.length;
    this.issues += file.issues.length;
    let debtMinutes = 0;
    for (const issue of file.issues) {
      this.bySeverity[issue.severity]++;
      debtMinutes += issue.remediationMinutes;
    }
    this.debtMinutes += debtMinutes;
    this.addMetrics(file);
    if (debtMinutes > 0) this.addWorst(file, debtMinutes);
  }

  private addMetrics({ language, metrics }: FileAnalysis): void {
    if (language === null || metrics === null) return;
    const { totals } = this;
    totals.linesTotal += metrics.lines_total ?? 0;
    totals.linesCode += metrics.lines_code ?? 0;
    totals.linesComment += metrics.lines_comment ?? 0;
    totals.linesBlank += metrics.lines_blank ?? 0;
    totals.cyclomatic += metrics.cyclomatic ?? 0;
    totals.cognitive += metrics.cognitive ?? 0;
    this.functions += metrics.functions ?? 0;
    this.classes += metrics.classes ?? 0;
    this.languages[language] ??= { files: 0, codeLines: 0 };
    this.languages[language].files++;
    this.languages[language].codeLines += metrics.lines_code ?? 0;
  }

  private addWorst(file: FileAnalysis, debtMinutes: number): void {
    const codeLines = file.metrics?.lines_code ?? 0;
    const score = qualityScore({ codeLines, debtMinutes });
    this.worst.push({ path: file.path, debtMinutes, issues: file.issues.length, codeLines, score });
    if (this.worst.length >= analysisLimits.worst_files * 8) this.trimWorst();
  }

  private trimWorst(): void {
    this.worst.sort((a, b) => b.debtMinutes - a.debtMinutes || (a.path < b.path ? -1 : 1));
    this.worst.length = Math.min(this.worst.length, analysisLimits.worst_files);
  }

  build(
    source: { description: string; commitSha: string | null; counts: SourceCounts },
    toolVersions: Readonly<Record<string, string>>,
  ): AnalysisSummary {
    this.trimWorst();
    const { files, byStatus, byReason, elements, functions, classes, issues, bySeverity } = this;
    const quality = qualityScore({ codeLines: this.totals.linesCode, debtMinutes: this.debtMinutes });
    return {
      source: source.description,
      commitSha: source.commitSha,
      counts: {
        files,
        byStatus,
        byReason,
        elements,
        functions,
        classes,
        issues,
        bySeverity,
        source: { ...source.counts },
      },
      totals: { ...this.totals },
      quality: { ...quality, ...qualityScoreDefinition },
      languages: this.languages,
      worstFiles: this.worst,
      toolVersions,
    };
  }
}
