import { type Actor, Id, IdParams, Line, Nullable, type Platform, type RouteRegistrar, settingsOf, Type } from 'plinth';
import { createInvoice, listInvoices, sendInvoice } from './invoices.ts';
import { InvoiceSettings } from './settings.ts';

const closed = { additionalProperties: false } as const;

const InvoiceAnswer = Type.Object(
  {
    id: Id,
    client: Type.String(),
    currency: Type.String(),
    status: Type.String(),
    due_on: Nullable(Type.String()),
    net_cents: Type.String(),
    gross_cents: Type.String(),
  },
  closed,
);

const Item = Type.Object({ text: Line(500), cents: Type.Integer({ minimum: 1, maximum: 100_000_000_000 }) }, closed);

export function invoiceRoutes(routes: RouteRegistrar, platform: Platform): void {
  const settings = settingsOf(platform, 'invoices', InvoiceSettings);
  routes.add({
    method: 'GET',
    url: '/v1/invoices',
    summary: 'The newest hundred invoices',
    tag: 'invoices',
    permission: 'invoices:read',
    response: Type.Object({ data: Type.Array(InvoiceAnswer) }, closed),
    mode: 'read',
    run: async (tx) => ({ data: await listInvoices(tx) }),
  });
  routes.add({
    method: 'POST',
    url: '/v1/invoices',
    summary: 'Write an invoice',
    tag: 'invoices',
    permission: 'invoices:write',
    status: 201,
    body: Type.Object(
      {
        client: Line(200),
        country: Type.String({ pattern: '^[A-Z]{2}$' }),
        items: Type.Array(Item, { minItems: 1, maxItems: 100 }),
      },
      closed,
    ),
    response: InvoiceAnswer,
    mode: 'write',
    run: (tx, { body }) => createInvoice(tx, body, settings.currency),
  });
  routes.add({
    method: 'POST',
    url: '/v1/invoices/:id/send',
    summary: 'Send a draft',
    tag: 'invoices',
    permission: 'invoices:write',
    params: IdParams,
    response: InvoiceAnswer,
    mode: 'write',
    run: (tx, { actor, params }) => sendInvoice(platform, tx, actor as Actor, params.id, settings.payment_days),
  });
}
