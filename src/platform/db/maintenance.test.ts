import { expect, it } from 'vitest';
import { describeEngines } from '../../../tests/support/engines.ts';
import { maintain } from './maintenance.ts';

describeEngines('maintenance', (on) => {
  it('is not needed where autovacuum runs', async () => {
    if (!on.engine.capabilities.autovacuum) return;
    expect(await maintain(on.engine)).toMatchObject({ skipped: 'not_needed', vacuumed: [], analyzed: [] });
  });

  it('removes dead rows and makes statistics', async () => {
    if (on.engine.capabilities.autovacuum) return;
    await on.pool.query('create table busy (n int, note text)');
    await on.pool.query(`insert into busy select n, 'x' from generate_series(1, 5000) n`);
    await on.pool.query('update busy set note = $1', ['y']);
    const state = async () => {
      await on.pool.query('select pg_stat_force_next_flush()');
      const { rows } = await on.pool.query(
        `select (select n_dead_tup::int from pg_stat_user_tables where relname = 'busy') as dead,
                (select reltuples::int from pg_class where relname = 'busy') as estimate,
                (select count(*)::int from pg_stats where tablename = 'busy') as statistics`,
      );
      return rows[0];
    };
    expect(await state()).toEqual({ dead: 5000, estimate: -1, statistics: 0 });
    const done = await untilNothingLeft();
    expect(done.vacuumed).toContain('public.busy');
    expect(done.analyzed).toContain('public.busy');
    expect(await state()).toEqual({ dead: 0, estimate: 5000, statistics: 2 });
    expect(await maintain(on.engine)).toEqual({ vacuumed: [], analyzed: [], left: 0 });
  });

  it('keeps away from a connection in use, and leaves the limit as it was', async () => {
    if (on.engine.capabilities.autovacuum) return;
    const client = await on.pool.connect();
    await client.query('begin');
    expect(await maintain(on.engine)).toMatchObject({ skipped: 'busy' });
    await client.query('rollback');
    client.release();
    const { rows } = await on.pool.query(`select current_setting('statement_timeout') as "limit"`);
    expect(rows).toEqual([{ limit: '15s' }]);
  });

  /** A tick does five tables; system catalogues may want it first. */
  async function untilNothingLeft() {
    const vacuumed: string[] = [];
    const analyzed: string[] = [];
    for (let tick = 0; tick < 20; tick++) {
      const result = await maintain(on.engine);
      vacuumed.push(...result.vacuumed);
      analyzed.push(...result.analyzed);
      if (result.left === 0) break;
    }
    return { vacuumed, analyzed };
  }
});
