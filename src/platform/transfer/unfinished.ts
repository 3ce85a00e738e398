import { errors } from '../core/errors.ts';
import type { Engine } from '../db/engine.ts';
import { master_key_setting } from '../keyring.ts';
import type { Door } from '../scope/door.ts';
import { transferErrors } from './errors.ts';
import { begin, transferProblem } from './session.ts';
import { readSetting, transfer_setting } from './shape.ts';
import { connect, release } from './source.ts';

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

/**
 * The fingerprint of the master key that a database belongs to, read as its owner; undefined before its first start.
 * Throws `schema_behind` where there is no schema yet, and `transfer_unfinished`.
 */
export async function readMasterKeyAsOwner(engine: Engine, prefix: string): Promise<string | undefined> {
  const client = await connect(engine);
  try {
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('plinth.system_settings') is not null as there`,
    );
    if (!rows[0]!.there) throw errors.schema_behind({ detail: `${engine.description} has no schema plinth` });
    await begin(client, prefix, 'snapshot');
    if ((await readSetting(client, transfer_setting)) !== undefined) throw transferErrors.transfer_unfinished();
    return await readSetting<string>(client, master_key_setting);
  } catch (error) {
    throw transferProblem(error);
  } finally {
    await release(client);
  }
}
