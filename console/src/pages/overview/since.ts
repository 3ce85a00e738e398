const minute_ms = 60_000;
const day_minutes = 1_440;

/** So many minutes ago, to the minute: within one the same question is asked of the server only once. */
export function minutesAgo(minutes: number, now = Date.now()): string {
  return new Date(Math.floor(now / minute_ms - minutes) * minute_ms).toISOString();
}

export function dayAgo(): string {
  return minutesAgo(day_minutes);
}
