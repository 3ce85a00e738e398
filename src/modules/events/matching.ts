import { asPlinthError } from '../../platform/http/problem.ts';
import type { NewTask } from '../tasks/index.ts';
import type { NewRun } from '../workflows/index.ts';
import { headCommitOf } from './extract/head-commit.ts';
import { compileSubscription, type EventSort, type FilterableEvent, wantsSort } from './filter/subscription.ts';
import { stringAtPlace } from './place.ts';
import type { SubscriptionRow, TaskTarget, WorkflowTarget } from './subscriptions.ts';

/** An event as `plinth.lock_pending_events` returns it, with its payload. */
export interface PendingEvent extends LockedEvent {
  readonly payload: unknown;
}

export interface LockedEvent {
  readonly id: string;
  readonly occurred_at: Date;
  readonly source: string;
  readonly type: string;
  readonly category: string;
  readonly priority: number;
  readonly title: string | null;
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

/** A subscription that wants an event, or that can not be read. */
export interface Selected {
  readonly subscription: SubscriptionRow;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The subscriptions of a batch, asked about its events. */
export interface Selection {
  /** Whether there is one for its source, category and name: only then somebody looks at its payload. */
  mayWant(sort: EventSort): boolean;
  /** Those that want it, in their order. */
  wanting(event: FilterableEvent): Selected[];
}

/**
 * Which of a batch's subscriptions want an event. Those for its source, category and name are looked for once for all
 * events that share the three; what is compiled is kept from batch to batch. With 1,000 subscriptions, ten
 * of them for the event, 3,700 events a second were matched so on a busy machine, and 139 where each was asked of each.
 */
export function makeSelection(): (subscriptions: readonly SubscriptionRow[]) => Selection {
  const matcherOf = makeMatchers();
  return (subscriptions) => {
    const bySort = new Map<string, Candidate[]>();
    const candidatesOf = (event: EventSort): Candidate[] => {
      const sort = JSON.stringify([event.source, event.category, event.type]);
      const known = bySort.get(sort);
      if (known) return known;
      const candidates = subscriptions
        .filter((subscription) => wantsSort(subscription, event))
        .map((subscription) => ({ subscription, matcher: undefined }));
      bySort.set(sort, candidates);
      return candidates;
    };
    return {
      mayWant: (sort) => candidatesOf(sort).length > 0,
      wanting: (event) =>
        candidatesOf(event).flatMap((candidate): Selected[] => {
          const { subscription } = candidate;
          try {
            candidate.matcher ??= matcherOf(subscription);
            return candidate.matcher(event) ? [{ subscription }] : [];
          } catch (thrown) {
            const { code, message } = asPlinthError(thrown);
            return [{ subscription, error: { code, message } }];
          }
        }),
    };
  };
}

interface Candidate {
  readonly subscription: SubscriptionRow;
  /** Compiled at the first event, so that one that can not be read is told of that event. */
  matcher: Matcher | undefined;
}

/** Compiled subscriptions, by what they say: one that is changed is another. */
function makeMatchers(): (subscription: SubscriptionRow) => Matcher {
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
export function taskOf(event: PendingEvent, { id }: SubscriptionRow, target: TaskTarget): NewTask {
  const { source, type, title, repository_id, project_id, payload, kind, repository_full_name: repository } = event;
  return {
    task_type: target.task_type,
    title: `${type}: ${title ?? repository ?? source}`.slice(0, task_title_chars).toWellFormed(),
    priority: target.priority ?? 0,
    idempotency_key: `${id}:${event.id}`,
    ...(repository_id === null ? {} : { repository_id }),
    ...(project_id === null ? {} : { project_id }),
    payload: {
      event: summaryOf(event),
      subscription_id: id,
      repository_id,
      repository: repository === null ? null : { provider: source, full_name: repository },
      head: kind === null ? null : headCommitOf({ kind, payload }),
    },
  };
}

/** What a task or a run is told of its event: all but the payload. */
function summaryOf(event: PendingEvent) {
  const { id, occurred_at, source, type, category, title, actor, branch } = event;
  const { repository_full_name: repository, commit_sha: commit } = event;
  return { id, occurred_at, source, type, category, title, actor, repository, branch, commit };
}

/** The run a subscription asks for; the same event and subscription always make the same one. */
export function runOf(event: PendingEvent, { id }: SubscriptionRow, target: WorkflowTarget): NewRun {
  const { workflow, version, correlation_from, priority } = target;
  const correlation_key = correlation_from && stringAtPlace(documentOf(event), correlation_from);
  return {
    workflow,
    ...(version === undefined ? {} : { version }),
    ...(priority === undefined ? {} : { priority }),
    ...(event.project_id === null ? {} : { project_id: event.project_id }),
    ...(correlation_key ? { correlation_key } : {}),
    idempotency_key: `${id}:${event.id}`,
    input: { event: summaryOf(event), payload: event.payload, subscription_id: id },
  };
}
