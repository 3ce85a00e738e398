import { type ExtractRule, from, makeExtractor } from './extractor.ts';
import type { Column } from './github-columns.ts';
import { eachOf } from './source.ts';

/** The typed columns of `linear_events`, in the order of the table. */
export const linearColumns = {
  action: { type: 'identifier', meaning: 'create, update, remove, or what the kind says of itself' },
  linear_organization_id: { type: 'identifier', meaning: "Linear's id of the workspace" },
  webhook_id: { type: 'identifier', meaning: 'The webhook that sent it' },
  subject_id: { type: 'identifier', meaning: "Linear's id of what the event is about" },
  issue_id: { type: 'identifier', meaning: "Linear's id of the issue" },
  issue_identifier: { type: 'identifier', meaning: 'Such as ENG-123' },
  issue_number: { type: 'integer', meaning: 'Number of the issue in its team' },
  state_name: { type: 'identifier', meaning: 'State of the issue or project, in its own words' },
  state_type: { type: 'identifier', meaning: 'triage, backlog, unstarted, started, completed, canceled' },
  priority: { type: 'integer', meaning: '0 none, 1 urgent … 4 low' },
  priority_label: { type: 'identifier', meaning: 'The priority in words' },
  estimate: { type: 'integer', meaning: 'Points' },
  team_id: { type: 'identifier', meaning: "Linear's id of the team" },
  team_key: { type: 'identifier', meaning: 'Such as ENG' },
  team_name: { type: 'identifier', meaning: 'Name of the team' },
  linear_project_id: { type: 'identifier', meaning: "Linear's id of the project" },
  linear_project_name: { type: 'identifier', meaning: 'Name of the project' },
  cycle_id: { type: 'identifier', meaning: "Linear's id of the cycle" },
  cycle_number: { type: 'integer', meaning: 'Number of the cycle' },
  parent_issue_id: { type: 'identifier', meaning: 'The issue this one is a part of' },
  assignee_id: { type: 'identifier', meaning: "Linear's id of whose it is" },
  assignee_name: { type: 'identifier', meaning: 'Their name' },
  creator_id: { type: 'identifier', meaning: 'Who made it' },
  labels: { type: 'labels', meaning: 'Labels of the issue' },
  label_name: { type: 'identifier', meaning: 'The label the event is about' },
  branch: { type: 'identifier', meaning: 'The branch name Linear proposes for the issue' },
  comment_id: { type: 'identifier', meaning: 'The comment' },
  document_id: { type: 'identifier', meaning: 'The document' },
  initiative_id: { type: 'identifier', meaning: 'The initiative' },
  health: { type: 'identifier', meaning: 'onTrack, atRisk, offTrack: of a project or initiative' },
  sla_status: { type: 'identifier', meaning: 'set, highRisk, breached' },
  reaction: { type: 'identifier', meaning: 'The emoji of a reaction' },
  actor_id: { type: 'identifier', meaning: 'Who caused it' },
  actor_type: { type: 'identifier', meaning: 'user, OauthClient, integration' },
  actor_name: { type: 'identifier', meaning: 'Their name' },
  changed_fields: { type: 'labels', meaning: 'The fields that had other values before (updatedFrom)' },
  due_on: { type: 'identifier', meaning: 'Due or target date, as sent' },
  started_at: { type: 'time', meaning: 'When work began' },
  completed_at: { type: 'time', meaning: 'When it was completed' },
  canceled_at: { type: 'time', meaning: 'When it was canceled' },
  archived_at: { type: 'time', meaning: 'When it was archived' },
} as const satisfies Record<string, Column>;

type Rule = ExtractRule<typeof linearColumns>;

const keysOf = from('updatedFrom', ': its keys, without updatedAt', (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.keys(value).filter((key) => key !== 'updatedAt')
    : undefined,
);

/** What is read from every kind. */
export const linearCommon = {
  category: 'other',
  title: ['data.title', 'data.name', 'data.body', 'data.identifier'],
  url: ['url', 'data.url'],
  occurred_at: ['createdAt', 'data.updatedAt', 'data.createdAt'],
  columns: {
    action: 'action',
    linear_organization_id: 'organizationId',
    webhook_id: 'webhookId',
    subject_id: ['data.id', 'issueData.id'],
    actor_id: ['actor.id', 'data.userId', 'data.creatorId'],
    actor_type: 'actor.type',
    actor_name: ['actor.name', 'data.user.name'],
    changed_fields: keysOf,
    archived_at: 'data.archivedAt',
  },
} as const satisfies Rule;

const issueAt = (base: string) =>
  ({
    issue_id: `${base}.id`,
    issue_identifier: `${base}.identifier`,
    issue_number: `${base}.number`,
    state_name: `${base}.state.name`,
    state_type: `${base}.state.type`,
    priority: `${base}.priority`,
    priority_label: `${base}.priorityLabel`,
    estimate: `${base}.estimate`,
    team_id: [`${base}.teamId`, `${base}.team.id`],
    team_key: `${base}.team.key`,
    team_name: `${base}.team.name`,
    linear_project_id: [`${base}.projectId`, `${base}.project.id`],
    linear_project_name: `${base}.project.name`,
    cycle_id: [`${base}.cycleId`, `${base}.cycle.id`],
    cycle_number: `${base}.cycle.number`,
    parent_issue_id: [`${base}.parentId`, `${base}.parent.id`],
    assignee_id: [`${base}.assigneeId`, `${base}.assignee.id`],
    assignee_name: `${base}.assignee.name`,
    creator_id: [`${base}.creatorId`, `${base}.creator.id`],
    labels: eachOf(`${base}.labels`, 'name'),
    branch: `${base}.branchName`,
    due_on: `${base}.dueDate`,
    started_at: `${base}.startedAt`,
    completed_at: `${base}.completedAt`,
    canceled_at: `${base}.canceledAt`,
  }) as const;

const mentionedIssue = {
  issue_id: ['data.issueId', 'data.issue.id'],
  issue_identifier: 'data.issue.identifier',
  issue_number: 'data.issue.number',
  team_id: ['data.issue.teamId', 'data.issue.team.id', 'data.teamId'],
  team_key: 'data.issue.team.key',
  team_name: 'data.issue.team.name',
} as const;

const project = {
  linear_project_id: 'data.id',
  linear_project_name: 'data.name',
  state_name: ['data.status.name', 'data.state'],
  state_type: ['data.status.type', 'data.state'],
  priority: 'data.priority',
  health: 'data.health',
  team_id: 'data.teamIds.0',
  creator_id: 'data.creatorId',
  assignee_id: ['data.leadId', 'data.lead.id'],
  assignee_name: 'data.lead.name',
  due_on: 'data.targetDate',
  started_at: 'data.startedAt',
  completed_at: 'data.completedAt',
  canceled_at: 'data.canceledAt',
} as const;

/** How each kind (the payload's `type`) is read. https://linear.app/developers/webhooks */
export const linearKinds: Readonly<Record<string, Rule>> = {
  Issue: { category: 'issue', title: ['data.title', 'data.identifier'], columns: issueAt('data') },
  Comment: {
    category: 'discussion',
    title: 'data.body',
    columns: {
      ...mentionedIssue,
      comment_id: 'data.id',
      linear_project_id: ['data.projectUpdate.project.id', 'data.projectId'],
      actor_id: ['actor.id', 'data.userId', 'data.user.id'],
    },
  },
  Reaction: {
    category: 'discussion',
    title: 'data.emoji',
    columns: {
      ...mentionedIssue,
      issue_id: ['data.issueId', 'data.comment.issueId'],
      comment_id: ['data.commentId', 'data.comment.id'],
      reaction: 'data.emoji',
    },
  },
  IssueLabel: {
    category: 'planning',
    title: 'data.name',
    columns: { label_name: 'data.name', team_id: 'data.teamId', creator_id: 'data.creatorId' },
  },
  Attachment: { category: 'issue', title: ['data.title', 'data.url'], columns: mentionedIssue },
  IssueSLA: {
    category: 'issue',
    title: ['issueData.title', 'issueData.identifier'],
    columns: { ...issueAt('issueData'), sla_status: 'action' },
  },
  Project: { category: 'planning', title: 'data.name', columns: project },
  ProjectUpdate: {
    category: 'planning',
    title: ['data.body', 'data.project.name'],
    columns: {
      linear_project_id: ['data.projectId', 'data.project.id'],
      linear_project_name: 'data.project.name',
      health: 'data.health',
      actor_id: ['actor.id', 'data.userId'],
    },
  },
  ProjectLabel: { category: 'planning', title: 'data.name', columns: { label_name: 'data.name' } },
  Initiative: {
    category: 'planning',
    title: 'data.name',
    columns: {
      initiative_id: 'data.id',
      state_name: 'data.status',
      health: 'data.health',
      creator_id: 'data.creatorId',
      assignee_id: 'data.ownerId',
      due_on: 'data.targetDate',
      started_at: 'data.startedAt',
      completed_at: 'data.completedAt',
    },
  },
  InitiativeUpdate: {
    category: 'planning',
    title: 'data.body',
    columns: { initiative_id: ['data.initiativeId', 'data.initiative.id'], health: 'data.health' },
  },
  Cycle: {
    category: 'planning',
    title: 'data.name',
    columns: {
      cycle_id: 'data.id',
      cycle_number: 'data.number',
      team_id: ['data.teamId', 'data.team.id'],
      team_key: 'data.team.key',
      team_name: 'data.team.name',
      started_at: 'data.startsAt',
      completed_at: 'data.completedAt',
      due_on: 'data.endsAt',
    },
  },
  Document: {
    category: 'planning',
    title: 'data.title',
    columns: {
      document_id: 'data.id',
      linear_project_id: ['data.projectId', 'data.project.id'],
      initiative_id: 'data.initiativeId',
      creator_id: 'data.creatorId',
    },
  },
  Customer: { category: 'other', title: 'data.name', columns: {} },
  CustomerNeed: { category: 'issue', title: 'data.body', columns: mentionedIssue },
  User: { category: 'access', title: ['data.name', 'data.displayName'], columns: {} },
  OAuthApp: { category: 'access', columns: {} },
  AgentSessionEvent: {
    category: 'discussion',
    title: ['agentSession.issue.title', 'agentSession.comment.body'],
    occurred_at: ['createdAt', 'agentSession.createdAt'],
    columns: {
      subject_id: 'agentSession.id',
      issue_id: 'agentSession.issue.id',
      issue_identifier: 'agentSession.issue.identifier',
      team_id: ['agentSession.issue.teamId', 'agentSession.issue.team.id'],
      team_key: 'agentSession.issue.team.key',
      comment_id: 'agentSession.comment.id',
      actor_id: ['actor.id', 'agentSession.creator.id', 'agentSession.creatorId'],
      actor_name: ['actor.name', 'agentSession.creator.name'],
    },
  },
  AppUserNotification: {
    category: 'discussion',
    title: ['notification.issue.title', 'notification.type'],
    columns: {
      subject_id: 'notification.id',
      issue_id: 'notification.issue.id',
      issue_identifier: 'notification.issue.identifier',
      team_id: 'notification.issue.team.id',
      team_key: 'notification.issue.team.key',
      comment_id: 'notification.comment.id',
      actor_id: ['actor.id', 'notification.actor.id'],
      actor_name: ['actor.name', 'notification.actor.name'],
    },
  },
};

/** The columns of a Linear event, by its `type`. Takes any JSON and never throws. */
export const extractLinear = makeExtractor(linearColumns, linearCommon, linearKinds);
