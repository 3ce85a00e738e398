import { defineHookPoint } from '../../platform/hooks.ts';
import type { PendingEvent } from './matching.ts';
import type { NotificationTarget, SubscriptionRow, WebhookTarget } from './subscriptions.ts';

/** An event that a subscription with the action `webhook` wants. */
export interface WebhookStep extends WantedStep {
  readonly target: WebhookTarget;
}

/** An event that a subscription with the action `notification` wants. */
export interface NotificationStep extends WantedStep {
  readonly target: NotificationTarget;
}

/** An event and a subscription that wants it. */
export interface WantedStep {
  readonly event: PendingEvent;
  readonly subscription: SubscriptionRow;
}

/** Steps of subscriptions that act once for several events. */
export interface Collection {
  readonly steps: readonly WantedStep[];
  /** What is to be done at once: a batch that is full, as an event. Filled by the hook. */
  readonly ready: WantedStep[];
}

/** Where the modules that send webhooks and tell members come in; without them there are no such actions, and no batch. */
export const eventHooks = {
  /** In the transaction that marks the events as matched; the steps are in the order of their events. */
  deliver: defineHookPoint<readonly WebhookStep[], undefined>('events.deliver'),
  /** In the same transaction, before anything else is carried out. */
  collect: defineHookPoint<Collection, undefined>('events.collect'),
  /** A subscription with the action `webhook` is written: throws for a target that is not there. */
  checkTarget: defineHookPoint<WebhookTarget, undefined>('events.check_target'),
  /** As `deliver`, for the action `notification`. */
  notify: defineHookPoint<readonly NotificationStep[], undefined>('events.notify'),
  /** As `checkTarget`, for the action `notification`. */
  checkNotification: defineHookPoint<NotificationTarget, undefined>('events.check_notification'),
};
