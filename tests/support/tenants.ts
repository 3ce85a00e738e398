/** Organizations for tests that need no service to make them. */
import { uuidv7 } from '../../src/platform/core/ids.ts';
import type { Engine } from '../../src/platform/db/engine.ts';

export interface TestTenant {
  readonly organizationId: string;
  /** Its owner, and a member. */
  readonly userIds: readonly [string, string];
}

/** Runs statements as the owner in one transaction. */
export async function asOwner(engine: Pick<Engine, 'directPool'>, sql: string): Promise<void> {
  const client = await engine.directPool.connect();
  try {
    await client.query(`begin; set local role plinth_owner; ${sql}; commit`);
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** Asks as the owner, in a transaction of its own. */
export async function askAsOwner<R>(
  engine: Pick<Engine, 'directPool'>,
  sql: string,
  values: readonly unknown[] = [],
): Promise<R[]> {
  const client = await engine.directPool.connect();
  try {
    await client.query('begin; set local role plinth_owner');
    const { rows } = await client.query(sql, [...values]);
    await client.query('commit');
    return rows as R[];
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** Makes an organization of two people. Names are made unique by the id. */
export async function makeTenant(engine: Pick<Engine, 'directPool'>): Promise<TestTenant> {
  const at = new Date();
  const [organization, first, second] = [uuidv7(at), uuidv7(at), uuidv7(at)];
  // values, and the global rows first: the form that Citus takes
  await asOwner(
    engine,
    `insert into plinth.users (id, email, username)
     values ('${first}', 'user-${first}@example.test', 'user-${first}'),
            ('${second}', 'user-${second}@example.test', 'user-${second}');
     insert into plinth.organizations (id, name, slug)
     values ('${organization}', 'Tenant', 'tenant-${organization.replaceAll('-', '')}');
     insert into plinth.organization_memberships (organization_id, user_id, role, email)
     values ('${organization}', '${first}', 'owner', 'user-${first}@example.test'),
            ('${organization}', '${second}', 'member', 'user-${second}@example.test')`,
  );
  return { organizationId: organization, userIds: [first, second] };
}
