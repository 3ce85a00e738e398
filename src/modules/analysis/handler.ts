import Type, { type Static } from 'typebox';
import { PlinthError } from '../../platform/core/errors.ts';
import { compiledOnce } from '../../platform/core/schema-checks.ts';
import type { TaskContext, TaskHandler } from '../../platform/module.ts';
import type { Scope } from '../../platform/scope/scope.ts';
import { TaskFailure } from '../tasks/index.ts';
import { clonePath, hasClone } from './clones.ts';
import { performRun } from './perform.ts';
import { gitCommitSource } from './sources/git-commit.ts';

export const analysis_task_type = 'analysis.run';
const busy_retry_seconds = 2;

const Text = Type.Union([Type.String(), Type.Null()]);
/** What an event's subscription sends; by hand a repository and a commit are enough. */
const Payload = Type.Object({
  event: Type.Optional(Type.Object({ id: Type.String() })),
  repository_id: Type.Optional(Text),
  repository: Type.Optional(Type.Union([Type.Object({ provider: Type.String(), full_name: Text }), Type.Null()])),
  commit_sha: Type.Optional(Type.String()),
  branch: Type.Optional(Text),
  head: Type.Optional(
    Type.Union([
      Type.Object({ state: Type.Literal('present'), sha: Type.String(), branch: Text }),
      Type.Object({ state: Type.Literal('deleted'), branch: Text }),
      Type.Null(),
    ]),
  ),
});
type Payload = Static<typeof Payload>;
const checkPayload = compiledOnce(Payload);

/**
 * Analyses the commit an event leads to, in the event's own repository. Ends `source_unknown` for a repository or a
 * commit we have no clone of, `skipped` where there is nothing to analyse (a deleted branch): both are results, not
 * failures, for no repetition would change them.
 */
export const analysisHandler: TaskHandler = {
  description: 'Analyse a repository at a commit: { repository_id, commit_sha, branch? }, or what an event says',
  async run(context, payload) {
    if (!checkPayload().Check(payload)) {
      throw new TaskFailure('invalid_payload', 'the payload names no repository and commit', { retryable: false });
    }
    if (payload.head?.state === 'deleted')
      return { outcome: 'skipped', reason: 'the branch was deleted', branch: payload.head.branch };
    const commitSha = payload.head?.sha ?? payload.commit_sha;
    if (commitSha === undefined) return { outcome: 'skipped', reason: 'the event names no commit' };
    const scope: Scope = {
      as: 'app',
      organizationId: context.organizationId,
      memberRole: 'service',
      requestId: `task:${context.taskId}`,
    };
    const repositoryId = await findRepository(context, scope, payload);
    if (!repositoryId || !(await hasClone(context.platform, context.organizationId, repositoryId))) {
      return {
        outcome: 'source_unknown',
        reason: 'no clone of this repository is registered',
        repository: payload.repository?.full_name ?? null,
      };
    }
    return analyseCommit(context, scope, { repositoryId, commitSha, payload });
  },
};

async function findRepository(context: TaskContext, scope: Scope, payload: Payload): Promise<string | undefined> {
  const { provider, full_name } = payload.repository ?? { provider: null, full_name: null };
  const rows = await context.platform.door.readOne<{ id: string }>(
    scope,
    `select id from plinth.repositories
     where organization_id = $1 and (id = $2 or ($2 is null and provider = $3 and full_name_lower = lower($4)))`,
    [context.organizationId, payload.repository_id ?? null, provider, full_name],
  );
  return rows[0]?.id;
}

async function analyseCommit(
  context: TaskContext,
  scope: Scope,
  { repositoryId, commitSha, payload }: { repositoryId: string; commitSha: string; payload: Payload },
): Promise<unknown> {
  const { platform, organizationId, taskId, signal } = context;
  const gitDirectory = clonePath(platform, organizationId, repositoryId);
  const source = await gitCommitSource({ gitDirectory, commitSha }, signal).catch((error: unknown) => {
    if (error instanceof PlinthError && ['analysis_commit_not_found', 'analysis_commit_invalid'].includes(error.code))
      return undefined;
    throw error;
  });
  if (!source)
    return { outcome: 'source_unknown', reason: 'the clone does not have this commit', commit_sha: commitSha };
  const run = {
    repositoryId,
    commitSha,
    branch: payload.head?.branch ?? payload.branch ?? null,
    taskId,
    eventId: payload.event?.id ?? null,
  };
  const done = await performRun(platform, scope, run, source, { signal });
  if (done.outcome === 'running') {
    throw new TaskFailure('analysis_running', 'another worker analyses this commit', {
      retryAfterSeconds: busy_retry_seconds,
    });
  }
  if (done.outcome === 'exists') return { outcome: 'already_analysed', run_id: done.runId };
  const { counts, quality } = done.summary;
  return {
    outcome: 'completed',
    run_id: done.runId,
    files: counts.files,
    functions: counts.functions,
    issues: counts.issues,
    quality_score: quality.score,
    rating: quality.rating,
  };
}
