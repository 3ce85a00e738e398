/** Milliseconds as people say them, in two units at most: "340 ms", "4.2 s", "3 min 5 s", "2 h", "5 d 3 h". */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  const whole = Math.max(0, ms);
  if (whole < 1_000) return `${Math.round(whole)} ms`;
  if (whole < 60_000) return `${(whole / 1_000).toFixed(whole < 10_000 ? 1 : 0)} s`;
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ];
  const first = units.findIndex(([, size]) => whole >= size);
  const [unit, size] = units[first] ?? (['s', 1_000] as const);
  const count = Math.floor(whole / size);
  const next = units[first + 1];
  const rest = next ? Math.floor((whole - count * size) / next[1]) : 0;
  return `${count} ${unit}${next && rest > 0 ? ` ${rest} ${next[0]}` : ''}`;
}

/** From one time to another, or until now; undefined where it has not begun. */
export function between(from: string | null, to: string | null, now = Date.now()): string | undefined {
  if (from === null) return undefined;
  return durationText((to === null ? now : Date.parse(to)) - Date.parse(from));
}
