/** A table of a user's own that numbers its rows: after an import the next number is a new one. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { openTestEngine, type TestEngine } from '../../../tests/support/engines.ts';
import { organizationRecords } from '../../modules/tenancy/index.ts';
import { modules } from '../../modules.ts';
import { openPlinth, type Plinth } from '../../plinth.ts';
import { makeOrganization } from '../../testing.ts';
import { loadConfig } from '../core/config.ts';
import { MasterKey, type MasterKeyRing } from '../core/crypto/index.ts';
import { exportOrganization, importOrganization } from './index.ts';
import { asOwner } from './transfer.fixture.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const config = loadConfig({ PLINTH_LOG_LEVEL: 'silent' });
const key = { kind: 'passphrase', passphrase: 'correct horse battery staple' } as const;
const names = inject('engines')
  .filter(({ missing }) => missing === undefined)
  .map(({ name }) => name);
/** One by identity, one by a sequence as `serial` makes it. */
const ticketsSql = `create table plinth.tickets (
    organization_id uuid not null,
    number bigint not null generated always as identity,
    receipt serial,
    constraint tickets_pkey primary key (organization_id, number),
    constraint tickets_receipt_key unique (organization_id, receipt),
    constraint tickets_organization_id_fkey foreign key (organization_id) references plinth.organizations (id)
      on delete cascade
  );
  select plinth.register_table('tickets', visibility => 'tenant')`;

describe.each(names)('numbered rows on %s', (name) => {
  const ring: MasterKeyRing = { current: new MasterKey(randomBytes(32)), previous: [] };
  let source: TestEngine;
  let target: TestEngine;
  let from: Plinth;
  let to: Plinth;
  let folder: string;
  let here: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plinth-numbers-'));
    source = await openTestEngine(name);
    target = await openTestEngine(name);
    from = await openPlinth({ engine: source.engine, config, masterKeys: ring });
    to = await openPlinth({ engine: target.engine, config, masterKeys: ring });
    for (const { engine } of [source, target]) await asOwner(engine, ticketsSql);
    ({ id: here } = await makeOrganization(to.platform, 'Resident'));
  });
  afterAll(async () => {
    await Promise.all([from?.close(), to?.close()]);
    await Promise.all([source?.close(), target?.close()]);
    await rm(folder, { recursive: true, force: true });
  });

  const draw = async (engine: TestEngine, organization: string, rows = 1) => {
    const drawn = await asOwner(
      engine.engine,
      `insert into plinth.tickets (organization_id) select '${organization}' from generate_series(1, ${rows})
       returning number::int, receipt`,
    );
    return drawn.at(-1);
  };
  async function move(organization: string): Promise<void> {
    const path = join(folder, `${organization}.plinth`);
    const shared = { path, key, ring, records: organizationRecords };
    await exportOrganization(source.engine, {
      ...shared,
      organization,
      now: new Date(),
      programVersion: '0.1.0-dev',
    });
    await importOrganization(target.engine, { ...shared, modules });
  }

  it('go on after the largest number that came', async () => {
    const { id } = await makeOrganization(from.platform, 'Seven');
    await draw(source, id, 7);
    expect(await draw(target, here, 2)).toEqual({ number: 2, receipt: 2 });
    await move(id);
    expect(await draw(target, id)).toEqual({ number: 8, receipt: 8 });
  });

  it('never go back', async () => {
    await draw(target, here, 100);
    const { id } = await makeOrganization(from.platform, 'Few');
    await draw(source, id, 3);
    await move(id);
    expect(await draw(target, id)).toEqual({ number: 109, receipt: 109 });
  });

  it('a number that would leave the others none is refused, and with it the file', async () => {
    const { id } = await makeOrganization(from.platform, 'Far');
    await asOwner(
      source.engine,
      `insert into plinth.tickets (organization_id, number) overriding system value values ('${id}', 9223372036854775806)`,
    );
    await expect(move(id)).rejects.toMatchObject({
      code: 'import_rows_refused',
      message: expect.stringContaining('tickets.number'),
    });
    expect(await asOwner(target.engine, `select 1 from plinth.organizations where id = '${id}'`)).toEqual([]);
    expect(await draw(target, here)).toEqual({ number: 110, receipt: 110 });
  });
});
