import { stringAt } from '../json.ts';
import { extractGithub } from './github.ts';

/** Git's "no commit", SHA-1 or SHA-256. */
const NO_COMMIT = /^(0{40}|0{64})$/;

export type HeadCommit =
  | {
      readonly state: 'present';
      readonly sha: string;
      /** The branch's name; null for a tag. */
      readonly branch: string | null;
      /** What to fetch to have the commit, such as `refs/heads/main` or `refs/pull/2/head`. */
      readonly ref: string;
    }
  | { readonly state: 'deleted'; readonly branch: string | null; readonly ref: string };

/**
 * The commit a push or pull request leads to, in the event's own repository; `deleted` for a ref that is gone; null
 * for other kinds and for payloads that name none. Names that git would refuse, or that could be read as an option
 * or a range, give null: they come from outside and go to git's command line.
 */
export function headCommitOf(event: { readonly kind: string; readonly payload: unknown }): HeadCommit | null {
  const { github } = extractGithub(event.kind, event.payload);
  switch (event.kind) {
    case 'push': {
      const { ref, branch } = github;
      if (ref === null || !isSafeRef(ref)) return null;
      const isGone = github.is_deleted === true || NO_COMMIT.test(stringAt(event.payload, 'after') ?? '');
      if (isGone) return { state: 'deleted', branch, ref };
      if (github.head_sha === null) return null;
      return { state: 'present', sha: github.head_sha, branch, ref };
    }
    case 'delete': {
      const prefix = github.branch === null ? 'refs/tags/' : 'refs/heads/';
      const name = github.branch ?? github.tag;
      if (name === null || !isSafeRef(prefix + name)) return null;
      return { state: 'deleted', branch: github.branch, ref: prefix + name };
    }
    case 'pull_request': {
      const { head_sha: sha, branch, pull_request_number: number } = github;
      if (sha === null || number === null || branch === null || !isSafeRef(`refs/heads/${branch}`)) return null;
      // The head may live in a fork; the base repository has it under this ref too.
      return { state: 'present', sha, branch, ref: `refs/pull/${number}/head` };
    }
    default:
      return null;
  }
}

const REF_CHARS = 255;

/** The rules of git-check-ref-format for a full ref, and no part that begins with "-". */
export function isSafeRef(ref: string): boolean {
  if (ref.length > REF_CHARS || !/^refs\/(heads|tags)\/[^\p{Cc} ~^:?*[\\]+$/u.test(ref)) return false;
  if (ref.includes('..') || ref.includes('@{') || ref.endsWith('.')) return false;
  return ref.split('/').every((part) => part !== '' && !/^[.-]/.test(part) && !part.endsWith('.lock'));
}
