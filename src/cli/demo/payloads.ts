import { readFile } from 'node:fs/promises';
import type { SamplePayload } from '../../client/send-events.ts';
import { vendoredFile } from '../../platform/core/vendored.ts';

interface Example {
  readonly name: string;
  readonly examples: readonly unknown[];
}

/** The payloads GitHub's own SDK publishes. Each is sent as compact JSON. */
export async function publishedPayloads(): Promise<SamplePayload[]> {
  const file = vendoredFile('@octokit/webhooks-examples', 'api.github.com/index.json');
  const kinds = JSON.parse(await readFile(file, 'utf8')) as readonly Example[];
  return kinds.flatMap(({ name, examples }) =>
    examples.map((example, at) => ({ name: `${name} ${at + 1}`, kind: name, body: JSON.stringify(example) })),
  );
}

/** A push to a branch of a repository, shaped as GitHub sends it. */
export function pushPayload(repository: { fullName: string; head: string; branch: string }): SamplePayload {
  const [owner = '', name = ''] = repository.fullName.split('/');
  const body = {
    ref: `refs/heads/${repository.branch}`,
    before: '0'.repeat(40),
    after: repository.head,
    created: false,
    deleted: false,
    forced: false,
    repository: { id: 1, name, full_name: repository.fullName, private: true, owner: { login: owner } },
    sender: { login: 'demo', id: 1 },
    pusher: { name: 'demo' },
    commits: [{ id: repository.head, message: 'Demo', author: { name: 'demo' } }],
    head_commit: { id: repository.head, message: 'Demo', timestamp: new Date(0).toISOString() },
  };
  return { name: `push ${repository.fullName}`, kind: 'push', body: JSON.stringify(body) };
}
