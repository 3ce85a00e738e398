/** Random numbers from a seed, so that a failure can be run again (mulberry32, Tommy Ettinger, public domain). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** PLINTH_SEED, else one of the clock; printed, so that it can be given again. */
export function printedSeed(what: string): number {
  const seed = Number(process.env['PLINTH_SEED'] ?? Date.now() % 1_000_000_007);
  process.stdout.write(`${what}: PLINTH_SEED=${seed}\n`);
  return seed;
}
