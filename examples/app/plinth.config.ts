import { definePlinth } from 'plinth';
import { invoiceErrors } from './modules/invoices/errors.ts';
import { hasOverdueInvoices } from './modules/invoices/invoices.ts';
import { invoicesModule } from './modules/invoices/module.ts';

export default definePlinth({
  // no code is analysed here: its routes, worker and tables are not there
  modules: { invoices: invoicesModule, analysis: false },
  settings: { invoices: { payment_days: 30 } },
  // the simplest task: a handler, no module
  tasks: {
    'greet.client': (payload) => ({ text: `Dear ${(payload as { name?: string }).name ?? 'client'}` }),
  },
  hooks: {
    // a new project waits until what is overdue is paid
    'projects.create': {
      async before({ tx }, project) {
        if (await hasOverdueInvoices(tx)) throw invoiceErrors.invoices_overdue();
        return { ...project, description: project.description || 'Billed monthly.' };
      },
    },
  },
});
