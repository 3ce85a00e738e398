import { eventErrors } from '../errors.ts';
import type { EventColumns } from '../extract/github.ts';
import { eventLimits } from '../limits.ts';
import { compileFilter } from './evaluate.ts';

/**
 * The document a filter sees; its paths begin with one of these names. What an event has not is null, not missing:
 * `branch == "main"` is false for it, `has(branch)` true. In SQL: `jsonb_build_object` of the same names.
 */
export interface FilterableEvent {
  /** The sender's scheme: `github`, `slack` and so on. */
  readonly source: string;
  /** The event's name, such as `pull_request.opened`. */
  readonly type: string;
  readonly category: string;
  readonly title: string | null;
  readonly actor: string | null;
  readonly repository: string | null;
  readonly branch: string | null;
  readonly commit: string | null;
  readonly payload: unknown;
}

export function filterableEvent(source: string, columns: EventColumns, payload: unknown): FilterableEvent {
  return {
    source,
    type: columns.type,
    category: columns.category,
    title: columns.title,
    actor: columns.actor_login,
    repository: columns.repository_full_name,
    branch: columns.branch,
    commit: columns.commit_sha,
    payload,
  };
}

/** What of a subscription decides whether an event is for it. An empty or absent list means any. */
export interface SubscriptionRule {
  readonly sources?: readonly string[] | null;
  readonly categories?: readonly string[] | null;
  /** Names with `*` for any characters, also none: `pull_request.*`. Compared as written, upper and lower case apart. */
  readonly names?: readonly string[] | null;
  readonly filter?: unknown;
}

/**
 * True when `name` fits the pattern, in which `*` stands for any characters. Walks back to the last `*` only, so the
 * time is at most the product of both lengths; a regular expression of many `.*` would take exponentially longer.
 */
export function nameMatches(pattern: string, name: string): boolean {
  let star = -1;
  let retry = 0;
  let at = 0;
  let rule = 0;
  while (at < name.length) {
    if (pattern[rule] === '*') {
      star = rule++;
      retry = at;
    } else if (rule < pattern.length && pattern[rule] === name[at]) {
      rule++;
      at++;
    } else if (star >= 0) {
      rule = star + 1;
      at = ++retry;
    } else return false;
  }
  while (pattern[rule] === '*') rule++;
  return rule === pattern.length;
}

function isListed(list: readonly string[] | null | undefined, matches: (entry: string) => boolean): boolean {
  return list === null || list === undefined || list.length === 0 || list.some(matches);
}

/** What subscriptions tell events apart by before they look into one. */
export type EventSort = Pick<FilterableEvent, 'source' | 'category' | 'type'>;

/** Whether a subscription is for events of this source, category and name, whatever its filter says. */
export function wantsSort({ sources, categories, names }: SubscriptionRule, { source, category, type }: EventSort) {
  return (
    isListed(sources, (one) => one === source) &&
    isListed(categories, (one) => one === category) &&
    isListed(names, (name) => nameMatches(name, type))
  );
}

/**
 * The subscription as a function from an event to whether it is for it: source, category, name, filter, in this
 * order, so that the filter runs last. Throws `filter_invalid` or `filter_too_large` for rules that cannot be used.
 */
export function compileSubscription(rule: SubscriptionRule): (event: FilterableEvent) => boolean {
  const { names, filter } = rule;
  if ((names?.length ?? 0) > eventLimits.subscription_names_max) {
    throw eventErrors.filter_too_large({ detail: `At most ${eventLimits.subscription_names_max} names are allowed.` });
  }
  if (names?.some((name) => name.length > eventLimits.name_pattern_chars)) {
    throw eventErrors.filter_too_large({ detail: `A name has at most ${eventLimits.name_pattern_chars} characters.` });
  }
  const passes = filter === undefined || filter === null ? () => true : compileFilter(filter);
  return (event) => wantsSort(rule, event) && passes(event);
}

/** Whether an event is for a subscription, once. The hot path keeps `compileSubscription`. */
export function matchesSubscription(rule: SubscriptionRule, event: FilterableEvent): boolean {
  return compileSubscription(rule)(event);
}
