import { columnTypes } from './coerce.ts';
import { ciKinds, deliveryKinds, securityKinds } from './github-ci.ts';
import { codeKinds, issueKinds, reviewKinds } from './github-code.ts';
import { type EventCategory, type GithubColumn, githubColumns, type KindRule } from './github-columns.ts';
import { accessKinds, planningKinds, repositoryKinds } from './github-organization.ts';
import { at, type Source, type SourceRule, sourcesOf } from './source.ts';

/** The columns every event has, whatever its source. Times are not clamped yet: that is ingestion's. */
export interface EventColumns {
  /** `pull_request.opened`, or `push` where the payload names no action. */
  readonly type: string;
  readonly category: EventCategory;
  readonly title: string | null;
  readonly actor_login: string | null;
  readonly actor_external_id: string | null;
  readonly repository_full_name: string | null;
  readonly repository_external_id: string | null;
  readonly repository_clone_url: string | null;
  readonly branch: string | null;
  readonly commit_sha: string | null;
  readonly url: string | null;
  readonly occurred_at: Date | null;
}

type ValueOf<C extends GithubColumn> = ReturnType<(typeof columnTypes)[(typeof githubColumns)[C]['type']]['coerce']>;

/** The typed columns of `github_events`; null where the payload has nothing that fits. */
export type GithubColumns = { readonly [C in GithubColumn]: ValueOf<C> };

export interface GithubExtract {
  readonly event: EventColumns;
  readonly github: GithubColumns;
}

/** What is read from every kind. */
export const commonColumns = {
  action: 'action',
  repository_full_name: 'repository.full_name',
  repository_github_id: 'repository.id',
  repository_is_private: 'repository.private',
  organization_login: 'organization.login',
  organization_github_id: 'organization.id',
  installation_id: 'installation.id',
  sender_login: ['sender.login', 'pusher.name'],
  sender_github_id: 'sender.id',
} as const satisfies Partial<Record<GithubColumn, SourceRule>>;

/** How each known kind is read; a kind that is not here gets the common columns and category `other`. */
export const githubKinds: Readonly<Record<string, KindRule>> = {
  ...codeKinds,
  ...reviewKinds,
  ...issueKinds,
  ...ciKinds,
  ...deliveryKinds,
  ...securityKinds,
  ...planningKinds,
  ...accessKinds,
  ...repositoryKinds,
};

interface CompiledKind {
  readonly category: EventCategory;
  readonly title: readonly Source[];
  readonly url: readonly Source[];
  readonly occurredAt: readonly Source[];
  readonly columns: readonly (readonly [GithubColumn, readonly Source[]])[];
}

function compile(rule: KindRule): CompiledKind {
  const columns = Object.entries({ ...commonColumns, ...rule.columns }) as [GithubColumn, SourceRule][];
  return {
    category: rule.category,
    title: sourcesOf(rule.title ?? []),
    url: sourcesOf(rule.url ?? []),
    occurredAt: sourcesOf(rule.occurred_at ?? []),
    columns: columns.map(([column, sources]) => [column, sourcesOf(sources)] as const),
  };
}

const compiledKinds = new Map(Object.entries(githubKinds).map(([kind, rule]) => [kind, compile(rule)]));
const unknownKind = compile({ category: 'other', columns: {} });
const cloneUrl = [at('repository.clone_url')];
const emptyColumns = Object.fromEntries(Object.keys(githubColumns).map((column) => [column, null]));

function first<T extends keyof typeof columnTypes>(type: T, sources: readonly Source[], payload: unknown) {
  const { coerce } = columnTypes[type];
  for (const source of sources) {
    const value = coerce(source.read(payload));
    if (value !== null) return value as ReturnType<(typeof columnTypes)[T]['coerce']>;
  }
  return null;
}

const ACTION = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** `kind.action`; an action in free words (repository_dispatch allows any) stays in the column `action` only. */
function typeOf(kind: string, action: string | null): string {
  return action !== null && ACTION.test(action) ? `${kind}.${action}` : kind;
}

/**
 * The columns of a GitHub event: those every event has and those of `github_events`. Takes any JSON and never throws;
 * what is missing or of the wrong type is null.
 */
export function extractGithub(kind: string, payload: unknown): GithubExtract {
  const rule = compiledKinds.get(kind) ?? unknownKind;
  const columns: Record<string, unknown> = { ...emptyColumns };
  for (const [column, sources] of rule.columns) {
    columns[column] = first(githubColumns[column].type, sources, payload);
  }
  const github = columns as GithubColumns;
  return {
    github,
    event: {
      type: typeOf(kind, github.action),
      category: rule.category,
      title: first('title', rule.title, payload),
      actor_login: github.sender_login,
      actor_external_id: github.sender_github_id === null ? null : String(github.sender_github_id),
      repository_full_name: github.repository_full_name,
      repository_external_id: github.repository_github_id === null ? null : String(github.repository_github_id),
      repository_clone_url: first('url', cloneUrl, payload),
      branch: github.branch,
      commit_sha: github.head_sha,
      url: first('url', rule.url, payload),
      occurred_at: first('time', rule.occurredAt, payload),
    },
  };
}
