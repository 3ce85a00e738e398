import { Badge } from '@mantine/core';

type Tone = 'good' | 'bad' | 'busy' | 'waiting' | 'off';

const colors: Record<Tone, string> = { good: 'green', bad: 'red', busy: 'blue', waiting: 'yellow', off: 'gray' };

/** The words for states the API uses; a word that is not here is grey. */
const tones: Readonly<Record<string, Tone>> = {
  ok: 'good',
  active: 'good',
  completed: 'good',
  processed: 'good',
  failed: 'bad',
  revoked: 'bad',
  error: 'bad',
  critical: 'bad',
  running: 'busy',
  processing: 'busy',
  retrying: 'waiting',
  pending: 'waiting',
  warning: 'waiting',
  expired: 'waiting',
  awaiting_approval: 'waiting',
  blocked: 'waiting',
  paused: 'off',
  cancelled: 'off',
  archived: 'off',
};

/** A state in its colour and in words: the colour alone says nothing to many. */
export function StatusBadge({ status, tone }: { status: string; tone?: Tone }) {
  return <Badge color={colors[tone ?? tones[status] ?? 'off']}>{status.replaceAll('_', ' ')}</Badge>;
}
