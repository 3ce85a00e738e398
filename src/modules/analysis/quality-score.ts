import type { Severity } from './issues.ts';

/** Minutes it takes to write one line of code: SonarQube's default for the cost of development. */
export const developmentMinutesPerLine = 30;

/** SonarQube's maintainability rating: the debt ratio up to which each letter is given; above the last it is E. */
export const ratingLimits = [
  { rating: 'A', ratio: 0.05 },
  { rating: 'B', ratio: 0.1 },
  { rating: 'C', ratio: 0.2 },
  { rating: 'D', ratio: 0.5 },
] as const;
export type Rating = (typeof ratingLimits)[number]['rating'] | 'E';

/** Corners of the line from debt ratio to score; each rating owns the stretch between two. */
const scoreCorners = [
  { ratio: 0, score: 100 },
  { ratio: 0.05, score: 90 },
  { ratio: 0.1, score: 80 },
  { ratio: 0.2, score: 60 },
  { ratio: 0.5, score: 30 },
  { ratio: 1, score: 0 },
] as const;

/** The formula as text, for documentation and for the answer that shows a score. */
export const qualityScoreFormula = [
  `debt = the sum of the remediation minutes of all issues`,
  `cost = ${developmentMinutesPerLine} minutes x code lines of the files that were analysed`,
  `ratio = debt / cost`,
  `rating: ${ratingLimits.map(({ rating, ratio }) => `${rating} up to ${ratio}`).join(', ')}, E above`,
  `score: straight lines through (ratio, score) = ${scoreCorners.map(({ ratio, score }) => `(${ratio}, ${score})`).join(' ')}, then 0; rounded down to 0.01`,
  `no code lines: no ratio, no rating, no score`,
].join('\n');

export const qualityScoreDefinition = { definition: 'plinth-debt-ratio', version: '1' } as const;

export interface QualityInput {
  readonly codeLines: number;
  readonly debtMinutes: number;
}

export interface QualityScore {
  /** 0 to 100 with two decimals, or null when there is no code. */
  readonly score: number | null;
  readonly rating: Rating | null;
  readonly debtMinutes: number;
  /** debt / (30 minutes x code lines), or null when there is no code. */
  readonly debtRatio: number | null;
}

/**
 * The score of a repository, of a directory or of a file, by `qualityScoreFormula`. The ratio and its letters are
 * SonarQube's; more debt never raises the score, and more code with the same debt never lowers it.
 */
export function qualityScore(input: QualityInput): QualityScore {
  const { codeLines, debtMinutes } = input;
  if (codeLines <= 0) return { score: null, rating: null, debtMinutes, debtRatio: null };
  const debtRatio = debtMinutes / (developmentMinutesPerLine * codeLines);
  return { score: scoreOf(debtRatio), rating: ratingOf(debtRatio), debtMinutes, debtRatio };
}

function ratingOf(ratio: number): Rating {
  return ratingLimits.find((limit) => ratio <= limit.ratio)?.rating ?? 'E';
}

function scoreOf(ratio: number): number {
  for (let index = 1; index < scoreCorners.length; index++) {
    const from = scoreCorners[index - 1]!;
    const to = scoreCorners[index]!;
    if (ratio > to.ratio) continue;
    const exact = from.score + ((ratio - from.ratio) / (to.ratio - from.ratio)) * (to.score - from.score);
    // The tolerance keeps a corner at its own score: 0.1 is not exact in binary.
    return Math.max(0, Math.floor(exact * 100 + 1e-7) / 100);
  }
  return 0;
}

/** Issues by severity, from none to many, for summaries. */
export function emptySeverityCounts(): Record<Severity, number> {
  return { info: 0, minor: 0, major: 0, critical: 0, blocker: 0 };
}
