/** A project, a repository and two analysis runs of a folder with good and bad code, as the worker makes them. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { directorySource, performRun } from '../../src/modules/analysis/index.ts';
import { type ClockedPlinth, type FirstRun, text } from '../support/plinth.ts';

/** A name no link or markup may come of; the file system takes all but the slash. */
export const hostileFile = '<img src=x onerror=window.hacked=1>.ts';

const simple = 'export const add = (a: number, b: number): number => a + b;\n';

/** A function nested deep enough to be an issue. */
const tangled = (levels: number) =>
  [
    'export function tangled(x: number, y: number): number {',
    ...Array.from({ length: levels }, (_, level) => `${'  '.repeat(level + 1)}if (x > ${level} && y < ${level}) {`),
    `${'  '.repeat(levels + 1)}return x || y;`,
    ...Array.from({ length: levels }, (_, level) => `${'  '.repeat(levels - level)}}`),
    '  return 0;',
    '}',
    '',
  ].join('\n');

export interface CodeData {
  readonly projectId: string;
  readonly repositoryId: string;
  /** Older first; the second has less debt. */
  readonly runs: readonly [string, string];
}

export async function makeCodeData(plinth: ClockedPlinth, owner: FirstRun): Promise<CodeData> {
  const post = async (url: string, body: unknown) => {
    const answer = await plinth.call('POST', url, { key: owner.key, body });
    if (answer.status >= 300) throw new Error(answer.text);
    return text(answer.body['id']);
  };
  const goals = ['No lost order', '<b>bold</b> goal'];
  const projectId = await post('/v1/projects', { name: 'Checkout', goals, description: 'Pays.\nShips.', priority: 3 });
  const repositoryId = await post('/v1/repositories', {
    full_name: 'acme/shop',
    url: 'https://github.com/acme/shop',
    languages: ['TypeScript'],
  });
  const linked = await plinth.call('PUT', `/v1/projects/${projectId}/repositories/${repositoryId}`, { key: owner.key });
  if (linked.status !== 204) throw new Error(linked.text);
  const runs = [
    await analyse(plinth, owner.organizationId, { repositoryId, commitSha: 'a'.repeat(40), levels: 9 }),
    await analyse(plinth, owner.organizationId, { repositoryId, commitSha: 'b'.repeat(40), levels: 6 }),
  ] as const;
  return { projectId, repositoryId, runs };
}

interface Analysed {
  readonly repositoryId: string;
  readonly commitSha: string;
  readonly levels: number;
}

async function analyse(plinth: ClockedPlinth, organizationId: string, { levels, ...run }: Analysed): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plinth-code-'));
  try {
    await mkdir(join(folder, 'src'));
    await writeFile(join(folder, 'src', 'add.ts'), simple.repeat(5));
    await writeFile(join(folder, 'src', 'tangled.ts'), tangled(levels));
    await writeFile(join(folder, hostileFile), tangled(5));
    const done = await performRun(
      plinth.platform,
      { as: 'app', organizationId, memberRole: 'service' },
      { ...run, branch: 'main', taskId: null, eventId: null },
      await directorySource(folder),
    );
    if (done.outcome !== 'completed') throw new Error(`the analysis ended ${done.outcome}`);
    return done.runId;
  } finally {
    await rm(folder, { recursive: true });
  }
}
