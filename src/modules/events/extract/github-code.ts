import type { KindRule } from './github-columns.ts';
import { branchOf, countOf, eachOf, refTypeOf, tagOf, whenEqual, whenObject } from './source.ts';

const pullRequest = {
  pull_request_number: ['pull_request.number', 'number'],
  state: 'pull_request.state',
  branch: 'pull_request.head.ref',
  base_branch: 'pull_request.base.ref',
  head_sha: 'pull_request.head.sha',
  base_sha: 'pull_request.base.sha',
  head_repository_full_name: 'pull_request.head.repo.full_name',
  is_draft: 'pull_request.draft',
  author_login: 'pull_request.user.login',
  labels: eachOf('pull_request.labels', 'name'),
  milestone_title: 'pull_request.milestone.title',
} as const;

const issue = {
  issue_number: 'issue.number',
  state: 'issue.state',
  state_reason: 'issue.state_reason',
  author_login: 'issue.user.login',
  labels: eachOf('issue.labels', 'name'),
  milestone_title: 'issue.milestone.title',
} as const;

const discussion = {
  discussion_number: 'discussion.number',
  state: 'discussion.state',
  state_reason: 'discussion.state_reason',
  author_login: 'discussion.user.login',
  subject_name: 'discussion.category.name',
} as const;

const shortRef = {
  ref: 'ref',
  ref_type: 'ref_type',
  branch: whenEqual('ref', 'ref_type', 'branch'),
  tag: whenEqual('ref', 'ref_type', 'tag'),
} as const;

/** Commits and refs. */
export const codeKinds = {
  push: {
    category: 'code',
    title: ['head_commit.message', 'ref'],
    url: ['head_commit.url', 'compare'],
    occurred_at: ['repository.pushed_at', 'head_commit.timestamp'],
    columns: {
      ref: 'ref',
      ref_type: refTypeOf('ref'),
      branch: branchOf('ref'),
      tag: tagOf('ref'),
      base_branch: branchOf('base_ref'),
      // For an annotated tag "after" is the tag's own object.
      head_sha: ['head_commit.id', 'after'],
      before_sha: 'before',
      commits_count: countOf('commits'),
      is_created: 'created',
      is_deleted: 'deleted',
      is_forced: 'forced',
      author_login: 'head_commit.author.username',
    },
  },
  create: {
    category: 'code',
    title: 'ref',
    url: 'repository.html_url',
    occurred_at: ['repository.pushed_at'],
    columns: { ...shortRef, base_branch: 'master_branch' },
  },
  delete: {
    category: 'code',
    title: 'ref',
    url: 'repository.html_url',
    occurred_at: ['repository.pushed_at'],
    columns: shortRef,
  },
  commit_comment: {
    category: 'code',
    title: 'comment.body',
    url: 'comment.html_url',
    occurred_at: 'comment.updated_at',
    columns: {
      head_sha: 'comment.commit_id',
      comment_id: 'comment.id',
      author_login: 'comment.user.login',
      file_path: 'comment.path',
    },
  },
  merge_group: {
    category: 'code',
    title: 'merge_group.head_commit.message',
    occurred_at: 'merge_group.head_commit.timestamp',
    columns: {
      ref: 'merge_group.head_ref',
      branch: branchOf('merge_group.head_ref'),
      base_branch: branchOf('merge_group.base_ref'),
      head_sha: 'merge_group.head_sha',
      base_sha: 'merge_group.base_sha',
    },
  },
} as const satisfies Record<string, KindRule>;

/** Pull requests and their reviews. */
export const reviewKinds = {
  pull_request: {
    category: 'review',
    title: 'pull_request.title',
    url: 'pull_request.html_url',
    occurred_at: 'pull_request.updated_at',
    columns: {
      ...pullRequest,
      before_sha: 'before',
      merge_sha: 'pull_request.merge_commit_sha',
      is_merged: 'pull_request.merged',
      commits_count: 'pull_request.commits',
      additions: 'pull_request.additions',
      deletions: 'pull_request.deletions',
      changed_files: 'pull_request.changed_files',
      assignee_login: 'assignee.login',
      reviewer_login: 'requested_reviewer.login',
      team_slug: 'requested_team.slug',
      label_name: 'label.name',
    },
  },
  pull_request_review: {
    category: 'review',
    title: 'pull_request.title',
    url: 'review.html_url',
    occurred_at: 'review.submitted_at',
    columns: {
      ...pullRequest,
      head_sha: ['review.commit_id', 'pull_request.head.sha'],
      review_id: 'review.id',
      review_state: 'review.state',
      reviewer_login: 'review.user.login',
    },
  },
  pull_request_review_comment: {
    category: 'review',
    title: 'pull_request.title',
    url: 'comment.html_url',
    occurred_at: 'comment.updated_at',
    columns: {
      ...pullRequest,
      head_sha: ['comment.commit_id', 'pull_request.head.sha'],
      comment_id: 'comment.id',
      review_id: 'comment.pull_request_review_id',
      reviewer_login: 'comment.user.login',
      file_path: 'comment.path',
    },
  },
  pull_request_review_thread: {
    category: 'review',
    title: 'pull_request.title',
    url: ['thread.comments.0.html_url', 'pull_request.html_url'],
    occurred_at: 'pull_request.updated_at',
    columns: {
      ...pullRequest,
      comment_id: 'thread.comments.0.id',
      review_id: 'thread.comments.0.pull_request_review_id',
      reviewer_login: 'thread.comments.0.user.login',
      file_path: 'thread.comments.0.path',
    },
  },
} as const satisfies Record<string, KindRule>;

/** Issues, their labels and milestones, discussions. */
export const issueKinds = {
  issues: {
    category: 'issue',
    title: 'issue.title',
    url: 'issue.html_url',
    occurred_at: 'issue.updated_at',
    columns: {
      ...issue,
      assignee_login: 'assignee.login',
      label_name: 'label.name',
      milestone_number: ['milestone.number', 'issue.milestone.number'],
    },
  },
  issue_comment: {
    category: 'issue',
    title: 'issue.title',
    url: 'comment.html_url',
    occurred_at: 'comment.updated_at',
    columns: {
      ...issue,
      // A comment on a pull request arrives as one on the issue of the same number.
      pull_request_number: whenObject('issue.number', 'issue.pull_request'),
      comment_id: 'comment.id',
      author_login: 'comment.user.login',
    },
  },
  label: { category: 'issue', title: 'label.name', url: 'repository.html_url', columns: { label_name: 'label.name' } },
  milestone: {
    category: 'issue',
    title: 'milestone.title',
    url: 'milestone.html_url',
    occurred_at: 'milestone.updated_at',
    columns: {
      milestone_number: 'milestone.number',
      milestone_title: 'milestone.title',
      state: 'milestone.state',
      author_login: 'milestone.creator.login',
    },
  },
  discussion: {
    category: 'discussion',
    title: 'discussion.title',
    url: ['answer.html_url', 'discussion.html_url'],
    occurred_at: 'discussion.updated_at',
    columns: { ...discussion, comment_id: 'answer.id', label_name: 'label.name' },
  },
  discussion_comment: {
    category: 'discussion',
    title: 'discussion.title',
    url: 'comment.html_url',
    occurred_at: 'comment.updated_at',
    columns: { ...discussion, comment_id: 'comment.id', author_login: 'comment.user.login' },
  },
} as const satisfies Record<string, KindRule>;
