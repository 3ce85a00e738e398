import { errors } from '../../platform/core/errors.ts';
import type { Hook } from '../../platform/hooks.ts';
import type { Platform } from '../../platform/platform.ts';
import type { ScopedTx } from '../../platform/scope/door.ts';
import { documentOf, type NotificationStep, type NotificationTarget } from '../events/index.ts';
import { notificationLimits } from './limits.ts';
import { fillTemplate, templateProblem } from './template.ts';

const items_per_statement_max = 200;

/** In the transaction that marks the events as matched: after a crash there is both or neither. */
export const notifyHook: Hook<readonly NotificationStep[], undefined> = {
  before: ({ platform, tx }, steps) => notify(platform, tx, steps),
};

/** Refuses templates that name no field of an event, and a person who is no member. */
export const checkNotificationHook: Hook<NotificationTarget, undefined> = {
  async before({ tx }, { title, body, to }) {
    for (const [field, template] of [
      ['title', title],
      ['body', body ?? ''],
    ] as const) {
      const problem = templateProblem(template);
      if (problem !== undefined) throw errors.invalid_request({ field: `body/target/${field}`, detail: problem });
    }
    if (!('user_id' in to)) return;
    const rows = await tx.sql(
      `select 1 from plinth.organization_memberships where organization_id = $1 and user_id = $2 and role <> 'service'`,
      [tx.organizationId, to.user_id],
    );
    if (rows.length === 0) {
      throw errors.invalid_request({ field: 'body/target/to/user_id', detail: 'no member of this organization' });
    }
  },
};

async function notify(platform: Platform, tx: ScopedTx, steps: readonly NotificationStep[]): Promise<void> {
  const items = steps.map(({ event, subscription, target }, position) => {
    const document = documentOf(event);
    const fill = (template: string, charsMax: number) => fillTemplate(template, event, document, charsMax);
    return {
      position,
      subscription_id: subscription.id,
      event_id: event.id,
      event_occurred_at: event.occurred_at,
      event_type: event.type,
      // of an event that has nothing where the template looks
      title: fill(target.title, notificationLimits.title_chars) || fill('{{type}}', notificationLimits.title_chars),
      body: target.body === undefined ? null : fill(target.body, notificationLimits.body_chars) || null,
      ...target.to,
    };
  });
  const at = platform.clock.now();
  for (let from = 0; from < items.length; from += items_per_statement_max) {
    await tx.sql('select plinth.make_notifications($1, $2::jsonb, $3, $4)', [
      tx.organizationId,
      JSON.stringify(items.slice(from, from + items_per_statement_max)),
      at,
      notificationLimits.members_max,
    ]);
  }
}
