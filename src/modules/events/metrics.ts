import type { Measurement } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { dead_letters_counted_max, deadLetters } from '../tasks/index.ts';

/** Events whose matching was given up: of all tenants, without a word about any. */
export async function eventMetrics({ door }: Platform): Promise<Measurement[]> {
  const [row] = await door.readOne<{ dead: string }>(
    { as: 'worker' },
    'select plinth.count_failed_events($1) as dead',
    [dead_letters_counted_max],
    { pool: 'worker' },
  );
  return [deadLetters('event', Number(row?.dead ?? 0))];
}
