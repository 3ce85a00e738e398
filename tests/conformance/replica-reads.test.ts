import pg from 'pg';
import { expect, it } from 'vitest';
import { makeDoor, type ScopedTx } from '../../src/platform/scope/door.ts';
import type { Scope } from '../../src/platform/scope/scope.ts';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';
import { makeTenant, type TestTenant } from '../support/tenants.ts';

const asOwnerOf = ({ organizationId, userIds }: TestTenant): Scope => ({
  organizationId,
  userId: userIds[0],
  memberRole: 'owner',
});
const insertProject = (tx: ScopedTx, slug: string) =>
  tx.sql('insert into plinth.projects (organization_id, name, slug) values ($1, $2, $2)', [tx.organizationId, slug]);
const slugs = async (tx: ScopedTx) =>
  (await tx.sql<{ slug: string }>('select slug from plinth.projects order by slug')).map((row) => row.slug);

/** Another database in place of a replica, with other rows: what is read tells where it was read. */
describeEngines(
  'reads that may be behind',
  (on) => {
    it('go to the replica and nowhere else, and past it when it is away', async () => {
      const replica = await on.open();
      await admitTestLogin(replica.engine);
      const test = await on.open({ server: { readUrl: replica.url! } });
      await admitTestLogin(test.engine);
      const door = makeDoor(test.engine);
      const here = await makeTenant(test.engine);
      await door.write(asOwnerOf(here), (tx) => insertProject(tx, 'here'));
      const behind = { pool: 'replica' } as const;
      const scope = asOwnerOf(here);

      expect(await door.read(scope, slugs)).toEqual(['here']);
      expect(await door.read(scope, slugs, behind)).toEqual([]);
      expect(await door.readOne(scope, 'select slug from plinth.projects')).toEqual([{ slug: 'here' }]);
      expect(await door.readOne(scope, 'select slug from plinth.projects', [], behind)).toEqual([]);
      // what it refuses is refused, not asked again elsewhere
      await expect(door.readOne(scope, 'select nowhere', [], behind)).rejects.toMatchObject({ code: 'internal' });

      const admin = new pg.Client(on.test.adminUrl);
      await admin.connect();
      await admin.query(`drop database ${new URL(replica.url!).pathname.slice(1)} with (force)`);
      await admin.end();
      expect(await door.read(scope, slugs, behind)).toEqual(['here']);
      expect(await door.readOne(scope, 'select slug from plinth.projects', [], behind)).toEqual([{ slug: 'here' }]);
    });

    it('are reads like all others where there is no replica', async () => {
      await admitTestLogin(on.engine);
      const door = makeDoor(on.engine);
      const tenant = await makeTenant(on.engine);
      await door.write(asOwnerOf(tenant), (tx) => insertProject(tx, 'alone'));
      expect(await door.read(asOwnerOf(tenant), slugs, { pool: 'replica' })).toEqual(['alone']);
    });
  },
  { only: ['postgres', 'postgres15'] },
);
