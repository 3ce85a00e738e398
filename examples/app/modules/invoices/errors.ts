import { defineErrors } from 'plinth';

export const invoiceErrors = defineErrors({
  invoices_overdue: {
    status: 409,
    title: 'Invoices are overdue',
    hint: 'See /rest/v1/invoices?status=eq.sent for what is owed.',
  },
  invoice_not_draft: { status: 409, title: 'The invoice was sent already', hint: 'Only drafts are sent.' },
});
