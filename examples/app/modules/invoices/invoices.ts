import { type Actor, defineHookPoint, enqueueTasks, errors, type Platform, queryBuilder, type ScopedTx } from 'plinth';
import type { DB } from '../../plinth.types.ts';
import { invoiceErrors } from './errors.ts';

/** Builds queries with the types that `plinth types` wrote; they run in a `ScopedTx`. */
const db = queryBuilder<DB>();

export interface Invoice {
  readonly id: string;
  readonly client: string;
  readonly currency: string;
  readonly status: 'draft' | 'sent' | 'paid';
  readonly due_on: string | null;
  readonly net_cents: string;
  readonly gross_cents: string;
}

export interface NewInvoice {
  readonly client: string;
  readonly country: string;
  readonly items: readonly { readonly text: string; readonly cents: number }[];
}

/** Where others may look at an invoice before it goes out. */
export const sendPoint = defineHookPoint<{ readonly id: string }, Invoice>('invoices.send');

// int8 and numeric come as text: no digit is lost
const select = `select i.id, i.client, i.currency, i.status, i.due_on::text, t.net::text as net_cents,
    round(t.net * (1 + coalesce(r.percent, 0) / 100))::text as gross_cents
  from plinth.invoices i
  cross join lateral (
    select coalesce(sum(p.cents), 0) as net
    from plinth.invoice_items p
    where p.organization_id = i.organization_id and p.invoice_id = i.id) t
  left join plinth.invoice_tax_rates r on r.country = i.country
  where i.organization_id = $1`;

export function listInvoices(tx: ScopedTx): Promise<Invoice[]> {
  return tx.sql<Invoice>(`${select} order by i.id desc limit 100`, [tx.organizationId]);
}

export async function getInvoice(tx: ScopedTx, id: string): Promise<Invoice> {
  const [row] = await tx.sql<Invoice>(`${select} and i.id = $2`, [tx.organizationId, id]);
  if (!row) throw errors.not_found({ detail: 'no such invoice' });
  return row;
}

export async function createInvoice(tx: ScopedTx, input: NewInvoice, currency: string): Promise<Invoice> {
  const [row] = await tx.sql<{ id: string }>(
    'insert into plinth.invoices (organization_id, client, country, currency) values ($1, $2, $3, $4) returning id',
    [tx.organizationId, input.client, input.country, currency],
  );
  const { id } = row as { id: string };
  for (const item of input.items) {
    await tx.sql(
      'insert into plinth.invoice_items (organization_id, invoice_id, text, cents) values ($1, $2, $3, $4)',
      [tx.organizationId, id, item.text, item.cents],
    );
  }
  return getInvoice(tx, id);
}

/** Sends a draft: its state, and the task that will remind the client, commit together or not at all. */
export function sendInvoice(
  platform: Platform,
  tx: ScopedTx,
  actor: Actor,
  id: string,
  days: number,
): Promise<Invoice> {
  return tx.hooks.around(sendPoint, { tx, actor }, { id }, async () => {
    const dueAt = new Date(platform.clock.now().getTime() + days * 86_400_000);
    const [sent] = await tx.sql(
      `update plinth.invoices
       set status = 'sent', due_on = $3
       where organization_id = $1 and id = $2 and status = 'draft'
       returning id`,
      [tx.organizationId, id, dueAt.toISOString().slice(0, 10)],
    );
    const invoice = await getInvoice(tx, id);
    if (!sent) throw invoiceErrors.invoice_not_draft({ detail: `it is ${invoice.status}` });
    await enqueueTasks(platform, tx, [
      { task_type: 'invoices.remind', payload: { id }, scheduled_at: dueAt.toISOString(), idempotency_key: id },
    ]);
    return invoice;
  });
}

/** Counts a reminder of an invoice that is still not paid; undefined where it is. */
export async function remind(tx: ScopedTx, id: string): Promise<{ client: string; reminders: number } | undefined> {
  const [row] = await tx.sql<{ client: string; reminders: number }>(
    `update plinth.invoices
     set reminders = reminders + 1
     where organization_id = $1 and id = $2 and status = 'sent'
     returning client, reminders`,
    [tx.organizationId, id],
  );
  return row;
}

export async function hasOverdueInvoices(tx: ScopedTx): Promise<boolean> {
  const overdue = await tx.first(
    db
      .selectFrom('invoices')
      .select('id')
      .where('organization_id', '=', tx.organizationId)
      .where('status', '=', 'sent')
      .where('due_on', '<', new Date())
      .limit(1),
  );
  return overdue !== undefined;
}
