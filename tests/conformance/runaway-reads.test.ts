/** Reads share round trips: of those that come together only the one that runs away is stopped, and blamed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { openPglite } from '../../src/platform/db/pglite/engine.ts';
import { makeDoor } from '../../src/platform/scope/door.ts';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';

const statementTimeoutMs = 2_000;

describeEngines('reads beside one that runs away', (on) => {
  it('are answered, whichever came first', async () => {
    // an engine in memory is empty after it was stopped; in a folder it is not
    const folder = mkdtempSync(join(tmpdir(), 'plinth-runaway-'));
    const load = inject('engines').find(({ name }) => name === 'pglite')?.templateTar;
    const engine =
      on.name === 'pglite'
        ? await openPglite({
            dataDir: join(folder, 'data'),
            fsync: false,
            statementTimeoutMs,
            ...(load !== undefined && { load }),
          })
        : (await on.open({ server: { statementTimeoutMs } })).engine;
    try {
      await admitTestLogin(engine);
      const door = makeDoor(engine);
      const counting = (n: number) =>
        door.readOne({ as: 'app' }, 'select count(*)::int as n from generate_series(1, $1::bigint)', [n]);
      // known to be quick, and so to share a connection
      for (let round = 0; round < 4; round++) await counting(1);
      expect(await Promise.allSettled([counting(1), counting(1_000_000_000), counting(2)])).toMatchObject([
        { status: 'fulfilled', value: [{ n: 1 }] },
        { status: 'rejected', reason: { code: 'statement_timeout' } },
        { status: 'fulfilled', value: [{ n: 2 }] },
      ]);
    } finally {
      if (on.name === 'pglite') await engine.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
