/** Digits, upper case, lower case: the order GitHub's token checksums use, so that their published example holds. */
export const BASE62_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const VALUES = new Map([...BASE62_ALPHABET].map((character, value) => [character, BigInt(value)]));

/** A number as exactly `chars` base62 digits, zeros in front. Throws RangeError when it needs more. */
export function base62FromInteger(value: bigint, chars: number): string {
  let text = '';
  let rest = value;
  for (let at = 0; at < chars; at++) {
    text = BASE62_ALPHABET[Number(rest % 62n)]! + text;
    rest /= 62n;
  }
  if (rest !== 0n || value < 0n) throw new RangeError(`the number does not fit ${chars} base62 digits`);
  return text;
}

/** The number `chars` base62 digits stand for; undefined for any other text. */
export function integerFromBase62(text: string): bigint | undefined {
  let value = 0n;
  for (const character of text) {
    const digit = VALUES.get(character);
    if (digit === undefined) return undefined;
    value = value * 62n + digit;
  }
  return value;
}

/** Bytes, as a big-endian number, in exactly `chars` digits. */
export function base62FromBytes(bytes: Uint8Array, chars: number): string {
  return base62FromInteger(BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`), chars);
}

/** The `length` bytes the digits stand for; undefined for other characters or a number too large for them. */
export function bytesFromBase62(text: string, length: number): Buffer | undefined {
  const value = integerFromBase62(text);
  if (value === undefined || value >> BigInt(length * 8) !== 0n) return undefined;
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}
