import type { NewTask } from '../tasks/index.ts';
import { headCommitOf } from './extract/head-commit.ts';
import { compileSubscription, type FilterableEvent } from './filter/subscription.ts';
import type { SubscriptionRow } from './subscriptions.ts';

/** An event as `plinth.lock_pending_events` returns it. */
export interface PendingEvent {
  readonly id: string;
  readonly occurred_at: Date;
  readonly source: string;
  readonly type: string;
  readonly category: string;
  readonly priority: number;
  readonly title: string | null;
  readonly payload: unknown;
  readonly project_id: string | null;
  readonly repository_id: string | null;
  readonly repository_full_name: string | null;
  readonly branch: string | null;
  readonly commit_sha: string | null;
  readonly actor: string | null;
  readonly kind: string | null;
}

type Matcher = (event: FilterableEvent) => boolean;

const compiled_max = 2_000;
const task_title_chars = 500;

/** Compiled subscriptions, by what they say: one that is changed is another. */
export function makeMatchers(): (subscription: SubscriptionRow) => Matcher {
  const compiled = new Map<string, Matcher>();
  return ({ sources, categories, names, filter }) => {
    const rule = { sources, categories, names, filter };
    const text = JSON.stringify(rule);
    const matcher = compiled.get(text) ?? compileSubscription(rule);
    compiled.delete(text);
    if (compiled.size >= compiled_max) compiled.delete(compiled.keys().next().value as string);
    compiled.set(text, matcher);
    return matcher;
  };
}

/** The document filters see. */
export function documentOf(event: PendingEvent): FilterableEvent {
  const { source, type, category, title, actor, branch, payload } = event;
  const { repository_full_name: repository, commit_sha: commit } = event;
  return { source, type, category, title, actor, repository, branch, commit, payload };
}

/** The task a subscription asks for; the same event and subscription always make the same one. */
export function taskOf(event: PendingEvent, { id, target }: SubscriptionRow): NewTask {
  const { source, type, category, title, actor, branch, repository_id, project_id, payload, kind } = event;
  const { repository_full_name: repository, commit_sha: commit } = event;
  return {
    task_type: target.task_type,
    title: `${type}: ${title ?? repository ?? source}`.slice(0, task_title_chars).toWellFormed(),
    priority: target.priority ?? 0,
    idempotency_key: `${id}:${event.id}`,
    ...(repository_id === null ? {} : { repository_id }),
    ...(project_id === null ? {} : { project_id }),
    payload: {
      event: {
        id: event.id,
        occurred_at: event.occurred_at,
        source,
        type,
        category,
        title,
        actor,
        repository,
        branch,
        commit,
      },
      subscription_id: id,
      repository_id,
      repository: repository === null ? null : { provider: source, full_name: repository },
      head: kind === null ? null : headCommitOf({ kind, payload }),
    },
  };
}
