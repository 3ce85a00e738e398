/**
 * Whether a regular expression of a tenant may run: patterns that can take exponential time are refused by their shape.
 * What is left (a few repetitions side by side) is polynomial, and bounded by the clock of the check.
 */

export const pattern_chars_max = 200;
const repetitions_max = 1_000;

interface Group {
  /** Whether something inside is repeated. */
  repeats: boolean;
  /** How each alternative so far begins: one character, or undefined for anything else. */
  readonly starts: (string | undefined)[];
  /** Whether the current alternative has begun. */
  begun: boolean;
}

/** What is wrong with a pattern; undefined: it may run. */
export function patternProblem(pattern: string): string | undefined {
  if ([...pattern].length > pattern_chars_max) return `is longer than ${pattern_chars_max} characters`;
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'is not a regular expression';
  }
  return shapeProblem([...pattern]);
}

function shapeProblem(chars: readonly string[]): string | undefined {
  const groups: Group[] = [{ repeats: false, starts: [], begun: false }];
  let closed: Group | undefined;
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at]!;
    const group = groups.at(-1)!;
    const quantifier = quantifierAt(chars, at);
    if (quantifier) {
      if (quantifier.most > repetitions_max && quantifier.most !== Number.POSITIVE_INFINITY) {
        return `repeats more than ${repetitions_max} times`;
      }
      if (quantifier.most > 1) {
        const problem = closed && repeatedProblem(closed);
        if (problem) return problem;
        group.repeats = true;
      }
      at += quantifier.length - 1;
      closed = undefined;
      continue;
    }
    closed = undefined;
    if (char === '(') {
      const kind = chars.slice(at + 1, at + 4).join('');
      if (/^\?(?:=|!|<=|<!)/.test(kind)) return 'looks ahead or behind, which is not allowed';
      begin(group, undefined);
      groups.push({ repeats: false, starts: [], begun: false });
      if (kind.startsWith('?')) at = kind.startsWith('?:') ? at + 2 : chars.indexOf('>', at);
    } else if (char === ')') {
      closed = groups.pop()!;
      groups.at(-1)!.repeats ||= closed.repeats;
    } else if (char === '|') {
      if (!group.begun) group.starts.push(undefined);
      group.begun = false;
    } else if (char === '[') {
      begin(group, undefined);
      at = classEnd(chars, at);
    } else if (char === '\\') {
      const next = chars[at + 1] ?? '';
      if (/[1-9k]/.test(next)) return 'refers back, which is not allowed';
      begin(group, /[a-z0-9]/i.test(next) ? undefined : next);
      at++;
    } else begin(group, char === '.' || char === '^' || char === '$' ? undefined : char);
  }
  return undefined;
}

function begin(group: Group, start: string | undefined): void {
  if (!group.begun) group.starts.push(start);
  group.begun = true;
}

function repeatedProblem(group: Group): string | undefined {
  if (group.repeats) return 'repeats what repeats itself, which can take exponential time';
  const { starts } = group;
  if (starts.length > 1 && (starts.includes(undefined) || new Set(starts).size < starts.length)) {
    return 'repeats alternatives that can begin alike, which can take exponential time';
  }
  return undefined;
}

function quantifierAt(chars: readonly string[], at: number): { length: number; most: number } | undefined {
  const char = chars[at];
  const lazy = (length: number) => (chars[at + length] === '?' ? length + 1 : length);
  if (char === '*' || char === '+') return { length: lazy(1), most: Number.POSITIVE_INFINITY };
  if (char === '?') return { length: lazy(1), most: 1 };
  const counted = char === '{' && /^\{(\d+)(,(\d*))?\}/.exec(chars.slice(at, at + 24).join(''));
  if (!counted) return undefined;
  const most =
    counted[2] === undefined ? Number(counted[1]) : counted[3] ? Number(counted[3]) : Number.POSITIVE_INFINITY;
  return { length: lazy(counted[0].length), most };
}

function classEnd(chars: readonly string[], from: number): number {
  let at = from + 1;
  while (at < chars.length && chars[at] !== ']') at += chars[at] === '\\' ? 2 : 1;
  return at;
}
