import { basename, resolve } from 'node:path';
import { directorySource, performRun, runAnalysis } from '../../modules/analysis/index.ts';
import type { AnalysisSummary } from '../../modules/analysis/summary.ts';
import { createRepository } from '../../modules/projects/index.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { type CommandBody, type CommandContext, exitCodes, printResult, table, UsageError } from '../command.ts';
import { findOrganization } from '../organization.ts';

const progress_ms = 200;

export const analyze: CommandBody = {
  usage: ['analyze PATH [--save --organization SLUG] [--all]'],
  options: { save: { type: 'boolean' }, organization: { type: 'string' }, all: { type: 'boolean' } },
  database: 'shared',
  needs: ['analysis'],
  async run(context, { values, positionals }) {
    const [path] = positionals;
    if (!path) throw new UsageError('analyze wants a PATH');
    const folder = resolve(context.cwd, path);
    // folders of dependencies and built files are left out, unless all is asked for
    const source = await directorySource(folder, values['all'] ? { exclude: new Set(['.git']) } : {});
    const started = performance.now();
    const onProgress = reporter(context);
    let summary: AnalysisSummary;
    let runId: string | undefined;
    if (values['save']) {
      const { platform } = await context.plinth();
      const organization = await findOrganization(await context.plinth(), values['organization']);
      const scope: Scope = { as: 'app', organizationId: organization.id, memberRole: 'service' };
      const repositoryId = await platform.door.write(scope, async (tx) => {
        const [known] = await tx.sql<{ id: string }>(
          `select id from plinth.repositories where organization_id = $1 and provider = 'local' and full_name_lower = lower($2)`,
          [tx.organizationId, folder],
        );
        return (
          known?.id ?? (await createRepository(tx, { full_name: folder, name: basename(folder), provider: 'local' })).id
        );
      });
      const run = { repositoryId, branch: null, commitSha: null, taskId: null, eventId: null };
      const done = await performRun(platform, scope, run, source, { signal: context.signal, onProgress });
      if (done.outcome !== 'completed') throw new Error(`the run ended ${done.outcome}`);
      ({ summary, runId } = done);
    } else {
      const run = runAnalysis(source, { signal: context.signal, onProgress });
      for await (const _file of run);
      summary = await run.summary;
    }
    context.progress('');
    printResult(context, { run_id: runId ?? null, ...summary }, () =>
      describe(summary, (performance.now() - started) / 1000, runId),
    );
    return exitCodes.fine;
  },
};

function reporter(context: CommandContext): (progress: { files: number; failed: number; path: string }) => void {
  let last = 0;
  return ({ files, path }) => {
    const now = performance.now();
    if (now - last < progress_ms) return;
    last = now;
    context.progress(`${files} files  ${path.slice(-60)}`);
  };
}

function describe(summary: AnalysisSummary, seconds: number, runId: string | undefined): string[] {
  const { counts, totals, quality, worstFiles } = summary;
  const score = quality.score === null ? 'no code' : `score ${quality.score} (${quality.rating})`;
  return [
    `${counts.files} files, ${counts.functions} functions, ${totals.linesCode} lines of code in ${seconds.toFixed(1)} s`,
    `${score}   ${counts.issues} issues, ${quality.debtMinutes} minutes of debt`,
    ...(counts.byStatus.failed + counts.byStatus.partial > 0
      ? [`${counts.byStatus.partial} files parsed in part, ${counts.byStatus.failed} not at all`]
      : []),
    ...(runId ? [`stored as run ${runId}`] : []),
    '',
    ...(worstFiles.length > 0
      ? table(
          ['worst files', 'debt', 'issues', 'code'],
          worstFiles
            .slice(0, 10)
            .map((file) => [file.path, `${file.debtMinutes} min`, String(file.issues), String(file.codeLines)]),
        )
      : ['no issues']),
  ];
}
