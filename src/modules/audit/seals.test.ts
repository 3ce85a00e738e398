import { createHash } from 'node:crypto';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../tests/support/plinth.ts';
import { sealAll, sealOrganization } from './index.ts';
import { rootFromPath } from './merkle.ts';

describeEngines(
  'seals of the audit log',
  (on) => {
    let plinth: ClockedPlinth;
    let acme: FirstRun;
    let tenants = 0;
    beforeAll(async () => {
      plinth = await openPlinthOn(on.engine);
      acme = await firstRun(plinth);
    });
    beforeEach(async () => {
      tenants++;
      acme = await addOrganization(plinth, `Sealed ${tenants}`, `sealed-${tenants}@example.org`);
      for (const name of ['One', 'Two', 'Three']) await change(name);
    });

    const change = (name: string) => plinth.call('POST', '/v1/projects', { key: acme.key, body: { name } });
    const verify = async (head?: string) =>
      (await plinth.call('GET', `/v1/audit/verify${head ? `?head=${head}` : ''}`, { key: acme.key })).body;
    /** As whoever owns the schema, past every trigger and function. */
    const tamper = (sql: string) => plinth.owner(sql, [acme.organizationId]);
    /** Below every horizon, in the same order: another test's open transaction would keep the newest entries back. */
    const age = () =>
      tamper(`update plinth.audit_logs a set xid = (100 + n)::text::xid8
        from (select id, row_number() over (order by xid, id) as n from plinth.audit_logs where organization_id = $1) aged
        where a.organization_id = $1 and a.id = aged.id`);
    const seal = async () => {
      await age();
      return sealOrganization(plinth.platform, acme.organizationId);
    };
    const someEntry = async (n = 1) => {
      const rows = await plinth.owner<{ id: string }>(
        'select id from plinth.audit_logs where organization_id = $1 order by xid, id offset $2 limit 1',
        [acme.organizationId, n],
      );
      return rows[0]?.id as string;
    };

    it('find an untouched log intact, seal after seal', async () => {
      expect(await verify()).toEqual({ intact: true, seals: 0, entries: 0, head: null, broken: null });
      expect(await seal()).toBe(1);
      expect(await seal()).toBe(0);
      const first = await verify();
      expect(first).toMatchObject({ intact: true, seals: 1 });
      await change('Four');
      await age();
      expect(await sealAll(plinth.platform)).toBeGreaterThanOrEqual(1);
      const second = await verify(text(first['head']));
      expect(second).toMatchObject({ intact: true, seals: 2 });
      const [row] = await tamper('select count(*)::int as n from plinth.audit_logs where organization_id = $1');
      expect(second['entries']).toBe((row as { n: number }).n);
    });

    it('are made once, by however many workers', async () => {
      await age();
      const made = await Promise.all(
        Array.from({ length: 4 }, () => sealOrganization(plinth.platform, acme.organizationId)),
      );
      expect(made.reduce((sum, one) => sum + one, 0)).toBe(1);
      expect(await verify()).toMatchObject({ intact: true, seals: 1 });
    });

    it.each<[string, string, string]>([
      [
        'changed',
        'a value',
        `update plinth.audit_logs set new_values = '{"name": "Forged"}' where organization_id = $1 and id = '{id}'`,
      ],
      [
        'changed',
        'who it was',
        `update plinth.audit_logs set actor_user_id = null where organization_id = $1 and id = '{id}'`,
      ],
      [
        'changed',
        'the time, by a microsecond',
        `update plinth.audit_logs set occurred_at = occurred_at + case when extract(microseconds from occurred_at)::int % 1000 = 999 then -1 else 1 end * interval '1 microsecond' where organization_id = $1 and id = '{id}'`,
      ],
      ['removed', 'an entry', `delete from plinth.audit_logs where organization_id = $1 and id = '{id}'`],
      [
        'inserted',
        'an entry',
        `insert into plinth.audit_logs (organization_id, id, occurred_at, actor, action, resource_type, xid)
        select organization_id, plinth.uuidv7(occurred_at), occurred_at, 'user', 'delete', 'projects', xid
        from plinth.audit_logs where organization_id = $1 and id = '{id}'`,
      ],
      ['reordered', 'an entry', `update plinth.audit_logs set xid = '4' where organization_id = $1 and id = '{id}'`],
      [
        'seal_changed',
        'a leaf',
        `update plinth.audit_seals set leaf_hashes = set_byte(leaf_hashes, 0, (get_byte(leaf_hashes, 0) + 1) % 256) where organization_id = $1`,
      ],
      ['seal_changed', 'a root', `update plinth.audit_seals set root = sha256(root) where organization_id = $1`],
      ['seal_missing', 'the first seal', `delete from plinth.audit_seals where organization_id = $1 and sequence = 1`],
    ])('find %s: %s', async (fault, _what, sql) => {
      await seal();
      await change('Later');
      await seal();
      const id = await someEntry();
      await tamper(sql.replace('{id}', id));
      const found = await verify();
      expect(found).toMatchObject({ intact: false, broken: { fault } });
      if (fault === 'changed' || fault === 'removed' || fault === 'reordered')
        expect(found['broken']?.['entry_id']).toBe(id);
      if (fault === 'inserted') expect(found['broken']?.['entry_id']).not.toBeNull();
    });

    it('find by a head that was kept that the newest were cut off, or all were made anew', async () => {
      await seal();
      await change('Cut off');
      await seal();
      const head = text((await verify())['head']);
      await tamper(`with cut as (delete from plinth.audit_seals where organization_id = $1 and sequence = 2 returning entry_ids)
        delete from plinth.audit_logs a using cut where a.organization_id = $1 and a.id = any (cut.entry_ids)`);
      expect(await verify()).toMatchObject({ intact: true, seals: 1 });
      expect(await verify(head)).toMatchObject({ intact: false, broken: { fault: 'head_missing' } });
    });

    it('stay valid when a person is erased', async () => {
      const member = await addPerson(plinth, acme, 'member');
      await seal();
      const scope = { as: 'app', organizationId: acme.organizationId } as const;
      const [row] = await plinth.platform.door.write(scope, (tx) =>
        tx.sql<{ n: string }>('select plinth.erase_audit_subject($1, $2) as n', [acme.organizationId, member.userId]),
      );
      expect(Number(row?.n)).toBeGreaterThan(0);
      expect(await verify()).toMatchObject({ intact: true, seals: 1 });
    });

    it('stay valid when the log was copied to another server, which resets its cursors', async () => {
      await seal();
      await change('Two seals');
      await seal();
      await tamper(`update plinth.audit_logs set xid = '3' where organization_id = $1`);
      expect(await verify()).toMatchObject({ intact: true, seals: 2 });
      await tamper(`delete from plinth.audit_logs where organization_id = $1 and id = '${await someEntry()}'`);
      expect(await verify()).toMatchObject({ intact: false, broken: { fault: 'removed' } });
    });

    it('prove one entry to somebody without the database', async () => {
      const id = await someEntry(2);
      const unsealed = await plinth.call('GET', `/v1/audit/${id}/proof`, { key: acme.key });
      expect(unsealed.body).toMatchObject({ code: 'not_found' });
      await seal();
      const { body } = await plinth.call('GET', `/v1/audit/${id}/proof`, { key: acme.key });
      const leaf = createHash('sha256').update('\u0000').update(text(body['leaf'])).digest();
      expect(leaf.toString('hex')).toBe(body['leaf_hash']);
      const path = (body['path'] as unknown as string[]).map((hash) => Buffer.from(hash, 'hex'));
      const root = rootFromPath(leaf, Number(body['leaf_index']), Number(body['tree_size']), path);
      expect(root?.toString('hex')).toBe(body['root']);
      expect(JSON.parse(text(body['leaf']))).toContain(id);
    });

    it('are for administrators of the organization alone', async () => {
      await seal();
      const member = await addPerson(plinth, acme, 'member');
      expect((await plinth.call('GET', '/v1/audit/verify', { key: member.key })).status).toBe(403);
      const stranger = await addOrganization(plinth, `Stranger ${tenants}`, `stranger-${tenants}@example.org`);
      const proof = await plinth.call('GET', `/v1/audit/${await someEntry()}/proof`, { key: stranger.key });
      expect(proof.status).toBe(404);
      expect((await plinth.call('GET', '/v1/audit/verify', { key: stranger.key })).body).toMatchObject({ seals: 0 });
    });
  },
  { server: { poolSize: 6 } },
);
