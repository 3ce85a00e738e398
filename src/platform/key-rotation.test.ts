import { beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../tests/support/engines.ts';
import { generateMasterKeyText, type MasterKey, type MasterKeyRing, parseMasterKey } from './core/crypto/index.ts';
import { uuidv7 } from './core/ids.ts';
import { masterKeyStatus, rotateMasterKey } from './key-rotation.ts';
import { type Keyring, openKeyring } from './keyring.ts';
import { type Door, makeDoor } from './scope/door.ts';
import { asOwner } from './transfer/transfer.fixture.ts';

const newKey = () => parseMasterKey(generateMasterKeyText());
const ringOf = (current: MasterKey, ...previous: MasterKey[]): MasterKeyRing => ({ current, previous });
const [first, second, third] = [newKey(), newKey(), newKey()] as const;
/** More than two batches of a rotation. */
const organizations = Array.from({ length: 450 }, () => uuidv7());

const place = (organizationId: string | null) => ({
  organizationId,
  table: 'event_sources',
  column: 'secret',
  rowId: 'r',
});

describeEngines('rotating the master key', (on) => {
  let door: Door;
  let before: Keyring;
  const sealed = new Map<string | null, string>();
  const counts = async (ring: MasterKeyRing) =>
    Object.fromEntries((await masterKeyStatus(door, ring)).masterKeys.map((one) => [one.fingerprint, one.dataKeys]));

  beforeAll(async () => {
    door = makeDoor(on.engine);
    before = await openKeyring({ door, ring: ringOf(first) });
    for (const organization of [null, ...organizations]) {
      sealed.set(organization, await before.seal(place(organization), `secret of ${organization}`));
    }
  });

  async function expectAllReadable(ring: MasterKeyRing): Promise<void> {
    const keyring = await openKeyring({ door, ring });
    for (const [organization, value] of sealed) {
      expect((await keyring.open(place(organization), value)).toString()).toBe(`secret of ${organization}`);
    }
  }

  it('a server that knows both keys before the rotation still wraps under the old one, for those that know no other', async () => {
    const organization = uuidv7();
    const both = await openKeyring({ door, ring: ringOf(second, first) });
    const value = await both.seal(place(organization), 'early');
    expect((await before.open(place(organization), value)).toString()).toBe('early');
    expect(await counts(ringOf(second, first))).toEqual({ [second.fingerprint]: 0, [first.fingerprint]: 452 });
  });

  it('a dry run counts, and changes nothing', async () => {
    const ring = ringOf(second, first);
    expect(await rotateMasterKey({ door, ring, dryRun: true })).toMatchObject({ checked: 452, rewrapped: 452 });
    expect((await masterKeyStatus(door, ring)).wrapsNew).toBe(first.fingerprint);
  });

  it('refuses where one data key can not be unwrapped, names it, and has changed nothing', async () => {
    const [organization] = organizations;
    await asOwner(
      on.engine,
      `update plinth.encryption_keys set wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)
       where organization_id = '${organization}'`,
    );
    const ring = ringOf(second, first);
    for (const dryRun of [true, false]) {
      await expect(rotateMasterKey({ door, ring, dryRun })).rejects.toMatchObject({
        code: 'data_keys_unreadable',
        detail: expect.stringContaining(String(organization)),
      });
    }
    expect((await masterKeyStatus(door, ring)).wrapsNew).toBe(first.fingerprint);
    await asOwner(
      on.engine,
      `update plinth.encryption_keys set wrapped_key = set_byte(wrapped_key, 20, get_byte(wrapped_key, 20) # 1)
       where organization_id = '${organization}'`,
    );
  });

  it('interrupted after a batch, servers with both keys read and write, one without the old key does not start', async () => {
    const ring = ringOf(second, first);
    const running = await openKeyring({ door, ring });
    const stop = new AbortController();
    const interrupted = rotateMasterKey({
      door,
      ring,
      signal: stop.signal,
      onProgress: ({ phase }) => phase === 'rewrapped' && stop.abort(),
    });
    await expect(interrupted).rejects.toThrow();
    const half = await counts(ring);
    expect(half[second.fingerprint]).toBe(200);
    expect(half[first.fingerprint]).toBe(252);
    await expectAllReadable(ring);
    const organization = uuidv7();
    sealed.set(organization, await running.seal(place(organization), `secret of ${organization}`));
    expect((await counts(ring))[second.fingerprint]).toBe(201);
    await expect(openKeyring({ door, ring: ringOf(second) })).rejects.toMatchObject({
      code: 'master_key_mismatch',
      detail: expect.stringContaining('252 data keys are still wrapped'),
    });
    await expect(openKeyring({ door, ring: ringOf(first) })).rejects.toMatchObject({ code: 'master_key_mismatch' });
    // one that ran all along with the old key alone makes no key that would be left behind
    await expect(before.seal(place(uuidv7()), 'x')).rejects.toMatchObject({ code: 'master_key_mismatch' });
  });

  it('run again it ends; the old key is not needed any more, and a second run does nothing', async () => {
    const ring = ringOf(second, first);
    const rotation = await rotateMasterKey({ door, ring });
    expect(rotation).toMatchObject({ checked: 453, rewrapped: 252, status: { isDone: true } });
    expect(await counts(ringOf(second))).toEqual({ [second.fingerprint]: 453 });
    await expectAllReadable(ringOf(second));
    expect(await rotateMasterKey({ door, ring })).toMatchObject({ rewrapped: 0 });
    const events = await asOwner(
      on.engine,
      `select details from plinth.security_events where kind = 'master_key.rotated'`,
    );
    expect(events).toEqual([{ details: { from: first.fingerprint, to: second.fingerprint, known: 2 } }]);
  });

  it('two rotations at once, and servers that make keys meanwhile, leave nothing under the old key', async () => {
    const ring = ringOf(third, second);
    const running = await openKeyring({ door, ring });
    const fresh = Array.from({ length: 40 }, () => uuidv7());
    const makeKeys = async () => {
      for (const organization of fresh) {
        sealed.set(organization, await running.seal(place(organization), `secret of ${organization}`));
      }
    };
    const results = await Promise.allSettled([
      rotateMasterKey({ door, ring }),
      rotateMasterKey({ door, ring }),
      makeKeys(),
    ]);
    expect(results[2]).toMatchObject({ status: 'fulfilled' });
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(2);
    await rotateMasterKey({ door, ring });
    expect(await counts(ringOf(third))).toEqual({ [third.fingerprint]: 493 });
    await expectAllReadable(ringOf(third));
  });
});
