/** One organization from one installation into another: whole, into other hands, and refused when it is not what it says. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { EngineName } from '../../../tests/support/engine-names.ts';
import { openTestEngine, type TestEngine } from '../../../tests/support/engines.ts';
import { sealOrganization, verifyAuditLog } from '../../modules/audit/index.ts';
import { organizationRecords } from '../../modules/tenancy/index.ts';
import { modules } from '../../modules.ts';
import { makeApp, openPlinth, type Plinth } from '../../plinth.ts';
import { makeKey, makeOrganization, makeUser } from '../../testing.ts';
import { loadConfig } from '../core/config.ts';
import { MasterKey, type MasterKeyRing } from '../core/crypto/index.ts';
import type { Engine } from '../db/engine.ts';
import { type ChunkHead, jsonLine } from './archive-content.ts';
import { type ArchiveKey, readArchive, readHeader, writeArchive } from './archive-file.ts';
import { exportOrganization, type ImportOptions, importOrganization, type OrganizationManifest } from './index.ts';
import { ofOrganization, organizationTables } from './organization-file.ts';
import { hashTable } from './rows.ts';
import { readShape } from './shape.ts';
import { openDatabaseSource } from './source.ts';
import { asOwner, fillDatabase } from './transfer.fixture.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const config = loadConfig({ PLINTH_LOG_LEVEL: 'silent' });
const ringOf = (): MasterKeyRing => ({ current: new MasterKey(randomBytes(32)), previous: [] });
const key = { kind: 'passphrase', passphrase: 'correct horse battery staple' } as const satisfies ArchiveKey;
const names = inject('engines')
  .filter(({ missing }) => missing === undefined)
  .map(({ name }) => name);
const other = (name: EngineName): EngineName => names.find((one) => one !== name) ?? name;
const secret = (organizationId: string) => ({
  organizationId,
  table: 'event_sources',
  column: 'secret',
  rowId: organizationId,
});

/** Count and hash of each table's rows of one organization. */
async function hashesOf(engine: Engine, organizationId: string): Promise<Record<string, string>> {
  const client = await engine.directPool.connect();
  try {
    await client.query(
      'begin; set local role plinth_owner; set local timezone = utc; set local extra_float_digits = 3',
    );
    const hashes: Record<string, string> = {};
    for (const table of organizationTables((await readShape(client)).tables)) {
      const { rows, hash } = await hashTable(client, table, ofOrganization(table, organizationId));
      hashes[table.name] = `${rows} ${hash}`;
    }
    return hashes;
  } finally {
    await client.query('rollback');
    client.release();
  }
}

interface Chunk {
  head: ChunkHead;
  data: Buffer;
}

/** The content of a file, taken apart. */
async function takeApart(path: string): Promise<{ manifest: OrganizationManifest; chunks: Chunk[] }> {
  const parts: Buffer[] = [];
  for await (const part of readArchive(path, key, 'plinth-organization')) parts.push(part);
  let rest = Buffer.concat(parts);
  const line = <T>(): T => {
    const end = rest.indexOf(0x0a);
    const value = JSON.parse(rest.subarray(0, end).toString()) as T;
    rest = rest.subarray(end + 1);
    return value;
  };
  const manifest = line<OrganizationManifest>();
  const chunks: Chunk[] = [];
  while (rest.length > 0) {
    const head = line<ChunkHead>();
    chunks.push({ head, data: rest.subarray(0, head.bytes) });
    rest = rest.subarray(head.bytes);
  }
  return { manifest, chunks };
}

describe.each(names)('an organization from %s', (name) => {
  let source: TestEngine;
  let target: TestEngine;
  let from: Plinth;
  let to: Plinth;
  let folder: string;
  let path: string;
  let acme: string;
  let otherId: string;
  let serviceKey: string;
  let sealedSecret: string;
  let colleague: { id: string; email: string };
  const rings = { from: ringOf(), to: ringOf() };
  const options = (more: Partial<ImportOptions> = {}): ImportOptions => ({
    path,
    key,
    ring: rings.to,
    records: organizationRecords,
    modules,
    ...more,
  });
  const exportTo = (file: string, organization: string, engine = source.engine, ring = rings.from) =>
    exportOrganization(engine, {
      organization,
      path: file,
      key,
      ring,
      records: organizationRecords,
      now: new Date(),
      programVersion: '0.1.0-dev',
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plinth-organization-'));
    path = join(folder, 'acme.plinth');
    source = await openTestEngine(name);
    target = await openTestEngine(other(name));
    from = await openPlinth({ engine: source.engine, config, masterKeys: rings.from });
    to = await openPlinth({ engine: target.engine, config, masterKeys: rings.to });
    ({ organizationId: acme, otherId } = await fillDatabase(from));
    colleague = await makeUser(from.platform, { organizationId: acme, role: 'member' });
    const [owner] = await asOwner(
      source.engine,
      `select user_id from plinth.organization_memberships where organization_id = '${acme}' and role = 'owner'`,
    );
    serviceKey = (await makeKey(from.platform, { organizationId: acme, by: String(owner?.['user_id']), role: 'admin' }))
      .key;
    sealedSecret = await from.platform.keyring.seal(secret(acme), 'known to us alone');
    await sealOrganization(from.platform, acme);
    // lives here already, under an id of its own, in an organization of its own
    const here = await makeOrganization(to.platform, 'Resident');
    await asOwner(target.engine, `update plinth.users set email = '${colleague.email}' where id = '${here.userId}'`);
    await exportTo(path, acme);
  });
  afterAll(async () => {
    await from?.close();
    await to?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const everything = async () => {
    const opened = await openDatabaseSource(target.engine);
    const hashes: Record<string, string> = {};
    for (const table of opened.shape.tables) hashes[table.name] = (await opened.hash(table)).hash;
    await opened.close();
    return hashes;
  };

  /** Writes a file of other content, under the right passphrase. */
  async function forge(
    change: (content: { manifest: OrganizationManifest; chunks: Chunk[] }) => void,
  ): Promise<string> {
    const content = await takeApart(path);
    change(content);
    const forged = join(folder, `forged-${randomBytes(4).toString('hex')}`);
    async function* parts() {
      yield jsonLine(content.manifest);
      for (const { head, data } of content.chunks) {
        yield jsonLine({ ...head, bytes: data.length });
        yield data;
      }
    }
    await writeArchive(forged, { createdAt: new Date(), program: 'x', key, format: 'plinth-organization' }, parts());
    return forged;
  }

  const rowsOf = (content: { chunks: Chunk[] }, table: string) => {
    const chunk = content.chunks.find(({ head }) => head.table === table);
    if (!chunk) throw new Error(`no rows of ${table}`);
    return chunk;
  };

  it('a file that was cut, changed, or is of another kind is refused, and nothing is there of it', async () => {
    const before = await everything();
    const bytes = await readFile(path);
    const bad = join(folder, 'bad');
    for (const [broken, code] of [
      [bytes.subarray(0, bytes.length - 10), 'archive_damaged'],
      [bytes.subarray(0, 20), 'archive_invalid'],
      [
        Buffer.from(bytes.map((byte, at) => (at === bytes.length - 40 ? byte ^ 1 : byte))),
        /^archive_(damaged|key_wrong)$/,
      ],
      [Buffer.from('not at all'), 'archive_invalid'],
    ] as const) {
      await writeFile(bad, broken);
      await expect(importOrganization(target.engine, options({ path: bad }))).rejects.toMatchObject({
        code: typeof code === 'string' ? code : expect.stringMatching(code),
      });
    }
    const wrong = { kind: 'passphrase', passphrase: 'another passphrase' } as const;
    await expect(importOrganization(target.engine, options({ key: wrong }))).rejects.toMatchObject({
      code: 'archive_key_wrong',
    });
    await writeArchive(
      join(folder, 'backup'),
      { createdAt: new Date(), program: 'x', key },
      (async function* () {
        yield Buffer.from('{}\n');
      })(),
    );
    await expect(importOrganization(target.engine, options({ path: join(folder, 'backup') }))).rejects.toMatchObject({
      code: 'archive_invalid',
      detail: `${join(folder, 'backup')} is a backup of a whole database`,
    });
    await expect(readHeader(path)).rejects.toMatchObject({
      code: 'archive_invalid',
      detail: `${path} is the export of one organization`,
    });
    expect(await everything()).toEqual(before);
  });

  const forgeries: [
    what: string,
    code: string,
    change: (content: { manifest: OrganizationManifest; chunks: Chunk[] }) => void,
  ][] = [
    [
      'a migration this database has not',
      'transfer_schema_differs',
      ({ manifest }) => void (manifest.shape.migrations as string[]).push('tasks/99 applied abc'),
    ],
    [
      'a table this database has not',
      'transfer_schema_differs',
      ({ manifest }) => void (manifest.tables as unknown[]).push({ ...manifest.tables[0], name: 'users' }),
    ],
    [
      'a column more',
      'transfer_schema_differs',
      ({ manifest }) => void (manifest.tables[0]!.columns as unknown[]).push({ name: 'x', type: 'text' }),
    ],
    [
      'a month that is SQL',
      'archive_invalid',
      ({ manifest }) => void (manifest.tables[0]!.months as string[]).push(`2024-01-01'); drop table plinth.users --`),
    ],
    [
      'an organization that is no id',
      'archive_invalid',
      ({ manifest }) => Object.assign(manifest.organization, { id: `' or true --` }),
    ],
    [
      'rows of another organization',
      'import_foreign_rows',
      (content) => {
        const chunk = rowsOf(content, 'tasks');
        chunk.data = Buffer.from(
          chunk.data.toString().replaceAll(content.manifest.organization.id, '01900000-0000-7000-8000-000000000001'),
        );
      },
    ],
    [
      'people it does not name',
      'import_foreign_rows',
      ({ manifest }) => void (manifest.people as unknown[]).splice(0, 1),
    ],
    [
      'rows that are not there',
      'archive_damaged',
      (content) =>
        void content.chunks.splice(
          content.chunks.findIndex(({ head }) => head.table === 'tasks'),
          1,
        ),
    ],
    [
      'an end in the middle',
      'archive_damaged',
      (content) => {
        const chunk = rowsOf(content, 'tasks');
        const end = chunk.data.indexOf(0x0a) + 1;
        chunk.data = Buffer.concat([chunk.data.subarray(0, end), Buffer.from('\\.\n'), chunk.data.subarray(end)]);
      },
    ],
    [
      'rows of a table that is not listed',
      'archive_invalid',
      ({ chunks }) =>
        void chunks.push({ head: { table: 'users', rows: 1, last: [], bytes: 2 }, data: Buffer.from('x\n') }),
    ],
    [
      'a value that was changed',
      'archive_damaged',
      (content) => {
        const chunk = rowsOf(content, 'organization_memberships');
        chunk.data = Buffer.from(chunk.data.toString().replaceAll('\towner\t', '\temperor\t'));
      },
    ],
    [
      'a value that is none',
      'import_rows_refused',
      (content) => {
        const chunk = rowsOf(content, 'tasks');
        chunk.data = Buffer.from(chunk.data.toString().replaceAll(content.manifest.organization.id, 'x'));
      },
    ],
    [
      'a data key that is none',
      'decryption_failed',
      ({ manifest }) => Object.assign(manifest.dataKeys[0] as object, { key: 'AAAA' }),
    ],
    [
      'an address that is none',
      'invalid_value',
      ({ manifest }) => Object.assign(manifest.people[0] as object, { email: 'nobody' }),
    ],
  ];

  it.each(forgeries)('whoever knows the passphrase gets nowhere with %s: %s', async (_, code, change) => {
    const before = await everything();
    const rejected = importOrganization(target.engine, options({ path: await forge(change) })).then(
      () => 'imported',
      (error: { code?: string }) => error.code,
    );
    expect(await rejected).toBe(code);
    expect(await everything()).toEqual(before);
  });

  it('stopped in the middle leaves nothing', async () => {
    const before = await everything();
    const stop = new AbortController();
    const stopped = importOrganization(
      target.engine,
      options({ signal: stop.signal, onProgress: ({ total }) => total > 100 && stop.abort() }),
    );
    await expect(stopped).rejects.toThrow();
    expect(await everything()).toEqual(before);
  });

  it('comes over whole: rows, secrets, audit log and its seals; people by their address', async () => {
    const resident = await asOwner(target.engine, `select * from plinth.organizations order by id`);
    const made = await importOrganization(target.engine, options());
    const wanted = await hashesOf(source.engine, acme);
    expect(made).toMatchObject({ organization: { id: acme, slug: 'acme' }, dataKeys: 1, people: { found: 1 } });
    expect(made.rows).toBe(Object.values(wanted).reduce((sum, one) => sum + Number(one.split(' ')[0]), 0));
    expect(made.rows).toBeGreaterThan(1500);
    const got = await hashesOf(target.engine, acme);
    // who is mapped, what an import revokes, and what it notes; each event that comes marks its hour to be counted again
    const changed = [
      'organization_memberships',
      'api_keys',
      'api_key_hashes',
      'audit_logs',
      'audit_personal_values',
      'tasks',
      'event_dirty_hours',
    ];
    for (const table of Object.keys(wanted))
      if (!changed.includes(table)) expect([table, got[table]]).toEqual([table, wanted[table]]);
    expect(
      await asOwner(target.engine, `select * from plinth.organizations where id <> '${acme}' order by id`),
    ).toEqual(resident);

    expect((await to.platform.keyring.open(secret(acme), sealedSecret)).toString()).toBe('known to us alone');
    const audit = await to.platform.door.read({ as: 'readonly', organizationId: acme }, (tx) => verifyAuditLog(tx));
    expect(audit).toMatchObject({ intact: true });
    expect(audit.entries).toBeGreaterThan(3);
    const [mapped] = await asOwner(
      target.engine,
      `select m.user_id, u.email, u.role from plinth.organization_memberships m join plinth.users u on u.id = m.user_id
       where m.organization_id = '${acme}' and m.email = '${colleague.email}'`,
    );
    expect(mapped).toMatchObject({ email: colleague.email, role: 'user' });
    expect(mapped?.['user_id']).not.toBe(colleague.id);
    const imports = await asOwner(
      target.engine,
      `select details from plinth.audit_logs where organization_id = '${acme}' and action = 'import'`,
    );
    expect(imports).toMatchObject([{ details: { people: { [colleague.id]: mapped?.['user_id'] } } }]);
    const subjects = await asOwner(
      target.engine,
      `select count(*)::int as n from plinth.audit_personal_values where organization_id = '${acme}' and subject_id = '${colleague.id}'`,
    );
    expect(subjects).toEqual([{ n: 0 }]);
  });

  it('keys of services go on, those of people do not', async () => {
    const { app } = await makeApp(to.platform);
    const ask = async (bearer: string) =>
      (
        await app.inject({
          url: '/v1/projects',
          headers: { host: 'localhost:4600', authorization: `Bearer ${bearer}` },
        })
      ).statusCode;
    expect(await ask(serviceKey)).toBe(200);
    const people = await asOwner(
      target.engine,
      `select count(*)::int as n from plinth.api_keys k left join plinth.api_key_hashes h using (organization_id, id)
       where k.organization_id = '${acme}' and k.user_id is not null and (k.revoked_at is null or h.id is not null)`,
    );
    expect(people).toEqual([{ n: 0 }]);
    await app.close();
  });

  it('a second time it is refused, under another id a slug in use is, and another slug helps', async () => {
    const before = await everything();
    await expect(importOrganization(target.engine, options())).rejects.toMatchObject({
      code: 'import_organization_exists',
    });
    const second = join(folder, 'second');
    await exportTo(second, otherId);
    await asOwner(
      target.engine,
      `insert into plinth.organization_slugs (slug, organization_id) values ('globex', '${acme}')`,
    );
    await expect(importOrganization(target.engine, options({ path: second }))).rejects.toMatchObject({
      code: 'import_slug_taken',
    });
    await asOwner(target.engine, `delete from plinth.organization_slugs where slug = 'globex'`);
    expect(await everything()).toEqual(before);
    const made = await importOrganization(target.engine, options({ path: second, slug: 'globex-two' }));
    expect(made.organization.slug).toBe('globex-two');
    expect(await asOwner(target.engine, `select slug from plinth.organizations where id = '${otherId}'`)).toEqual([
      { slug: 'globex-two' },
    ]);
  });

  it('what was imported can be exported again; a file that is there is left, an unknown organization is none', async () => {
    const again = join(folder, 'again');
    expect(await exportTo(again, 'acme', target.engine, rings.to)).toMatchObject({ dataKeys: 1 });
    await expect(exportTo(again, 'acme', target.engine, rings.to)).rejects.toMatchObject({
      code: 'archive_write_failed',
    });
    expect(await exportTo(join(folder, 'none'), 'nobody')).toBeUndefined();
    await expect(exportTo(join(folder, 'unopened'), acme, source.engine, rings.to)).rejects.toMatchObject({
      code: 'master_key_mismatch',
    });
  });
});
