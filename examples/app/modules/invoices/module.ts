import { type Access, defineModule } from 'plinth';
import { remind, sendPoint } from './invoices.ts';
import { invoiceRoutes } from './routes.ts';
import { InvoiceSettings } from './settings.ts';

const everybody: Access = { owner: 'any', admin: 'any', member: 'any', viewer: 'any', service: 'any' };
const writers: Access = { owner: 'any', admin: 'any', member: 'any' };
const taxRates = { AT: 20, DE: 19, FR: 20, US: 0 };

export const invoicesModule = defineModule({
  name: 'invoices',
  description: 'Invoices that remind their clients.',
  dependsOn: ['tenancy', 'tasks'],
  migrations: new URL('./migrations/', import.meta.url),
  tables: {
    invoices: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      ownerColumn: 'created_by',
      // written at /v1, where sending and reminding go with it
      rest: { select: everybody, delete: { owner: 'any', admin: 'any', member: 'own' } },
    },
    invoice_items: {
      visibility: 'tenant',
      audit: 'row',
      requestVerbs: ['select', 'insert'],
      rest: { select: everybody },
    },
    // whoever writes a note sees it, those it is shared with, and the admins: the database's policies say so
    invoice_notes: {
      visibility: 'private',
      audit: 'row',
      requestVerbs: ['select', 'insert', 'update', 'delete'],
      rest: { select: everybody, insert: writers, update: writers, delete: writers },
    },
    invoice_tax_rates: {
      visibility: 'catalogue',
      audit: 'action',
      requestVerbs: ['select'],
      rest: { select: everybody },
    },
  },
  functions: { 'seed_invoice_tax_rates(jsonb)': { security: 'definer', callers: ['worker'] } },
  permissions: {
    'invoices:read': { description: 'See invoices', roles: ['owner', 'admin', 'member', 'viewer', 'service'] },
    'invoices:write': { description: 'Write and send invoices', roles: ['owner', 'admin', 'member', 'service'] },
  },
  settings: InvoiceSettings,
  hookPoints: [sendPoint],
  routes: invoiceRoutes,
  tasks: {
    'invoices.remind': {
      description: 'Reminds a client who has not paid',
      // a handler runs outside any transaction, at least once; a real one sends its mail with context.idempotencyKey
      async run({ organizationId, platform }, payload) {
        const { id } = payload as { id: string };
        const reminder = await platform.door.write({ as: 'app', organizationId, memberRole: 'service' }, (tx) =>
          remind(tx, id),
        );
        return reminder ?? { outcome: 'paid' };
      },
    },
  },
  async seed({ door }) {
    await door.write({ as: 'worker' }, (tx) =>
      tx.sql('select plinth.seed_invoice_tax_rates($1)', [JSON.stringify(taxRates)]),
    );
  },
});
