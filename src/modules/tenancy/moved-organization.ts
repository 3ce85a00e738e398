import type { OrganizationRecords, Person } from '../../platform/transfer/index.ts';
import { assertSlug, normalizeEmail } from './names.ts';

/** What tenancy knows of an organization that moves to another installation. */
export const organizationRecords: OrganizationRecords = {
  async find(client, named) {
    const { rows } = await client.query<{ id: string; name: string; slug: string }>(
      `select o.id, o.name, o.slug from plinth.organizations o
       where o.id::text = $1
          or o.id = (select s.organization_id from plinth.organization_slugs s where s.slug = $1)`,
      [named],
    );
    return rows[0];
  },

  async people(client, ids) {
    const { rows } = await client.query<Person>(
      'select u.id, u.email, u.full_name as name from plinth.users u where u.id = any ($1::uuid[]) order by u.id',
      [ids],
    );
    return rows;
  },

  async place(client, people) {
    const ids = new Map<string, string>();
    let made = 0;
    for (const { id, email: given, name } of people) {
      const email = normalizeEmail(given);
      // the id of somebody else here is not theirs to have
      const { rows } = await client.query<{ found: string | null; id_taken: boolean }>(
        `select (select u.id from plinth.users u where u.email = $1) as found,
                exists (select 1 from plinth.users u where u.id = $2::uuid) as id_taken`,
        [email, id],
      );
      const { found, id_taken: isTaken } = rows[0]!;
      if (found !== null) {
        ids.set(id, found);
        continue;
      }
      const added = await client.query<{ id: string }>(
        `select plinth.add_user(case when $1 then plinth.uuidv7() else $2::uuid end, $3, $4, 'user', now()) as id`,
        [isTaken, id, email, name.slice(0, 200)],
      );
      ids.set(id, added.rows[0]!.id);
      made++;
    }
    return { ids, made };
  },

  async takeSlug(client, organizationId, slug) {
    assertSlug(slug);
    const { rowCount } = await client.query(
      'insert into plinth.organization_slugs (slug, organization_id) values ($1, $2) on conflict (slug) do nothing',
      [slug, organizationId],
    );
    return rowCount === 1;
  },

  async revoke(client, organizationId) {
    const { rows } = await client.query<{ id: string }>(
      `update plinth.api_keys set revoked_at = now()
       where organization_id = $1 and user_id is not null and revoked_at is null returning id`,
      [organizationId],
    );
    await client.query(
      `delete from plinth.api_key_hashes h
       where h.organization_id = $1
         and h.id in (select k.id from plinth.api_keys k where k.organization_id = $1 and k.user_id is not null)`,
      [organizationId],
    );
    return rows.length;
  },
};
