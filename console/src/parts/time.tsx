import { Tooltip } from '@mantine/core';

const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

/** How long ago, or how far ahead, in the largest unit that fits: "3 hours ago". */
export function ago(at: Date, now: Date = new Date()): string {
  const seconds = (at.getTime() - now.getTime()) / 1_000;
  const [unit, size] = units.find(([, one]) => Math.abs(seconds) >= one) ?? (['second', 1] as const);
  return relative.format(Math.trunc(seconds / size), unit);
}

/** A time as people say it; the exact one beside the pointer, and for machines. */
export function Time({ at, none = 'never' }: { at: string | null | undefined; none?: string }) {
  if (!at) return <>{none}</>;
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return <>{at}</>;
  return (
    <Tooltip label={absolute.format(date)} openDelay={300}>
      <time dateTime={at}>{ago(date)}</time>
    </Tooltip>
  );
}

/** A time to the second, in the reader's zone. */
export function ExactTime({ at }: { at: string }) {
  return <time dateTime={at}>{absolute.format(new Date(at))}</time>;
}
