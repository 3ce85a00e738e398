import { Type } from 'typebox';

/** Money in JSON: US dollars as an exact decimal, never a float. */
export const Dollars = Type.String({
  pattern: '^[0-9]{1,10}([.][0-9]{1,12})?$',
  description: 'US dollars as a decimal: "1.00".',
});

const amount = /^[0-9]{1,18}([.][0-9]{1,18})?$/;

/** Throws `RangeError` for what is no amount: it would be a mistake of ours, and must not be counted. */
export function assertAmounts({ tokens, cost }: { readonly tokens: number; readonly cost: string | null }): void {
  if (!Number.isSafeInteger(tokens) || tokens < 0) throw new RangeError(`not a number of tokens: ${tokens}`);
  if (cost !== null && !amount.test(cost)) throw new RangeError(`not an amount of money: ${cost}`);
}

/** "$0.30", "$0.002875": no more digits than it has, but cents. */
export function dollars(text: string): string {
  const [whole, fraction = ''] = text.split('.');
  return `$${whole}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`;
}
