/**
 * Money as whole numbers: 1e-12 USD each ("picos"). A price of up to six decimals a million tokens times whole tokens is
 * exact in it, and sums of any length stay so.
 */

const decimals = 12;
const one = 10n ** BigInt(decimals);
const decimal = /^(\d{1,18})(?:\.(\d{1,12}))?$/;

/** "0.002875" to 2875000000n; undefined for what is no decimal of at most 18 and 12 digits. */
export function parseUsd(text: string): bigint | undefined {
  const parts = decimal.exec(text);
  if (!parts) return undefined;
  return BigInt(parts[1]!) * one + BigInt((parts[2] ?? '').padEnd(decimals, '0'));
}

/** The shortest spelling: 2875000000n to "0.002875". */
export function formatUsd(picos: bigint): string {
  const sign = picos < 0n ? '-' : '';
  const digits = (picos < 0n ? -picos : picos).toString().padStart(decimals + 1, '0');
  const fraction = digits.slice(-decimals).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -decimals)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A quotient of whole numbers, rounded to the nearest; halves go up. The divisor is positive. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const doubled = 2n * dividend + divisor;
  const quotient = doubled / (2n * divisor);
  return doubled < 0n && quotient * 2n * divisor !== doubled ? quotient - 1n : quotient;
}

/** A float of the price source as the decimal that was meant: 0.18000000000000002 to "0.18". */
export function decimalOf(price: number): string {
  return formatUsd(parseUsd(price.toFixed(decimals)) ?? 0n);
}
