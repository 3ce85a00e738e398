/**
 * Numbers that a seed repeats (mulberry32, public domain, Tommy Ettinger). Not for anything that must be unguessable.
 */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** An integer from 0 to below `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  /** A word of lower-case letters that no other word of this run is likely to equal. */
  word(letters: number): string {
    return Array.from({ length: letters }, () => 'bcdfghjkmnpqrstvwxz'[this.below(19)]).join('');
  }

  /** A version 7 UUID minted from a time. */
  uuid(at: Date): string {
    const digits = (count: number) => Array.from({ length: count }, () => this.below(16).toString(16)).join('');
    const time = at.getTime().toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${digits(3)}-${'89ab'[this.below(4)]}${digits(3)}-${digits(12)}`;
  }

  /** At most `count` elements, chosen without repetition, in their order. */
  sample<T>(values: readonly T[], count: number): T[] {
    const left = [...values.keys()];
    while (left.length > count) left.splice(this.below(left.length), 1);
    return left.map((index) => values[index] as T);
  }
}
