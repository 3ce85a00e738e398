import { beforeAll, describe, expect, it } from 'vitest';
import { describeEngines } from '../../tests/support/engines.ts';
import { generateMasterKeyText, type MasterKeyRing, parseMasterKey } from './core/crypto/index.ts';
import { uuidv7 } from './core/ids.ts';
import { type Keyring, openKeyring } from './keyring.ts';
import { type Door, makeDoor } from './scope/door.ts';

const newRing = (...previous: MasterKeyRing[]): MasterKeyRing => ({
  current: parseMasterKey(generateMasterKeyText()),
  previous: previous.map(({ current }) => current),
});

describeEngines('the keyring', (on) => {
  const ring = newRing();
  let door: Door;
  let keyring: Keyring;
  const place = (organizationId: string | null, rowId = 'row') => ({
    organizationId,
    table: 'event_sources',
    column: 'secret',
    rowId,
  });
  const keysOf = (organizationId: string) =>
    door.readOne<{ id: string }>({ as: 'worker' }, 'select id from plinth.get_encryption_keys($1)', [organizationId], {
      pool: 'worker',
    });

  beforeAll(async () => {
    door = makeDoor(on.engine);
    keyring = await openKeyring({ door, ring });
  });

  it('opens what it sealed, also in another process and after a restart', async () => {
    const organization = uuidv7();
    const sealed = await keyring.seal(place(organization), 'a secret, ü');
    expect(sealed).not.toContain('secret');
    const later = await openKeyring({ door, ring });
    expect((await later.open(place(organization), sealed)).toString()).toBe('a secret, ü');
    expect(await keysOf(organization)).toHaveLength(1);
  });

  it('seals for one place: another tenant, row or column does not open it', async () => {
    const [ours, theirs] = [uuidv7(), uuidv7()];
    const sealed = await keyring.seal(place(ours), 'secret');
    await keyring.seal(place(theirs), 'their own');
    for (const wrong of [
      place(theirs),
      place(ours, 'other'),
      { ...place(ours), column: 'previous_secret' },
      place(null),
    ]) {
      await expect(keyring.open(wrong, sealed)).rejects.toMatchObject({ code: 'decryption_failed' });
    }
    for (const bad of ['', 'secret', `${sealed}A`, sealed.replace('v1', 'v2')]) {
      await expect(keyring.open(place(ours), bad)).rejects.toMatchObject({ code: 'decryption_failed' });
    }
  });

  it('makes one key for many first secrets at once, and usable ones when two processes start together', async () => {
    const organization = uuidv7();
    const alone = await Promise.all([1, 2, 3, 4, 5].map((n) => keyring.seal(place(organization, String(n)), `s${n}`)));
    expect(await keysOf(organization)).toHaveLength(1);
    expect(new Set(alone.map((sealed) => sealed.split('.')[1])).size).toBe(1);

    const contested = uuidv7();
    const processes = await Promise.all([openKeyring({ door, ring }), openKeyring({ door, ring })]);
    const sealed = await Promise.all(processes.map((one, n) => one.seal(place(contested, String(n)), `s${n}`)));
    const third = await openKeyring({ door, ring });
    for (const [n, one] of sealed.entries()) {
      expect((await third.open(place(contested, String(n)), one)).toString()).toBe(`s${n}`);
    }
    expect((await keysOf(contested)).length).toBeGreaterThanOrEqual(1);
  });

  it('keeps the secrets of the installation itself apart', async () => {
    const sealed = await keyring.seal(place(null), 'global');
    expect((await keyring.open(place(null), sealed)).toString()).toBe('global');
    await expect(keyring.open(place(uuidv7()), sealed)).rejects.toMatchObject({ code: 'decryption_failed' });
  });

  describe('with another master key', () => {
    it('refuses to open', async () => {
      await expect(openKeyring({ door, ring: newRing() })).rejects.toMatchObject({ code: 'master_key_mismatch' });
    });

    it('opens while the old one is at hand, and reads what was sealed under it', async () => {
      const organization = uuidv7();
      const sealed = await keyring.seal(place(organization), 'before');
      const rotated = await openKeyring({ door, ring: newRing(ring) });
      expect((await rotated.open(place(organization), sealed)).toString()).toBe('before');
      expect((await keyring.open(place(organization), sealed)).toString()).toBe('before');
    });
  });

  it('is not for use inside a transaction', async () => {
    const inside = door.read({ as: 'app' }, () => keyring.seal(place(uuidv7()), 'x'));
    await expect(inside).rejects.toMatchObject({ code: 'reentrant_scope' });
  });
});
