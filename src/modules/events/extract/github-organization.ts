import type { KindRule } from './github-columns.ts';

const team = { team_slug: 'team.slug', subject_name: 'team.name' } as const;

/** Project boards. */
export const planningKinds = {
  project: {
    category: 'planning',
    title: 'project.name',
    url: 'project.html_url',
    occurred_at: 'project.updated_at',
    columns: {
      project_number: 'project.number',
      subject_name: 'project.name',
      state: 'project.state',
      author_login: 'project.creator.login',
    },
  },
  project_card: {
    category: 'planning',
    title: ['project_card.note', 'project_card.content_url'],
    url: 'repository.html_url',
    occurred_at: 'project_card.updated_at',
    columns: { subject_name: 'project_card.note', author_login: 'project_card.creator.login' },
  },
  project_column: {
    category: 'planning',
    title: 'project_column.name',
    url: 'repository.html_url',
    occurred_at: 'project_column.updated_at',
    columns: { subject_name: 'project_column.name' },
  },
  projects_v2_item: {
    category: 'planning',
    title: 'projects_v2_item.content_type',
    occurred_at: 'projects_v2_item.updated_at',
    columns: { subject_name: 'projects_v2_item.content_type', author_login: 'projects_v2_item.creator.login' },
  },
} as const satisfies Record<string, KindRule>;

/** Who may do what: people, teams, apps, keys, protection. */
export const accessKinds = {
  member: {
    category: 'access',
    title: 'member.login',
    url: 'member.html_url',
    columns: { member_login: 'member.login' },
  },
  membership: {
    category: 'access',
    title: 'member.login',
    url: 'team.html_url',
    columns: { ...team, member_login: 'member.login' },
  },
  organization: {
    category: 'access',
    title: ['membership.user.login', 'invitation.login', 'organization.login'],
    url: ['membership.user.html_url', 'user.html_url'],
    occurred_at: 'invitation.created_at',
    columns: {
      member_login: ['membership.user.login', 'user.login', 'invitation.login'],
      state: 'membership.state',
      subject_name: 'changes.login.from',
    },
  },
  org_block: {
    category: 'access',
    title: 'blocked_user.login',
    url: 'blocked_user.html_url',
    columns: { member_login: 'blocked_user.login' },
  },
  team: { category: 'access', title: 'team.name', url: 'team.html_url', columns: team },
  team_add: { category: 'access', title: 'team.name', url: 'team.html_url', columns: team },
  deploy_key: {
    category: 'access',
    title: 'key.title',
    url: 'repository.html_url',
    columns: { subject_name: 'key.title' },
  },
  branch_protection_rule: {
    category: 'access',
    title: 'rule.name',
    url: 'repository.html_url',
    occurred_at: 'rule.updated_at',
    columns: { rule_name: 'rule.name' },
  },
  github_app_authorization: { category: 'access', title: 'sender.login', url: 'sender.html_url', columns: {} },
  installation: {
    category: 'access',
    title: 'installation.account.login',
    url: 'installation.html_url',
    occurred_at: ['installation.suspended_at', 'installation.updated_at'],
    columns: { subject_name: 'installation.account.login', app_slug: 'installation.app_slug' },
  },
  installation_repositories: {
    category: 'access',
    title: 'installation.account.login',
    url: 'installation.html_url',
    occurred_at: 'installation.updated_at',
    columns: { subject_name: 'installation.account.login', app_slug: 'installation.app_slug' },
  },
} as const satisfies Record<string, KindRule>;

/** The repository itself, the people who like it, money, and the webhook. */
export const repositoryKinds = {
  repository: {
    category: 'repository',
    title: 'repository.full_name',
    url: 'repository.html_url',
    occurred_at: 'repository.updated_at',
    columns: { subject_name: 'changes.repository.name.from' },
  },
  repository_import: {
    category: 'repository',
    title: 'repository.full_name',
    url: 'repository.html_url',
    occurred_at: 'repository.updated_at',
    columns: { state: 'status' },
  },
  public: {
    category: 'repository',
    title: 'repository.full_name',
    url: 'repository.html_url',
    occurred_at: 'repository.updated_at',
    columns: {},
  },
  gollum: {
    category: 'repository',
    title: ['pages.0.title', 'pages.0.page_name'],
    url: 'pages.0.html_url',
    columns: { subject_name: 'pages.0.page_name' },
  },
  fork: {
    category: 'community',
    title: 'forkee.full_name',
    url: 'forkee.html_url',
    occurred_at: 'forkee.created_at',
    columns: { subject_name: 'forkee.full_name' },
  },
  star: {
    category: 'community',
    title: 'repository.full_name',
    url: 'repository.html_url',
    occurred_at: 'starred_at',
    columns: {},
  },
  watch: { category: 'community', title: 'repository.full_name', url: 'repository.html_url', columns: {} },
  sponsorship: {
    category: 'billing',
    title: 'sponsorship.tier.name',
    url: 'sponsorship.sponsor.html_url',
    columns: { member_login: 'sponsorship.sponsor.login', subject_name: 'sponsorship.tier.name' },
  },
  marketplace_purchase: {
    category: 'billing',
    title: 'marketplace_purchase.plan.name',
    occurred_at: 'effective_date',
    columns: {
      member_login: 'marketplace_purchase.account.login',
      subject_name: 'marketplace_purchase.plan.name',
    },
  },
  ping: {
    category: 'system',
    title: 'zen',
    url: ['repository.html_url', 'organization.url'],
    occurred_at: 'hook.updated_at',
    columns: { hook_id: 'hook_id' },
  },
  meta: {
    category: 'system',
    title: ['repository.full_name', 'hook.type'],
    url: 'repository.html_url',
    occurred_at: 'hook.updated_at',
    columns: { hook_id: 'hook_id' },
  },
} as const satisfies Record<string, KindRule>;
