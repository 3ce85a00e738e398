import { defineErrors } from '../../platform/core/errors.ts';

export const analysisErrors = defineErrors({
  analysis_source_not_found: {
    status: 404,
    title: 'There is no such folder or repository',
    hint: 'Check the path; for a registered repository, that its clone is still where it was registered.',
  },
  analysis_source_unreadable: {
    status: 422,
    title: 'The folder or repository cannot be read',
    hint: 'Check that it is a folder or a bare git repository and that this process may read it.',
  },
  analysis_commit_invalid: {
    status: 422,
    title: 'Not a commit id',
    hint: 'Give the full id of the commit: 40 or 64 lower-case hexadecimal digits.',
  },
  analysis_commit_not_found: {
    status: 404,
    title: 'The repository does not have this commit',
    hint: 'Fetch the commit into the clone, or name one it has.',
  },
  analysis_git_missing: {
    status: 500,
    title: 'git is not installed',
    hint: 'Install git, and see that it is on the PATH of this process.',
  },
});
