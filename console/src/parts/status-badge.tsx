import { Badge } from '@mantine/core';

type Tone = 'good' | 'bad' | 'busy' | 'waiting' | 'off';

const colors: Record<Tone, string> = { good: 'green', bad: 'red', busy: 'blue', waiting: 'yellow', off: 'gray' };

/** The words for states the API uses; a word that is not here is grey. */
const tones: Readonly<Record<string, Tone>> = {
  ok: 'good',
  active: 'good',
  completed: 'good',
  processed: 'good',
  approved: 'good',
  approve: 'good',
  enqueued: 'good',
  delivered: 'good',
  failed: 'bad',
  dead: 'bad',
  rejected: 'bad',
  reject: 'bad',
  'no worker': 'bad',
  revoked: 'bad',
  error: 'bad',
  critical: 'bad',
  running: 'busy',
  processing: 'busy',
  sending: 'busy',
  retrying: 'waiting',
  pending: 'waiting',
  waiting: 'waiting',
  timed_out: 'waiting',
  warning: 'waiting',
  expired: 'waiting',
  blocked: 'waiting',
  paused: 'off',
  cancelled: 'off',
  archived: 'off',
};

/** The colour of a state, by its name in the library. */
export const colorOf = (status: string): string => colors[tones[status] ?? 'off'];

/** A state in its colour and in words: the colour alone says nothing to many. */
export function StatusBadge({ status, tone }: { status: string; tone?: Tone }) {
  return <Badge color={tone ? colors[tone] : colorOf(status)}>{status.replaceAll('_', ' ')}</Badge>;
}
