import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
  text,
} from '../../../tests/support/plinth.ts';
import { purgeDeletedOrganizations, purgeOrganization } from './index.ts';

const DAY_MS = 86_400_000;

describeEngines(
  'organizations',
  (on) => {
    let plinth: ClockedPlinth;
    let acme: FirstRun;
    beforeAll(async () => {
      plinth = await openPlinthOn(on.engine);
      acme = await firstRun(plinth);
    });
    afterAll(() => plinth.close());

    const create = (body: object, cookie = acme.cookie) => plinth.call('POST', '/v1/organizations', { cookie, body });
    const patch = (key: string, body: object) => plinth.call('PATCH', '/v1/organization', { key, body });
    const slugsOf = (id: string) =>
      plinth.owner<{ slug: string }>('select slug from plinth.organization_slugs where organization_id = $1', [id]);

    it('are made with a slug of their name, or the one asked for', async () => {
      expect((await create({ name: 'Łódź Café & Co.' })).body).toMatchObject({ slug: 'lodz-cafe-co' });
      expect((await create({ name: '会社' })).body).toMatchObject({ slug: 'organization' });
      expect(text((await create({ name: '株式会社' })).body['slug'])).toMatch(/^organization-[0-9a-f]{6}$/);
      expect((await create({ name: 'X', slug: 'my-slug' })).status).toBe(201);
      expect((await create({ name: 'Y', slug: 'my-slug' })).body).toMatchObject({
        code: 'already_exists',
        field: 'slug',
      });
      expect((await create({ name: 'Z', slug: '-no-' })).body).toMatchObject({ code: 'invalid_value', field: 'slug' });
    });

    it('never share a slug, however many ask at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) => create({ name: `Race ${n}`, slug: 'race' })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
      const derived = await Promise.all(Array.from({ length: 4 }, () => create({ name: 'Same Name' })));
      expect(new Set(derived.map(({ body }) => text(body['slug']))).size).toBe(4);
      const [orphans] = await plinth.owner<{ n: number }>(
        `select count(*)::int as n from plinth.organization_slugs s
         full join plinth.organizations o on o.id = s.organization_id and o.slug = s.slug
         where o.id is null or s.slug is null`,
      );
      expect(orphans?.n).toBe(0);
    });

    it('are renamed to a free slug, and keep exactly one when renamed twice at once', async () => {
      const one = await addOrganization(plinth, 'Rename Me', 'rename@example.org');
      expect((await patch(one.key, { name: 'Renamed', slug: 'renamed' })).body).toMatchObject({ slug: 'renamed' });
      expect((await patch(one.key, { slug: acme.slug })).body).toMatchObject({ code: 'already_exists' });
      expect((await patch(one.key, { slug: 'renamed' })).status).toBe(200);
      await Promise.all(['a', 'b', 'c', 'd'].map((slug) => patch(one.key, { slug: `renamed-${slug}` })));
      const slugs = await slugsOf(one.organizationId);
      expect(slugs).toHaveLength(1);
      const now = await plinth.call('GET', '/v1/organization', { key: one.key });
      expect(now.body['slug']).toBe(slugs[0]?.slug);
      expect((await create({ name: 'Old', slug: 'renamed' })).status).toBe(201);
    });

    it('are owned in a bounded number', async () => {
      const person = await addOrganization(plinth, 'Many', 'many@example.org');
      for (let n = 1; n < 20; n++) expect((await create({ name: `Many ${n}` }, person.cookie)).status).toBe(201);
      expect((await create({ name: 'One too many' }, person.cookie)).body).toMatchObject({
        code: 'too_many_organizations',
      });
    });

    describe('deleted', () => {
      let doomed: FirstRun;
      beforeAll(async () => {
        doomed = await addOrganization(plinth, 'Doomed', 'doomed@example.org');
        for (const n of [1, 2, 3]) {
          const project = await plinth.call('POST', '/v1/projects', { key: doomed.key, body: { name: `P${n}` } });
          const repository = await plinth.call('POST', '/v1/repositories', {
            key: doomed.key,
            body: { full_name: `doomed/r${n}` },
          });
          await plinth.call(
            'PUT',
            `/v1/projects/${text(project.body['id'])}/repositories/${text(repository.body['id'])}`,
            { key: doomed.key },
          );
        }
        await plinth.owner(
          `insert into plinth.encryption_keys (organization_id, wrapped_key, master_key_fingerprint) values ($1, 'x', 'y')`,
          [doomed.organizationId],
        );
      });
      const recover = (cookie: string) =>
        plinth.call('POST', `/v1/organizations/${doomed.organizationId}/recover`, { cookie });
      const purge = (options = {}) => purgeOrganization(plinth.platform, doomed.organizationId, options);

      it('stop every key and session at once, and come back', async () => {
        await expect(purge({ forced: true })).rejects.toMatchObject({ code: 'invalid_transition' });
        expect((await plinth.call('DELETE', '/v1/organization', { key: doomed.key })).status).toBe(204);
        plinth.clock.advance(1000);
        expect((await plinth.call('GET', '/v1/me', { key: doomed.key })).status).toBe(401);
        const session = await plinth.call('GET', '/v1/me', { cookie: doomed.cookie });
        expect(session.body).toMatchObject({ organization: null, organizations: [{ slug: doomed.slug }] });
        const named = { cookie: doomed.cookie, organization: doomed.slug };
        expect((await plinth.call('GET', '/v1/projects', named)).status).toBe(403);
        expect((await recover(acme.cookie)).status).toBe(404);
        expect((await recover(doomed.cookie)).status).toBe(204);
        expect((await recover(doomed.cookie)).status).toBe(404);
        expect((await plinth.call('GET', '/v1/projects', { key: doomed.key })).status).toBe(200);
      });

      it('are not removed before 30 days, unless the operator insists', async () => {
        await plinth.call('DELETE', '/v1/organization', { key: doomed.key });
        await expect(purge()).rejects.toMatchObject({ code: 'invalid_transition' });
        expect(await purgeDeletedOrganizations(plinth.platform)).toEqual([]);
        const asRequest = plinth.platform.door.write({ as: 'app', organizationId: doomed.organizationId }, (tx) =>
          tx.sql('select plinth.purge_organization($1, now(), 10, true)', [doomed.organizationId]),
        );
        await expect(asRequest).rejects.toMatchObject({ code: 'forbidden' });
      });

      it('can not be recovered after 30 days', async () => {
        plinth.clock.advance(30 * DAY_MS);
        const session = await plinth.call('POST', '/v1/sign-in', {
          body: { email: doomed.email, password: 'correct horse battery staple' },
        });
        const cookie = String(session.headers['set-cookie']).split(';')[0] as string;
        expect((await recover(cookie)).body).toMatchObject({ code: 'recovery_too_late' });
      });

      it('leave nothing but their people behind, in batches however small, and take nothing of others', async () => {
        const tables = await plinth.owner<{ table_name: string; tenant_column: string }>(
          'select table_name, tenant_column from plinth.registered_tables where tenant_column is not null',
        );
        const rowsOf = async (id: string) => {
          const counts: Record<string, number> = {};
          for (const { table_name, tenant_column } of tables) {
            const [row] = await plinth.owner<{ n: number }>(
              `select count(*)::int as n from plinth.${table_name} where ${tenant_column} = $1`,
              [id],
            );
            if (row?.n) counts[table_name] = row.n;
          }
          return counts;
        };
        const others = await rowsOf(acme.organizationId);
        const before = await rowsOf(doomed.organizationId);
        expect(Object.keys(before)).toEqual(
          expect.arrayContaining([
            'audit_logs',
            'audit_personal_values',
            'activity_logs',
            'projects',
            'encryption_keys',
          ]),
        );
        const removed = await purge({ rowsMax: 3 });
        expect(removed).toBe(Object.values(before).reduce((sum, n) => sum + n, 0));
        expect(await rowsOf(doomed.organizationId)).toEqual({});
        expect(await slugsOf(doomed.organizationId)).toEqual([]);
        expect(await rowsOf(acme.organizationId)).toEqual(others);
        expect(await plinth.owner('select id from plinth.users where id = $1', [doomed.userId])).toHaveLength(1);
        const events = await plinth.owner(
          `select details ->> 'forced' as forced from plinth.security_events
           where kind = 'organization_purged' and organization_id = $1`,
          [doomed.organizationId],
        );
        expect(events).toEqual([{ forced: 'false' }]);
        expect(await purge()).toBe(0);
      });
    });

    it('deleted long ago are removed by the maintenance', async () => {
      const old = await addOrganization(plinth, 'Old', 'old@example.org');
      await plinth.call('DELETE', '/v1/organization', { key: old.key });
      plinth.clock.advance(31 * DAY_MS);
      expect(await purgeDeletedOrganizations(plinth.platform)).toEqual([old.organizationId]);
    });
  },
  { server: { poolSize: 6 } },
);

describeEngines('purging a table that refers to itself', (on) => {
  it('removes chains leaf by leaf within the limit, and circles whole', async () => {
    const plinth = await openPlinthOn(on.engine);
    onTestFinished(() => plinth.close());
    const acme = await firstRun(plinth);
    await plinth.owner(`create table plinth.links (
      organization_id uuid not null, id int not null, parent_id int,
      constraint links_pkey primary key (organization_id, id),
      constraint links_parent_fkey foreign key (organization_id, parent_id) references plinth.links (organization_id, id))`);
    await plinth.owner(`insert into plinth.links select $1, n, nullif(n - 1, 0) from generate_series(1, 10) n`, [
      acme.organizationId,
    ]);
    await plinth.owner('update plinth.links set parent_id = 10 where id = 8 and organization_id = $1', [
      acme.organizationId,
    ]);
    const purge = async (rows: number) => {
      const [row] = await plinth.owner<{ n: string }>(
        `select plinth.purge_table($1, 'links', 'organization_id', $2) as n`,
        [acme.organizationId, rows],
      );
      return Number(row?.n);
    };
    await plinth.owner('insert into plinth.links values ($1, 11, 7)', [acme.organizationId]);
    // the leaf 11, then 7 … 1 in order, then the circle of 8, 9 and 10
    expect(await purge(5)).toBe(5);
    expect(await purge(100)).toBe(6);
    expect(await plinth.owner('select 1 from plinth.links')).toEqual([]);
  });
});
