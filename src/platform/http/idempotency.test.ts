import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { expectProblem } from '../../../tests/e2e/problems.ts';
import { describeEngines } from '../../../tests/support/engines.ts';
import {
  baseModules,
  type ClockedPlinth,
  type FirstRun,
  firstRun,
  openPlinthOn,
} from '../../../tests/support/plinth.ts';
import type { TestAnswer } from '../../testing.ts';
import type { ModuleDefinition } from '../module.ts';

/** A gate that a transaction stands at. */
function makeGate() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    reached: reached.promise,
    open: opened.resolve,
    fail: (error: Error) => opened.reject(error),
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
  };
}

let gate = makeGate();
let runs = 0;
const heldModule: ModuleDefinition = {
  name: 'held',
  description: 'A write that stays in its transaction.',
  dependsOn: [],
  routes(routes) {
    routes.add({
      method: 'POST',
      url: '/v1/held',
      summary: 'Counts, when the gate opens',
      tag: 'held',
      permission: 'user',
      status: 201,
      mode: 'write',
      async run(tx, { request }) {
        runs++;
        await gate.pass();
        const [row] = await tx.sql<{ name: string }>(
          `insert into plinth.projects (organization_id, name, slug) values ($1, 'Held', 'held-' || $2) returning slug`,
          [tx.organizationId, request.headers['idempotency-key']],
        );
        return row;
      },
    });
  },
};

describeEngines(
  'a request whose Idempotency-Key is in use',
  (on) => {
    let plinth: ClockedPlinth;
    let acme: FirstRun;
    beforeAll(async () => {
      plinth = await openPlinthOn(on.engine, [...baseModules, heldModule]);
      acme = await firstRun(plinth);
    });
    afterAll(() => plinth.close());
    afterEach(() => {
      gate.open();
      gate = makeGate();
      runs = 0;
    });
    const post = (key: string, url = '/v1/held', body: object = {}) =>
      plinth.call('POST', url, { key: acme.key, body, headers: { 'idempotency-key': key } });
    const problem = ({ status, headers, text }: TestAnswer) => ({
      status,
      type: String(headers['content-type']),
      body: text,
    });
    const isServer = on.name !== 'pglite';

    it.runIf(isServer)('is told to wait while the first one runs, then gets its answer', async () => {
      const first = post('one');
      await gate.reached;
      const second = await post('one');
      expectProblem(problem(second), 'idempotency_in_progress');
      expect(second).toMatchObject({ status: 409, headers: { 'retry-after': '1' } });
      gate.open();
      expect(await first).toMatchObject({ status: 201, body: { slug: 'held-one' } });
      const third = await post('one');
      expect(third).toMatchObject({
        status: 201,
        body: { slug: 'held-one' },
        headers: { 'idempotency-replayed': 'true' },
      });
      expect(runs).toBe(1);
    });

    it.runIf(isServer)('is told so by /rest/v1 as well, and at another key nobody waits', async () => {
      const first = post('shared');
      await gate.reached;
      const [same, other] = await Promise.all([
        post('shared', '/rest/v1/projects', { name: 'x', slug: 'x' }),
        post('free', '/rest/v1/projects', { name: 'y', slug: 'y' }),
      ]);
      expectProblem(problem(same), 'idempotency_in_progress');
      expect(same.headers['retry-after']).toBe('1');
      expect(other.status).toBe(201);
      gate.open();
      expect((await first).status).toBe(201);
    });

    it('gets the first one’s answer when that is done soon', async () => {
      const first = post('soon');
      await gate.reached;
      const others = Promise.all([post('soon'), post('soon')]);
      // on the embedded engine they wait for its only connection
      gate.open();
      expect(await first).toMatchObject({ status: 201, body: { slug: 'held-soon' } });
      for (const other of await others) {
        expect(other).toMatchObject({
          status: 201,
          body: { slug: 'held-soon' },
          headers: { 'idempotency-replayed': 'true' },
        });
      }
      expect(runs).toBe(1);
    });

    it('does the work itself when the first one fails', async () => {
      const first = post('failing');
      await gate.reached;
      const second = post('failing');
      const firstGate = gate;
      gate = makeGate();
      gate.open();
      firstGate.fail(new Error('the first one failed'));
      expect((await first).status).toBe(500);
      const answer = await second;
      expect(answer.status).toBe(201);
      expect(answer.headers['idempotency-replayed']).toBeUndefined();
      expect(runs).toBe(2);
    });

    it('leaves the time that other statements may wait as it was', async () => {
      const [row] = await plinth.platform.door.write({ organizationId: acme.organizationId }, async (tx) => {
        await tx.sql('select * from plinth.claim_idempotency_key($1, $2, $3, $4, $5)', [
          acme.organizationId,
          'me',
          'k',
          Buffer.from('h'),
          1,
        ]);
        return tx.sql<{ wait: string }>(`select current_setting('lock_timeout') as wait`);
      });
      expect(row).toEqual({ wait: '0' });
    });
  },
  { server: { poolSize: 4 } },
);
