import { defineErrors } from '../../platform/core/errors.ts';

export const workflowErrors = defineErrors({
  unknown_workflow: {
    status: 422,
    title: 'There is no such workflow',
    hint: 'Use a name, and where you give one a version, from GET /v1/workflows.',
  },
  workflow_invalid: {
    status: 422,
    title: 'The workflow can not be used as it is',
    hint: 'See "errors" for each path; docs/guides/workflows.md describes steps, templates and expressions.',
  },
  workflow_run_ended: {
    status: 409,
    title: 'The run has ended',
    hint: 'A run that failed or was cancelled can be retried.',
  },
  workflow_run_not_retryable: {
    status: 409,
    title: 'The run cannot be retried now',
    hint: 'Only a failed or cancelled run that no worker still holds can be retried.',
  },
  approval_not_assigned: {
    status: 403,
    title: 'You are not asked for this approval',
    hint: 'Only its assignees vote; a key that belongs to no person can not.',
  },
  approval_voted: {
    status: 409,
    title: 'You have voted on this approval',
    hint: 'A vote can not be changed or taken back.',
  },
  approval_closed: {
    status: 409,
    title: 'No votes are taken any more',
    hint: 'The approval is decided, its time is up, or its run has ended.',
  },
});
