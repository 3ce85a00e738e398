import type { Platform } from '../../platform/platform.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import type { FileAnalysis } from './analyze-source.ts';
import { type AnalysisProgress, runAnalysis } from './run-analysis.ts';
import type { AnalysisSource } from './sources/source.ts';
import { failRun, finishRun, type NewRun, saveFiles, saveIssues, startRun } from './store.ts';
import type { AnalysisSummary } from './summary.ts';

/** Files stored in one transaction: short enough not to hold others up on the embedded engine. */
const files_per_batch = 40;

export type PerformedRun =
  | { readonly outcome: 'completed'; readonly runId: string; readonly summary: AnalysisSummary }
  | { readonly outcome: 'exists'; readonly runId: string }
  | { readonly outcome: 'running' };

/**
 * Analyses a source and stores the run, batch by batch while it goes. A failure leaves a run that says so; the same
 * commit is analysed once.
 */
export async function performRun(
  platform: Platform,
  scope: Scope,
  run: NewRun,
  source: AnalysisSource,
  options: { signal?: AbortSignal; onProgress?: (progress: AnalysisProgress) => void } = {},
): Promise<PerformedRun> {
  const { door, clock } = platform;
  const started = await door.write(scope, (tx) => startRun(tx, run, clock.now()));
  if (started.outcome === 'exists') return { outcome: 'exists', runId: started.id };
  if (started.outcome === 'running') return { outcome: 'running' };
  const runId = started.id;
  const issues: FileAnalysis['issues'][number][] = [];
  let batch: FileAnalysis[] = [];
  const store = () => door.write(scope, (tx) => saveFiles(tx, runId, batch));
  try {
    const analysis = runAnalysis(source, options);
    for await (const file of analysis) {
      issues.push(...file.issues);
      batch.push(file);
      if (batch.length < files_per_batch) continue;
      await store();
      batch = [];
    }
    await store();
    const summary = await analysis.summary;
    await door.write(scope, async (tx) => {
      await saveIssues(tx, { ...run, id: runId }, issues, clock.now());
      await finishRun(tx, runId, run.repositoryId, summary, clock.now());
    });
    return { outcome: 'completed', runId, summary };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await door.write(scope, (tx) =>
      failRun(tx, runId, { code: 'analysis_failed', message: message.slice(0, 1000) }, clock.now()),
    );
    throw error;
  }
}
