/** Payloads written after the senders' documentation, one or more for each kind that has columns of its own. For tests. */

const at = '2026-11-05T17:31:00.000Z';
const linear = (type: string, action: string, data: unknown, more: object = {}) => ({
  action,
  type,
  createdAt: at,
  organizationId: 'org-1',
  webhookId: 'hook-1',
  webhookTimestamp: 1_793_900_000_000,
  actor: {
    id: 'user-1',
    type: 'user',
    name: 'Ada',
    email: 'ada@example.com',
    url: 'https://linear.app/x/profiles/ada',
  },
  url: 'https://linear.app/x/issue/ENG-123/checkout-crashes',
  data,
  ...more,
});
const team = { id: 'team-1', key: 'ENG', name: 'Engineering' };
const issue = {
  id: 'issue-1',
  createdAt: '2026-11-01T08:00:00.000Z',
  updatedAt: at,
  number: 123,
  identifier: 'ENG-123',
  title: 'Checkout crashes',
  description: 'When the cart is empty.',
  priority: 2,
  priorityLabel: 'High',
  estimate: 3,
  branchName: 'ada/eng-123-checkout-crashes',
  dueDate: '2026-11-30',
  startedAt: '2026-11-02T09:00:00.000Z',
  completedAt: null,
  teamId: 'team-1',
  team,
  projectId: 'project-1',
  project: { id: 'project-1', name: 'Shop' },
  cycleId: 'cycle-1',
  cycle: { id: 'cycle-1', number: 14 },
  parentId: 'issue-0',
  stateId: 'state-1',
  state: { id: 'state-1', name: 'In Progress', type: 'started', color: '#f2c94c' },
  assigneeId: 'user-2',
  assignee: { id: 'user-2', name: 'Grace', email: 'grace@example.com' },
  creatorId: 'user-1',
  labelIds: ['label-1'],
  labels: [{ id: 'label-1', name: 'Bug', color: '#eb5757' }],
};

export const linearSamples: Readonly<Record<string, readonly unknown[]>> = {
  Issue: [
    linear('Issue', 'create', issue),
    linear('Issue', 'update', { ...issue, completedAt: at }, { updatedFrom: { stateId: 'state-0', updatedAt: at } }),
    linear('Issue', 'remove', { ...issue, archivedAt: at, canceledAt: at }),
  ],
  Comment: [
    linear('Comment', 'create', {
      id: 'comment-1',
      body: 'Reproduced.\nSee the log.',
      issueId: 'issue-1',
      userId: 'user-1',
      issue: { id: 'issue-1', identifier: 'ENG-123', number: 123, title: 'Checkout crashes', team, teamId: 'team-1' },
      user: { id: 'user-1', name: 'Ada' },
    }),
    linear('Comment', 'create', {
      id: 'comment-2',
      body: 'Good.',
      projectUpdate: { id: 'u-1', project: { id: 'project-1' } },
    }),
  ],
  Reaction: [
    linear('Reaction', 'create', {
      id: 'reaction-1',
      emoji: '+1',
      commentId: 'comment-1',
      comment: { id: 'comment-1', issueId: 'issue-1' },
    }),
    linear('Reaction', 'remove', { id: 'r-2', emoji: 'eyes', issue: { identifier: 'ENG-123', number: 123, team } }),
  ],
  IssueLabel: [linear('IssueLabel', 'create', { id: 'label-1', name: 'Bug', teamId: 'team-1', creatorId: 'user-1' })],
  Attachment: [
    linear('Attachment', 'create', {
      id: 'attachment-1',
      title: 'Pull request 7',
      url: 'https://github.com/acme/shop/pull/7',
      issueId: 'issue-1',
      issue: { id: 'issue-1', identifier: 'ENG-123', number: 123, team },
    }),
  ],
  IssueSLA: [
    linear('IssueSLA', 'highRisk', undefined, {
      issueData: { ...issue, completedAt: at, canceledAt: at },
    }),
  ],
  Project: [
    linear('Project', 'update', {
      id: 'project-1',
      name: 'Shop',
      status: { name: 'In Progress', type: 'started' },
      priority: 1,
      health: 'atRisk',
      teamIds: ['team-1'],
      creatorId: 'user-1',
      leadId: 'user-2',
      lead: { id: 'user-2', name: 'Grace' },
      targetDate: '2026-12-24',
      startedAt: at,
      completedAt: at,
      canceledAt: at,
    }),
  ],
  ProjectUpdate: [
    linear('ProjectUpdate', 'create', {
      id: 'update-1',
      body: 'We are late.',
      health: 'offTrack',
      userId: 'user-1',
      projectId: 'project-1',
      project: { id: 'project-1', name: 'Shop' },
    }),
  ],
  ProjectLabel: [linear('ProjectLabel', 'create', { id: 'label-2', name: 'Revenue' })],
  Initiative: [
    linear('Initiative', 'update', {
      id: 'initiative-1',
      name: 'Grow',
      status: 'Active',
      health: 'onTrack',
      creatorId: 'user-1',
      ownerId: 'user-2',
      targetDate: '2027-06-30',
      startedAt: at,
      completedAt: at,
    }),
  ],
  InitiativeUpdate: [
    linear('InitiativeUpdate', 'create', {
      id: 'iu-1',
      body: 'Fine.',
      initiativeId: 'initiative-1',
      health: 'onTrack',
    }),
  ],
  Cycle: [
    linear('Cycle', 'create', {
      id: 'cycle-1',
      number: 14,
      name: 'Cycle 14',
      teamId: 'team-1',
      team,
      startsAt: '2026-11-02T00:00:00.000Z',
      endsAt: '2026-11-16T00:00:00.000Z',
      completedAt: at,
    }),
  ],
  Document: [
    linear('Document', 'update', {
      id: 'document-1',
      title: 'Plan',
      projectId: 'project-1',
      initiativeId: 'initiative-1',
      creatorId: 'user-1',
    }),
  ],
  Customer: [linear('Customer', 'create', { id: 'customer-1', name: 'Globex' })],
  CustomerNeed: [
    linear('CustomerNeed', 'create', {
      id: 'need-1',
      body: 'Invoices by mail',
      issueId: 'issue-1',
      issue: { id: 'issue-1', identifier: 'ENG-123', number: 123, team },
    }),
  ],
  User: [linear('User', 'update', { id: 'user-2', name: 'Grace', displayName: 'grace' })],
  OAuthApp: [
    { action: 'revoked', type: 'OAuthApp', createdAt: at, organizationId: 'org-1', oauthClientId: 'client-1' },
  ],
  AgentSessionEvent: [
    {
      action: 'created',
      type: 'AgentSessionEvent',
      createdAt: at,
      organizationId: 'org-1',
      agentSession: {
        id: 'session-1',
        creator: { id: 'user-1', name: 'Ada' },
        issue: { id: 'issue-1', identifier: 'ENG-123', title: 'Checkout crashes', team, teamId: 'team-1' },
        comment: { id: 'comment-1', body: '@plinth please' },
      },
    },
  ],
  AppUserNotification: [
    {
      action: 'issueAssignedToYou',
      type: 'AppUserNotification',
      createdAt: at,
      organizationId: 'org-1',
      notification: {
        id: 'notification-1',
        type: 'issueAssignedToYou',
        actor: { id: 'user-1', name: 'Ada' },
        issue: { id: 'issue-1', identifier: 'ENG-123', title: 'Checkout crashes', team },
        comment: { id: 'comment-1' },
      },
    },
  ],
};

const slack = (event: object) => ({
  type: 'event_callback',
  token: 'x',
  team_id: 'T123ABC456',
  enterprise_id: 'E123ABC456',
  api_app_id: 'A123ABC456',
  event_id: 'Ev123ABC456',
  event_time: 1_793_900_000,
  is_ext_shared_channel: false,
  authorizations: [{ team_id: 'T123ABC456', user_id: 'U0LAN0Z89', is_bot: true }],
  event,
});
const ts = '1793900000.000200';
const item = { type: 'message', channel: 'C123ABC456', ts };
const person = { id: 'U123ABC456', name: 'ada', real_name: 'Ada', profile: { real_name: 'Ada' } };
const channel = (type: string) => [slack({ type, channel: 'C123ABC456', user: 'U123ABC456', event_ts: ts })];
const interaction = {
  team: { id: 'T123ABC456', domain: 'example' },
  enterprise: { id: 'E123ABC456' },
  user: { id: 'U123ABC456', username: 'ada', name: 'ada' },
  api_app_id: 'A123ABC456',
};

export const slackSamples: Readonly<Record<string, readonly unknown[]>> = {
  message: [
    slack({
      type: 'message',
      channel: 'C123ABC456',
      channel_type: 'channel',
      user: 'U123ABC456',
      text: 'Checkout is down',
      ts,
      event_ts: ts,
      thread_ts: '1793899999.000100',
      files: [{ id: 'F1' }, { id: 'F2' }],
    }),
    slack({
      type: 'message',
      subtype: 'message_changed',
      hidden: true,
      channel: 'C123ABC456',
      ts,
      event_ts: ts,
      message: {
        type: 'message',
        user: 'U123ABC456',
        text: 'Checkout is up',
        ts: '1793899999.000100',
        edited: { user: 'U123ABC456', ts },
      },
    }),
    slack({ type: 'message', subtype: 'bot_message', channel: 'C1', bot_id: 'B1', text: 'Built', ts, event_ts: ts }),
    slack({
      type: 'message',
      subtype: 'channel_join',
      channel: 'C1',
      user: 'U1',
      inviter: 'U2',
      text: 'joined',
      ts,
      event_ts: ts,
    }),
  ],
  app_mention: [
    slack({ type: 'app_mention', user: 'U123ABC456', text: '<@U0LAN0Z89> deploy', ts, channel: 'C1', event_ts: ts }),
  ],
  message_metadata_posted: [slack({ type: 'message_metadata_posted', user_id: 'U1', channel_id: 'C1', event_ts: ts })],
  reaction_added: [
    slack({ type: 'reaction_added', user: 'U123ABC456', reaction: 'thumbsup', item_user: 'U2', item, event_ts: ts }),
  ],
  reaction_removed: [
    slack({ type: 'reaction_removed', user: 'U1', reaction: 'eyes', item: { type: 'file', file: 'F1' }, event_ts: ts }),
  ],
  pin_added: [
    slack({
      type: 'pin_added',
      user: 'U1',
      channel_id: 'C1',
      item: { type: 'message', channel: 'C1', message: { ts, text: 'Read this' } },
      event_ts: ts,
    }),
  ],
  pin_removed: [slack({ type: 'pin_removed', user: 'U1', channel_id: 'C1', item, event_ts: ts })],
  star_added: [slack({ type: 'star_added', user: 'U1', item, event_ts: ts })],
  star_removed: [slack({ type: 'star_removed', user: 'U1', item, event_ts: ts })],
  link_shared: [
    slack({
      type: 'link_shared',
      channel: 'C1',
      user: 'U1',
      message_ts: ts,
      thread_ts: ts,
      links: [{ domain: 'example.com', url: 'https://example.com/12345' }],
      event_ts: ts,
    }),
  ],
  channel_created: [
    slack({
      type: 'channel_created',
      channel: { id: 'C1', name: 'fun', created: 1_793_900_000, creator: 'U1' },
      event_ts: ts,
    }),
  ],
  channel_rename: [
    slack({ type: 'channel_rename', channel: { id: 'C1', name: 'new-name', created: 1 }, event_ts: ts }),
  ],
  channel_archive: channel('channel_archive'),
  channel_unarchive: channel('channel_unarchive'),
  channel_deleted: channel('channel_deleted'),
  group_rename: [slack({ type: 'group_rename', channel: { id: 'G1', name: 'new-name' }, event_ts: ts })],
  group_archive: channel('group_archive'),
  group_unarchive: channel('group_unarchive'),
  group_deleted: channel('group_deleted'),
  member_joined_channel: [
    slack({
      type: 'member_joined_channel',
      user: 'U1',
      channel: 'C1',
      channel_type: 'C',
      team: 'T1',
      inviter: 'U2',
      event_ts: ts,
    }),
  ],
  member_left_channel: [
    slack({ type: 'member_left_channel', user: 'U1', channel: 'C1', channel_type: 'C', team: 'T1', event_ts: ts }),
  ],
  team_join: [slack({ type: 'team_join', user: person, event_ts: ts })],
  user_change: [slack({ type: 'user_change', user: person, event_ts: ts })],
  app_home_opened: [
    slack({ type: 'app_home_opened', user: 'U1', channel: 'D1', tab: 'home', view: { id: 'V1' }, event_ts: ts }),
  ],
  app_uninstalled: [slack({ type: 'app_uninstalled' })],
  tokens_revoked: [slack({ type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: [] } })],
  team_rename: [slack({ type: 'team_rename', name: 'New Name', event_ts: ts })],
  emoji_changed: [
    slack({ type: 'emoji_changed', subtype: 'add', name: 'party', value: 'https://example.com/p.png', event_ts: ts }),
  ],
  file_created: [slack({ type: 'file_created', file_id: 'F1', file: { id: 'F1' }, user_id: 'U1', event_ts: ts })],
  file_shared: [slack({ type: 'file_shared', channel_id: 'C1', file_id: 'F1', user_id: 'U1', event_ts: ts })],
  file_change: [slack({ type: 'file_change', file: { id: 'F1' }, event_ts: ts })],
  file_deleted: [slack({ type: 'file_deleted', file_id: 'F1', event_ts: ts })],
  slash_command: [
    {
      command: '/deploy',
      text: 'api production',
      team_id: 'T1',
      team_domain: 'example',
      enterprise_id: 'E1',
      channel_id: 'C1',
      channel_name: 'general',
      user_id: 'U1',
      user_name: 'ada',
      api_app_id: 'A1',
      response_url: 'https://hooks.slack.com/commands/1234/5678',
    },
  ],
  block_actions: [
    {
      ...interaction,
      type: 'block_actions',
      channel: { id: 'C1', name: 'general' },
      container: { type: 'message', message_ts: ts, channel_id: 'C1', view_id: 'V1' },
      message: { ts, thread_ts: ts, text: 'Deploy?' },
      actions: [
        {
          action_id: 'approve',
          block_id: 'b',
          text: { type: 'plain_text', text: 'Approve' },
          value: 'yes',
          action_ts: ts,
        },
      ],
    },
  ],
  view_submission: [
    {
      ...interaction,
      type: 'view_submission',
      view: { id: 'V1', callback_id: 'deploy', title: { type: 'plain_text', text: 'Deploy' } },
    },
  ],
  view_closed: [{ ...interaction, type: 'view_closed', view: { id: 'V1', callback_id: 'deploy' } }],
  shortcut: [{ ...interaction, type: 'shortcut', callback_id: 'open_ticket', action_ts: ts }],
  message_action: [
    {
      ...interaction,
      type: 'message_action',
      callback_id: 'make_issue',
      channel: { id: 'C1', name: 'general' },
      message: { ts, text: 'Checkout is down' },
      message_ts: ts,
      action_ts: ts,
    },
  ],
};

export const deploymentSamples: Readonly<Record<string, readonly unknown[]>> = {
  report: [
    {
      id: 'deploy-81',
      status: 'succeeded',
      environment: 'production',
      service: 'api',
      version: '1.4.2',
      previous_version: '1.4.1',
      repository: { full_name: 'acme/shop' },
      ref: 'refs/heads/main',
      commit: 'b7a1c9d0e2f34a5b6c7d8e9f0a1b2c3d4e5f6a7b',
      triggered_by: 'ada',
      triggered_by_email: 'ada@example.com',
      is_rollback: false,
      is_production: true,
      url: 'https://api.example.com',
      log_url: 'https://ci.example.com/runs/81',
      started_at: '2026-11-05T17:30:00Z',
      completed_at: at,
      duration_ms: 60_000,
    },
    {
      status: 'Failure',
      environment: 'staging',
      application: 'web',
      sha: 'not a sha',
      branch: 'main',
      error: 'exit code 1',
    },
    {
      status: 'rolled-back',
      environment: { name: 'production' },
      service: { name: 'web' },
      tag: 'v2',
      finished_at: at,
    },
    { status: 'on fire' },
  ],
};
