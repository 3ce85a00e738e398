/** A release as in semantic versioning: "1.4.0", "0.1.0-dev". Build metadata is ignored. */
const RELEASE = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/**
 * Negative when `a` is older than `b`, 0 when neither is. A pre-release is older than its release; two of them compare
 * by their parts, numbers as numbers (semver.org, item 11). Throws RangeError for anything else than a version.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (let i = 0; i < 3; i++) {
    const difference = left.numbers[i]! - right.numbers[i]!;
    if (difference !== 0) return difference;
  }
  if (left.pre === undefined || right.pre === undefined) {
    return left.pre === right.pre ? 0 : left.pre === undefined ? 1 : -1;
  }
  for (let i = 0; i < Math.max(left.pre.length, right.pre.length); i++) {
    const [x, y] = [left.pre[i], right.pre[i]];
    if (x === y) continue;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    const [xIsNumber, yIsNumber] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (xIsNumber && yIsNumber) return Number(x) - Number(y);
    if (xIsNumber !== yIsNumber) return xIsNumber ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}

function parse(version: string): { numbers: number[]; pre: string[] | undefined } {
  const match = RELEASE.exec(version);
  if (!match) throw new RangeError(`${JSON.stringify(version)} is not a version such as 1.4.0`);
  return { numbers: [match[1], match[2], match[3]].map(Number), pre: match[4]?.split('.') };
}
