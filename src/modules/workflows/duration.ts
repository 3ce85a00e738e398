const duration = /^(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h|d|w)$/;
const seconds_of_unit = { ms: 0.001, s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
/** Ten years. */
export const duration_seconds_max = 315_360_000;

/** A length of time: seconds, or a number with a unit (ms, s, m, h, d, w), as in '90s' or '2d'. */
export type Duration = number | string;

/** The seconds of a duration. Throws a RangeError where it is none, or longer than ten years. */
export function secondsOf(given: Duration): number {
  const parts = typeof given === 'string' ? duration.exec(given.trim()) : undefined;
  const seconds = parts ? Number(parts[1]) * seconds_of_unit[parts[2] as keyof typeof seconds_of_unit] : given;
  if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= duration_seconds_max)) {
    throw new RangeError(`${JSON.stringify(given)} is no duration: seconds, or text such as 90s, 15m, 2h or 3d`);
  }
  return seconds;
}
