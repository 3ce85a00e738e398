import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Platform } from '../../platform/platform.ts';
import { analysisErrors } from './errors.ts';
import { runGit } from './sources/git-process.ts';

/**
 * Where the operator's bare clone of a repository lies. The path is made of ids alone: no row, payload or request ever
 * names a folder.
 */
export function clonePath(platform: Platform, organizationId: string, repositoryId: string): string {
  return join(resolve(platform.config.dataFolder), 'repositories', organizationId, `${repositoryId}.git`);
}

export async function hasClone(platform: Platform, organizationId: string, repositoryId: string): Promise<boolean> {
  return stat(clonePath(platform, organizationId, repositoryId)).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** git's, of `ls-remote --exit-code`: it was read, and has nothing of that name. */
const nothing_found_code = 2;

/**
 * Looks whether a folder can be cloned, before anything is written of it. Throws `analysis_source_not_found` and
 * `analysis_source_unreadable`.
 */
export async function assertClonable(from: string, signal: AbortSignal): Promise<void> {
  const source = resolve(from);
  if (!(await stat(source).catch(() => null))?.isDirectory())
    throw analysisErrors.analysis_source_not_found({ detail: source });
  const asked = ['-c', 'protocol.file.allow=always', 'ls-remote', '--quiet', '--exit-code', '--', source, 'HEAD'];
  const { code, git } = await runGit(asked, signal, undefined, 'file');
  if (code === nothing_found_code) throw git.error('The repository has no commit on its current branch.');
  if (code !== 0) throw git.error(`${source} is not a git repository that can be cloned.`);
}

/**
 * Makes or renews the bare clone of a repository from a folder on this machine. For the operator's command line only.
 * Complete or as it was before: the new clone takes the old one's place when it is whole.
 */
export async function registerClone(
  platform: Platform,
  organizationId: string,
  repositoryId: string,
  from: string,
  signal: AbortSignal,
): Promise<{ path: string; head: string; branch: string }> {
  const path = clonePath(platform, organizationId, repositoryId);
  const source = resolve(from);
  if (!(await stat(source).catch(() => null))?.isDirectory())
    throw analysisErrors.analysis_source_not_found({ detail: source });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.new`;
  await rm(fresh, { recursive: true, force: true });
  const cloned = await runGit(
    ['-c', 'protocol.file.allow=always', 'clone', '--quiet', '--bare', '--no-local', '--', source, fresh],
    signal,
    undefined,
    'file',
  );
  if (cloned.code !== 0) throw cloned.git.error(`${source} is not a git repository that can be cloned.`);
  const head = await runGit([`--git-dir=${fresh}`, 'rev-parse', '--verify', 'HEAD^{commit}'], signal);
  const branch = await runGit([`--git-dir=${fresh}`, 'symbolic-ref', '--short', 'HEAD'], signal);
  if (head.code !== 0 || branch.code !== 0) throw head.git.error('The repository has no commit on its current branch.');
  await rm(path, { recursive: true, force: true });
  await rename(fresh, path);
  return { path, head: head.stdout.trim(), branch: branch.stdout.trim() };
}
