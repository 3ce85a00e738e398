import { Type } from 'plinth';

/** Each has a default; plinth.config.ts says otherwise. */
export const InvoiceSettings = Type.Object({
  currency: Type.String({ default: 'EUR', pattern: '^[A-Z]{3}$' }),
  payment_days: Type.Integer({ default: 14, minimum: 1, maximum: 365 }),
});
