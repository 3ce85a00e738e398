/** For error messages: what was probably meant. */

/** Longer ones are no slip of a finger, and cost their length squared. */
const wanted_chars_max = 128;

/** The name among `known` that is closest to `wanted`, if one is close: at most a third of it differs. */
export function nearestName(wanted: string, known: Iterable<string>): string | undefined {
  if (wanted.length > wanted_chars_max) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

/** Edits (a letter more, less, other, or two swapped) that turn one into the other, or `ceiling` when it is at least that. */
function editDistance(a: string, b: string, ceiling: number): number {
  if (Math.abs(a.length - b.length) >= ceiling) return ceiling;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : ceiling;
      current.push(Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1, swapped));
    }
    before = previous;
    previous = current;
  }
  return Math.min(previous[b.length]!, ceiling);
}
