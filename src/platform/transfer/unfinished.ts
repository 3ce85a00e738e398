import type { Door } from '../scope/door.ts';
import { transferErrors } from './errors.ts';
import { transfer_setting } from './shape.ts';

/** Throws `transfer_unfinished` for a database into which a copy or restore has begun and not ended: nothing may serve it. */
export async function refuseUnfinished(door: Door): Promise<void> {
  const [row] = await door.readOne<{ unfinished: boolean }>(
    { as: 'worker', memberRole: 'service' },
    'select plinth.get_system_setting($1) is not null as unfinished',
    [transfer_setting],
    { pool: 'worker' },
  );
  if (row?.unfinished) throw transferErrors.transfer_unfinished();
}
