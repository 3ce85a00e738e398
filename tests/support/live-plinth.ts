/** A whole Plinth over a test's engine, listening and working, with an organization: what a client talks to. */
import { randomBytes } from 'node:crypto';
import { issueFirstRunLink } from '../../src/modules/tenancy/index.ts';
import { modules } from '../../src/modules.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { MasterKey } from '../../src/platform/core/crypto/index.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import type { ModuleDefinition } from '../../src/platform/module.ts';
import { openPlinth, type Plinth, seedCatalogues } from '../../src/plinth.ts';
import { PASSWORD } from './plinth.ts';

/** Task types for clients' tests: one that doubles `payload.n`, one that always fails, one that does not end. */
const clientTasks: ModuleDefinition = {
  name: 'client-tasks',
  description: 'Task types for tests of clients.',
  dependsOn: [],
  tasks: {
    'test.double': {
      description: 'Doubles payload.n.',
      run: async (_context, payload) => ({ doubled: (payload as { n: number }).n * 2 }),
    },
    'test.fail': { description: 'Fails.', run: () => Promise.reject(new Error('it always does')) },
    'report.make': { description: 'The report of a month.', run: async (_context, payload) => payload },
    'test.later': { description: 'Is enqueued for later.', run: async () => null },
  },
};

export interface LivePlinth {
  readonly plinth: Plinth;
  readonly url: string;
  readonly key: string;
  readonly email: string;
  readonly password: string;
  close(): Promise<void>;
}

export async function openLivePlinth(engine: Engine): Promise<LivePlinth> {
  const plinth = await openPlinth({
    engine,
    modules: [...modules, clientTasks],
    masterKeys: { current: new MasterKey(randomBytes(32)), previous: [] },
    config: loadConfig({ PLINTH_LOG_LEVEL: 'silent' }),
  });
  await seedCatalogues(plinth.platform);
  const { url } = await plinth.listen({ host: '127.0.0.1', port: 0 });
  plinth.work();
  const link = await issueFirstRunLink(plinth.platform);
  const email = 'ada@example.org';
  const made = await fetch(`${url}/v1/first-run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: link?.token, email, password: PASSWORD, organization_name: 'Acme' }),
  });
  if (made.status !== 201) throw new Error(await made.text());
  const { api_key } = (await made.json()) as { api_key: { key: string } };
  return { plinth, url, key: api_key.key, email, password: PASSWORD, close: () => plinth.close(1000) };
}
