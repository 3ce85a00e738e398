import { uuidv7 } from '../../platform/core/ids.ts';
import type { Hook } from '../../platform/hooks.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import {
  documentOf,
  ingestEvents,
  nameMatches,
  newEvent,
  type PendingEvent,
  stringAtPlace,
  type WebhookStep,
  type WebhookTarget,
} from '../events/index.ts';
import type { EndpointRow } from './endpoints.ts';
import { deliveryErrors } from './errors.ts';

/** The channel, and the name of the loop, that new deliveries wake. */
export const deliveries_channel = 'deliveries';
/** What Plinth itself tells of: events of this source. */
export const own_source = 'plinth';
const all_in_order = '*';
const items_per_statement_max = 2_000;

type Receiver = Pick<EndpointRow, 'id' | 'customer' | 'names' | 'order_by'>;

/** One element of `plinth.make_event_deliveries`. */
interface NewDelivery {
  readonly id: string;
  readonly endpoint_id: string;
  readonly subscription_id: string | null;
  readonly event_id: string;
  readonly event_occurred_at: Date;
  readonly event_type: string;
  readonly customer: string | null;
  readonly is_test?: boolean;
  readonly ordering_key: string | null;
}

/** In the transaction that marks the events as matched: after a crash there is both or neither. */
export const deliverHook: Hook<readonly WebhookStep[], undefined> = {
  before: ({ platform, tx }, steps) => queueDeliveries(platform, tx, steps),
};

/** Refuses a subscription to an endpoint that is not there. */
export const checkTargetHook: Hook<WebhookTarget, undefined> = {
  async before({ tx }, target) {
    if (!('endpoint_id' in target)) return;
    const rows = await tx.sql(
      'select 1 from plinth.event_endpoints where organization_id = $1 and id = $2 and deleted_at is null',
      [tx.organizationId, target.endpoint_id],
    );
    if (rows.length === 0) throw deliveryErrors.unknown_endpoint({ field: 'body/target/endpoint_id' });
  },
};

async function queueDeliveries(platform: Platform, tx: ScopedTx, steps: readonly WebhookStep[]): Promise<void> {
  const wanted = steps.map((step) => ({ ...step, customer: customerOf(step) }));
  const ids = new Set(wanted.flatMap(({ target }) => ('endpoint_id' in target ? [target.endpoint_id] : [])));
  const customers = new Set(wanted.flatMap(({ customer }) => customer ?? []));
  const receivers = await tx.sql<Receiver>(
    `select id, customer, names, order_by
     from plinth.event_endpoints
     where organization_id = $1
       and deleted_at is null
       and (id = any ($2) or customer = any ($3))
     order by id`,
    [tx.organizationId, [...ids], [...customers]],
  );
  const at = platform.clock.now();
  const items = wanted.flatMap(({ event, subscription, target, customer }) =>
    receivers
      .filter((one) =>
        'endpoint_id' in target
          ? one.id === target.endpoint_id
          : one.customer !== null && one.customer === customer && wants(one.names, event.type),
      )
      .map((one) => deliveryOf(event, one, subscription.id, at)),
  );
  await makeDeliveries(platform, tx, items, at);
}

function wants(names: readonly string[], type: string): boolean {
  return names.length === 0 || names.some((pattern) => nameMatches(pattern, type));
}

function customerOf({ event, target }: WebhookStep): string | undefined {
  return 'customer_from' in target ? stringAtPlace(documentOf(event), target.customer_from) : undefined;
}

function deliveryOf(event: PendingEvent, receiver: Receiver, subscriptionId: string, at: Date): NewDelivery {
  const { order_by } = receiver;
  const key =
    order_by === null ? undefined : order_by === all_in_order ? '*' : stringAtPlace(documentOf(event), order_by);
  return {
    id: uuidv7(at),
    endpoint_id: receiver.id,
    subscription_id: subscriptionId,
    event_id: event.id,
    event_occurred_at: event.occurred_at,
    event_type: event.type,
    customer: receiver.customer,
    ordering_key: key ?? null,
  };
}

async function makeDeliveries(
  platform: Platform,
  tx: ScopedTx,
  items: readonly NewDelivery[],
  at: Date,
): Promise<void> {
  for (let from = 0; from < items.length; from += items_per_statement_max) {
    const some = JSON.stringify(items.slice(from, from + items_per_statement_max));
    await tx.sql('select plinth.make_event_deliveries($1, $2::jsonb, $3)', [tx.organizationId, some, at]);
  }
  if (items.length > 0) tx.afterCommit(() => platform.wakeups.wake(deliveries_channel));
}

/** Stores an event that Plinth tells of itself; subscriptions are matched with it as with others. */
export async function tellOf(
  platform: Platform,
  tx: ScopedTx,
  type: string,
  payload: Readonly<Record<string, unknown>>,
): Promise<{ id: string; occurredAt: Date }> {
  const event = newEvent({ keys: [], type }, JSON.stringify(payload), null, platform.clock.now());
  await ingestEvents(platform, tx, { sourceId: null, scheme: own_source }, [event]);
  return event;
}

/** Stores an event of our own that no subscription is matched with. */
export async function storeProcessed(
  platform: Platform,
  tx: ScopedTx,
  type: string,
  payloadText: string,
  title: string | null,
): Promise<{ id: string; occurredAt: Date }> {
  const event = newEvent({ keys: [], type, title }, payloadText, null, platform.clock.now());
  await ingestEvents(platform, tx, { sourceId: null, scheme: own_source }, [event]);
  const { id, occurredAt } = event;
  await tx.sql('select plinth.finish_events($1, $2::jsonb)', [
    tx.organizationId,
    JSON.stringify([{ id, occurred_at: occurredAt, status: 'processed' }]),
  ]);
  return { id, occurredAt };
}

/** Sends an endpoint an event made up for it, which no subscription is matched with. Throws `endpoint_disabled`. */
export async function sendTestEvent(
  platform: Platform,
  tx: ScopedTx,
  endpoint: EndpointRow,
): Promise<{ delivery_id: string; event_id: string }> {
  if (!endpoint.is_active) throw deliveryErrors.endpoint_disabled();
  const at = platform.clock.now();
  const type = 'plinth.endpoint.test';
  const payload = JSON.stringify({ endpoint_id: endpoint.id, message: 'This is a test.' });
  const event = await storeProcessed(platform, tx, type, payload, null);
  const item: NewDelivery = {
    id: uuidv7(at),
    endpoint_id: endpoint.id,
    subscription_id: null,
    event_id: event.id,
    event_occurred_at: event.occurredAt,
    event_type: type,
    customer: endpoint.customer,
    is_test: true,
    ordering_key: null,
  };
  await makeDeliveries(platform, tx, [item], at);
  return { delivery_id: item.id, event_id: event.id };
}
