import type { Measurement } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { dead_letters_counted_max, deadLetters } from '../tasks/index.ts';

/** Deliveries that were given up: of all tenants, without a word about any. */
export async function deliveryMetrics({ door }: Platform): Promise<Measurement[]> {
  const [row] = await door.readOne<{ dead: string }>(
    { as: 'worker' },
    'select plinth.count_dead_event_deliveries($1) as dead',
    [dead_letters_counted_max],
    { pool: 'worker' },
  );
  return [deadLetters('delivery', Number(row?.dead ?? 0))];
}
