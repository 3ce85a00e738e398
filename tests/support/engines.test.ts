import { expect, it } from 'vitest';
import { describeEngines } from './engines.ts';

describeEngines('the test harness', (on) => {
  it('gives each file a database of its own', async () => {
    await on.pool.query('create table mine (id int)');
    const other = await on.open({ empty: true });
    const { rows } = await other.engine.pool.query(`select to_regclass('mine') as there`);
    expect(rows).toEqual([{ there: null }]);
  });

  it('logs in as nobody special on servers', async () => {
    if (on.name === 'pglite' || on.name === 'superuser') return;
    const { rows } = await on.pool.query(
      `select rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user`,
    );
    expect(rows).toEqual([{ rolsuper: false, rolcreaterole: true, rolbypassrls: false }]);
  });

  it('logs in as a superuser where that is what is tested', async () => {
    if (on.name !== 'superuser') return;
    const { rows } = await on.pool.query('select rolsuper from pg_roles where rolname = current_user');
    expect(rows).toEqual([{ rolsuper: true }]);
  });

  it('knows what the engine can do', () => {
    expect(on.engine.capabilities.concurrentConnections).toBe(on.name !== 'pglite');
    expect(on.engine.capabilities.namedStatements).toBe(on.name !== 'pgbouncer');
    expect(on.engine.capabilities.sessionSettings).toBe(on.name !== 'pgbouncer');
    expect(on.engine.serverVersionNum).toBeGreaterThanOrEqual(150_000);
  });
});
