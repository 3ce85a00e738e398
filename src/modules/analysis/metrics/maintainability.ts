/**
 * Maintainability index, variant radon (radon.metrics.mi_compute): 0 to 100, higher is better.
 * `lines` are logical lines, `commentPercent` comment lines per 100 source lines. Without volume or lines: 100.
 */
export function maintainabilityRadon(
  volume: number,
  complexity: number,
  lines: number,
  commentPercent: number,
): number {
  if (volume <= 0 || lines <= 0) return 100;
  const comments = Math.sqrt(2.46 * ((commentPercent * Math.PI) / 180));
  const index = 171 - 5.2 * Math.log(volume) - 0.23 * complexity - 16.2 * Math.log(lines) + 50 * Math.sin(comments);
  return clampPercent(index);
}

/** Maintainability index, variant visual-studio: the original of Oman and Hagemeister without comments, as 0 to 100. */
export function maintainabilityVisualStudio(volume: number, complexity: number, lines: number): number {
  if (volume <= 0 || lines <= 0) return 100;
  return clampPercent(171 - 5.2 * Math.log(volume) - 0.23 * complexity - 16.2 * Math.log(lines));
}

function clampPercent(index: number): number {
  return Math.min(Math.max(0, (index * 100) / 171), 100);
}
