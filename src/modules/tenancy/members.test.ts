import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  addOrganization,
  addPerson,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  joinByInvitation,
  openPlinthOn,
  text,
} from '../../../tests/support/plinth.ts';

describeEngines(
  'members',
  (on) => {
    let plinth: ClockedPlinth;
    let acme: FirstRun;
    let other: FirstRun;
    beforeAll(async () => {
      plinth = await openPlinthOn(on.engine);
      acme = await firstRun(plinth);
      other = await addOrganization(plinth, 'Other', 'other@example.org');
    });
    afterAll(() => plinth.close());

    const invite = (key: string, email: string, role: string) =>
      plinth.call('POST', '/v1/invitations', { key, body: { email, role } });
    const setRole = (key: string, userId: string, role: string) =>
      plinth.call('PATCH', `/v1/members/${userId}`, { key, body: { role } });
    const remove = (key: string, userId: string) => plinth.call('DELETE', `/v1/members/${userId}`, { key });
    const owners = async (organizationId: string) =>
      (
        await plinth.owner(
          `select 1 from plinth.organization_memberships where organization_id = $1 and role = 'owner'`,
          [organizationId],
        )
      ).length;

    it('are not added by a request: they are invited and agree', async () => {
      const added = await plinth.call('POST', '/v1/members', {
        key: acme.key,
        body: { email: other.email, role: 'member' },
      });
      expect(added.status).toBe(405);
    });

    it('are listed in pages, each seeing only their own organization', async () => {
      const seen = new Set<string>();
      let cursor = '';
      do {
        const page = await plinth.call('GET', `/v1/members?limit=1${cursor && `&cursor=${cursor}`}`, { key: acme.key });
        for (const row of page.body['data'] as unknown as { user_id: string }[]) seen.add(row.user_id);
        cursor = page.body['next_cursor'] === null ? '' : text(page.body['next_cursor']);
      } while (cursor);
      const [row] = await plinth.owner<{ n: number }>(
        'select count(*)::int as n from plinth.organization_memberships where organization_id = $1',
        [acme.organizationId],
      );
      expect(seen.size).toBe(row?.n);
      expect(seen.has(other.userId)).toBe(false);
    });

    it('get no role above that of who gives it', async () => {
      const admin = await addPerson(plinth, acme, 'admin');
      const member = await addPerson(plinth, acme, 'member');
      expect((await invite(admin.key, 'x1@example.org', 'owner')).status).toBe(403);
      expect((await setRole(admin.key, member.userId, 'owner')).status).toBe(403);
      expect((await setRole(admin.key, acme.userId, 'viewer')).status).toBe(403);
      expect((await remove(admin.key, acme.userId)).status).toBe(403);
      expect((await setRole(admin.key, admin.userId, 'owner')).status).toBe(403);
      expect((await setRole(admin.key, member.userId, 'admin')).body).toMatchObject({ role: 'admin' });
      // nobody was made by the refused call
      expect(await plinth.owner(`select 1 from plinth.users where email = 'x1@example.org'`)).toEqual([]);
    });

    it('are left alone by members and viewers', async () => {
      const member = await addPerson(plinth, acme, 'member');
      expect((await invite(member.key, 'x2@example.org', 'viewer')).body).toMatchObject({ code: 'forbidden' });
      expect((await setRole(member.key, member.userId, 'admin')).status).toBe(403);
      expect((await remove(member.key, acme.userId)).status).toBe(403);
      const viewer = await addPerson(plinth, acme, 'viewer');
      const list = await plinth.call('GET', '/v1/members', { cookie: viewer.cookie });
      expect(list.status).toBe(200);
    });

    it('of another organization are not there', async () => {
      expect((await setRole(other.key, acme.userId, 'viewer')).status).toBe(404);
      expect((await remove(other.key, acme.userId)).status).toBe(404);
      expect((await setRole(other.key, '0190f3a8-7c4e-7d1a-9a53-5b7a2f0c1e42', 'viewer')).status).toBe(404);
      expect(await owners(acme.organizationId)).toBe(1);
    });

    it('keep one owner', async () => {
      expect((await setRole(acme.key, acme.userId, 'admin')).body).toMatchObject({ code: 'last_owner' });
      expect((await remove(acme.key, acme.userId)).body).toMatchObject({ code: 'last_owner' });
      const leave = await plinth.call('POST', '/v1/members/leave', { cookie: acme.cookie });
      expect(leave.body).toMatchObject({ code: 'last_owner' });
    });

    it('keep one owner when all of them leave, or throw each other out, at once', async () => {
      for (let round = 0; round < 3; round++) {
        const second = await addPerson(plinth, other, 'owner');
        const third = await addPerson(plinth, other, 'owner');
        const everybody = [other, second, third];
        const tries = everybody.map((person, n) =>
          round === 0
            ? setRole(person.key, person.userId, 'member')
            : round === 1
              ? remove(person.key, everybody[(n + 1) % 3]?.userId ?? '')
              : plinth.call('POST', '/v1/members/leave', { cookie: person.cookie, organization: other.organizationId }),
        );
        await Promise.all(tries);
        expect(await owners(other.organizationId)).toBeGreaterThanOrEqual(1);
        await plinth.owner(
          `insert into plinth.organization_memberships (organization_id, user_id, role, email) values ($1, $2, 'owner', 'other@example.org')
           on conflict (organization_id, user_id) do update set role = 'owner'`,
          [other.organizationId, other.userId],
        );
        await plinth.owner(`update plinth.api_keys set revoked_at = null where organization_id = $1 and user_id = $2`, [
          other.organizationId,
          other.userId,
        ]);
        await plinth.owner(
          `delete from plinth.organization_memberships where organization_id = $1 and user_id <> $2 and role = 'owner'`,
          [other.organizationId, other.userId],
        );
        plinth.clock.advance(1000);
      }
    });

    it('who are removed or leave lose their keys and what they saw here', async () => {
      const gone = await addPerson(plinth, acme, 'member');
      const left = await addPerson(plinth, acme, 'member');
      await plinth.call('GET', '/v1/me', { key: gone.key });
      expect((await remove(acme.key, gone.userId)).status).toBe(204);
      expect((await plinth.call('POST', '/v1/members/leave', { cookie: left.cookie })).status).toBe(204);
      plinth.clock.advance(1000);
      for (const person of [gone, left]) {
        expect((await plinth.call('GET', '/v1/me', { key: person.key })).status).toBe(401);
        expect((await plinth.call('GET', '/v1/members', { cookie: person.cookie })).body).toMatchObject({
          code: 'organization_required',
        });
      }
      // back again, the old key stays dead
      await joinByInvitation(plinth, acme, gone.email, 'admin', { cookie: gone.cookie });
      expect((await plinth.call('GET', '/v1/me', { key: gone.key })).status).toBe(401);
    });

    it('who are demoted have keys that can do no more than they', async () => {
      const demoted = await addPerson(plinth, acme, 'admin');
      expect((await plinth.call('GET', '/v1/audit', { key: demoted.key })).status).toBe(200);
      await setRole(acme.key, demoted.userId, 'viewer');
      plinth.clock.advance(1000);
      expect((await plinth.call('GET', '/v1/audit', { key: demoted.key })).status).toBe(403);
      expect((await plinth.call('GET', '/v1/me', { key: demoted.key })).body).toMatchObject({
        organization: { role: 'viewer' },
      });
    });

    it('own their projects no longer once they are gone', async () => {
      const gone = await addPerson(plinth, acme, 'member');
      const project = await plinth.call('POST', '/v1/projects', { key: gone.key, body: { name: 'Left behind' } });
      expect(project.body['owner_id']).toBe(gone.userId);
      await remove(acme.key, gone.userId);
      const after = await plinth.call('GET', `/v1/projects/${text(project.body['id'])}`, { key: acme.key });
      expect(after.body).toMatchObject({ owner_id: null, created_by: gone.userId });
    });
  },
  { server: { poolSize: 6 } },
);
