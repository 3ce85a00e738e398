import type { ScopedTx } from '../../platform/scope/door.ts';
import { explainFilter, type FilterReason } from './filter/explain.ts';
import { matchesSubscription, type SubscriptionRule } from './filter/subscription.ts';
import type { Filter } from './filter/tree.ts';
import { documentOf, type PendingEvent } from './matching.ts';

export const tried_events_max = 100;
/** Of payloads; the newest event is read however large it is. */
const tried_bytes_max = 16 * 1024 * 1024;

export interface TriedEvent {
  readonly id: string;
  readonly occurred_at: Date;
  readonly source: string;
  readonly type: string;
  readonly category: string;
  readonly title: string | null;
  readonly matches: boolean;
  /** The first of the rule's parts that does not fit; null where it matches. */
  readonly fails: 'sources' | 'categories' | 'names' | 'filter' | null;
  readonly reasons: readonly FilterReason[];
}

/**
 * The newest events, and for each whether a subscription with this rule would take it, by the evaluator that matches new
 * ones. The filter is a checked tree. Fewer than `eventsMax` where their payloads are large together.
 */
export async function tryRule(
  tx: ScopedTx,
  rule: SubscriptionRule & { readonly filter: Filter | null },
  eventsMax: number,
): Promise<TriedEvent[]> {
  const events = await tx.sql<Omit<PendingEvent, 'kind'>>(
    `with newest as (
       select id, occurred_at, payload_bytes
       from plinth.events
       where organization_id = $1
       order by id desc
       limit $2
     ), measured as (
       select id, occurred_at, sum(payload_bytes) over (order by id desc) - payload_bytes as bytes_before from newest
     )
     select e.id, e.occurred_at, e.source, e.type, e.category, e.priority, e.title, e.payload, e.project_id, e.repository_id,
       e.repository_full_name, e.branch, e.commit_sha, e.actor
     from measured m
     join plinth.events e on e.organization_id = $1 and e.id = m.id and e.occurred_at = m.occurred_at
     where m.bytes_before < $3
     order by e.id desc`,
    [tx.organizationId, eventsMax, tried_bytes_max],
  );
  return events.map((event) => {
    const { id, occurred_at, source, type, category, title } = event;
    const document = documentOf({ ...event, kind: null });
    const matches = matchesSubscription(rule, document);
    const fails = matches ? null : failingPart(rule, document);
    const reasons = fails === 'filter' && rule.filter !== null ? explainFilter(rule.filter, document) : [];
    return { id, occurred_at, source, type, category, title, matches, fails, reasons };
  });
}

/** Asks the evaluator part by part, in its order. */
function failingPart(rule: SubscriptionRule, event: ReturnType<typeof documentOf>): TriedEvent['fails'] {
  const { sources = null, categories = null, names = null } = rule;
  if (!matchesSubscription({ sources }, event)) return 'sources';
  if (!matchesSubscription({ categories }, event)) return 'categories';
  return matchesSubscription({ names }, event) ? 'filter' : 'names';
}
