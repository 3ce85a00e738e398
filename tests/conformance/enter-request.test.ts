import type pg from 'pg';
import { expect, it } from 'vitest';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';

/** The two ways in must be one: what a Python service sends as JSON, and what ours sends as plain arguments. */
// not there on Citus, whose other nodes would learn nothing of it
describeEngines(
  'plinth.enter_request',
  (on) => {
    const settings = `select current_user::text as role, current_setting('transaction_read_only') as read_only,
    current_setting('statement_timeout') as statement_timeout, ${[
      'organization_id',
      'user_id',
      'member_role',
      'api_key_id',
      'request_id',
      'ip_address',
    ]
      .map((name) => `current_setting('plinth.${name}', true) as ${name}`)
      .join(', ')}`;
    const call = 'select plinth.enter_request($1, $2, $3, $4, $5, $6, $7, $8, $9)';
    const tenant = '01890a5d-ac96-774b-bcce-b302099a8057';
    const person = '01890a5d-ac96-774b-bcce-b302099a8058';

    async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
      await admitTestLogin(on.engine);
      const client = await on.pool.connect();
      try {
        await client.query('begin');
        return await work(client);
      } finally {
        await client.query('rollback');
        client.release();
      }
    }
    const after = (text: string, values: unknown[]) =>
      inTransaction(async (client) => {
        await client.query(text, values);
        return (await client.query(settings)).rows[0];
      });

    it.each([
      ['app', tenant, person, 'owner', person, 'request-1', '192.0.2.7', 1234, true],
      ['app', tenant, null, 'member', null, "r'1", null, null, false],
      ['worker', null, null, null, null, null, null, null, false],
      ['readonly', null, null, null, null, null, null, null, true],
    ])('sets what plinth.enter sets: %s %s %s %s %s %s %s %s %s', async (...values) => {
      const [as, organization_id, user_id, member_role, api_key_id, request_id, ip_address, limit, readOnly] = values;
      const named = { as, organization_id, user_id, member_role, api_key_id, request_id, ip_address };
      const context = JSON.stringify({ ...named, ...(limit !== null && { statement_timeout_ms: limit }) });
      const expected = await after('select plinth.enter($1, $2)', [context, readOnly]);
      expect(await after(call, values)).toEqual(expected);
      expect(expected).toMatchObject({ role: `plinth_${as}`, organization_id: organization_id ?? '' });
    });

    it('sets all of it when every value is known to the planner, null ones too', async () => {
      const literal = `select plinth.enter_request('app', '${tenant}', null, null, null, null, null, null, true)`;
      expect(await after(literal, [])).toMatchObject({ role: 'plinth_app', organization_id: tenant, read_only: 'on' });
    });

    it('clears what an earlier call set', async () => {
      const seen = await inTransaction(async (client) => {
        await client.query(call, ['app', tenant, person, 'owner', person, 'request-1', '192.0.2.7', null, false]);
        await client.query(call, ['app', null, null, null, null, null, null, null, false]);
        return (await client.query(settings)).rows[0];
      });
      expect(seen).toMatchObject({ organization_id: '', user_id: '', member_role: '', api_key_id: '', request_id: '' });
    });

    it.each([
      ['a role that is none', ['superuser', tenant], /role/],
      ['no role', [null, tenant], /role/],
      ['an id that is none', ['app', "x' or true"], /uuid/],
    ])('refuses %s', async (_what, [as, organization], message) => {
      const attempt = inTransaction((client) =>
        client.query(call, [as, organization, null, null, null, null, null, null, false]),
      );
      await expect(attempt).rejects.toThrow(message);
    });

    it('is put into the calling statement by the planner, not called', async () => {
      const plan = await inTransaction(async (client) => {
        await client.query("set local plan_cache_mode = 'force_generic_plan'");
        const parameters = ['text', 'uuid', 'uuid', 'text', 'uuid', 'text', 'text', 'int', 'boolean'];
        await client.query(`prepare enter_plan (${parameters.join(', ')}) as ${call}`);
        const { rows } = await client.query(
          'explain (verbose, costs off) execute enter_plan(null, null, null, null, null, null, null, null, false)',
        );
        await client.query('deallocate enter_plan');
        return rows.map((row) => Object.values(row)[0]).join('\n');
      });
      expect(plan).toContain('set_config');
      expect(plan).not.toContain('enter_request');
    });
  },
  { except: ['citus'] },
);
