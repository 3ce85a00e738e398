/** What other parts and modules may use of prices. */
export { divideRounded, formatUsd, parseUsd } from './money.ts';
export { forgetPrices, type Price, type PriceBook, priceBook } from './price-book.ts';
export { seedModelPrices } from './seed.ts';
export { usageOf, type Wire, wires } from './usage-of.ts';
