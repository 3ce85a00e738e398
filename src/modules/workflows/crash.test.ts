import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { temporaryDataDir } from '../../../tests/support/data-dir.ts';
import { describeEngines } from '../../../tests/support/engines.ts';
import { modules } from '../../modules.ts';
import type { Engine } from '../../platform/db/engine.ts';
import { openPglite } from '../../platform/db/pglite/engine.ts';
import { migrateEngine } from '../../platform/migrate/schema.ts';
import { version } from '../../version.ts';
import { crash_steps, crashPlatform } from './fixtures/crash-workflow.ts';
import { startRun } from './runs.ts';

const program = new URL('./fixtures/crash-child.ts', import.meta.url).pathname;

describeEngines('a worker that is killed between the steps of a workflow', (on) => {
  const owner = async <R>(engine: Engine, text: string, values: unknown[] = []) => {
    const client = await engine.directPool.connect();
    try {
      await client.query('begin; set local role plinth_owner');
      const { rows } = await client.query(text, values);
      await client.query('commit');
      return rows as R[];
    } finally {
      client.release();
    }
  };

  it('repeats no finished step, and the run ends as if nothing had been', async () => {
    // the embedded engine lives and dies with its process: it is opened by one after the other
    const folder = on.name === 'pglite' ? temporaryDataDir() : undefined;
    const opened = async <T>(work: (engine: Engine) => Promise<T>): Promise<T> => {
      if (!folder) return work(on.engine);
      const engine = await openPglite({ dataDir: folder, fsync: false });
      try {
        return await work(engine);
      } finally {
        await engine.close();
      }
    };
    const organizationId = randomUUID();
    const { id } = await opened(async (engine) => {
      if (folder) await migrateEngine(engine, modules, { programVersion: version });
      await owner(engine, 'insert into plinth.organizations (id, name, slug) values ($1, $2, $3)', [
        organizationId,
        'Tenant',
        `tenant-${organizationId}`,
      ]);
      const platform = crashPlatform(engine, () => undefined);
      return platform.door.write({ as: 'app', organizationId }, (tx) => startRun(platform, tx, { workflow: 'crash' }));
    });
    const finished = () =>
      opened((engine) =>
        owner<{ key: string }>(
          engine,
          `select key from plinth.workflow_step_runs where run_id = $1 and status = 'completed' and kind = 'step'`,
          [id],
        ),
      );
    const ran: string[] = [];
    for (const killAfter of [2, 3, Number.POSITIVE_INFINITY]) {
      const before = new Set((await finished()).map(({ key }) => key));
      const args = [program, folder ? 'pglite' : 'postgres', folder ?? on.test.url!, id];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      let steps = 0;
      for await (const key of createInterface(child.stdout)) {
        expect(before.has(key), `${key} ran again`).toBe(false);
        ran.push(key);
        if (++steps >= killAfter) break;
      }
      child.kill('SIGKILL');
      await exited;
    }
    const [task] = await opened((engine) =>
      owner<{ status: string; results: string[] }>(engine, 'select status, results from plinth.tasks where id = $1', [
        id,
      ]),
    );
    const steps = [...Array(crash_steps).keys()].map((n) => `step ${n}`);
    expect(task).toEqual({ status: 'completed', results: [...steps, 'branches/0/left', 'branches/1/right'] });
    expect(new Set(ran)).toEqual(new Set(task!.results));
  }, 180_000);
});
