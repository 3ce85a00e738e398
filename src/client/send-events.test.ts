import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeEngines } from '../../tests/support/engines.ts';
import { openTestEvents, type TestEvents } from '../modules/events/testing.ts';
import { sendEvents } from './send-events.ts';

describeEngines('sending events over HTTP', (on) => {
  let test: TestEvents;
  let baseUrl: string;
  const folder = mkdtempSync(join(tmpdir(), 'plinth-send-'));
  beforeAll(async () => {
    test = await openTestEvents(on.engine);
    baseUrl = await test.server.app.listen({ host: '127.0.0.1', port: 0 });
  });
  afterAll(async () => {
    await test.close();
    rmSync(folder, { recursive: true });
  });

  it('sends files and payloads, tells of progress, and adds nothing the second time', async () => {
    const source = await test.source(await test.organization());
    const file = join(folder, 'push.first.json');
    writeFileSync(file, '{"ref":"refs/heads/main"}\n');
    const progress: string[] = [];
    const options = {
      hook: source.hook_path,
      baseUrl,
      secret: source.secret,
      files: [file],
      payloads: Array.from({ length: 30 }, (_, n) => ({ name: `star.${n}`, body: JSON.stringify({ n }) })),
      onProgress: ({ sent, total }: { sent: number; total: number }) => void progress.push(`${sent}/${total}`),
    };
    const first = await sendEvents(options);
    expect(first).toMatchObject({ stored: 31, duplicates: 0, refused: 0 });
    expect([progress.length, progress.at(-1)]).toEqual([31, '31/31']);
    const second = await sendEvents(options);
    expect(second).toMatchObject({ stored: 0, duplicates: 31, refused: 0 });
    expect(second.results.map(({ id }) => id)).toEqual(first.results.map(({ id }) => id));
    const kinds = await test.rows(
      'select type, count(*)::int as n from events where source_id = $1 group by 1 order by 1',
      [source.id],
    );
    expect(kinds).toEqual([
      { type: 'push', n: 1 },
      { type: 'star', n: 30 },
    ]);
  });

  it.each(['standard_webhooks', 'slack', 'linear', 'hmac'] as const)('signs as %s', async (scheme) => {
    const configuration = {
      header: 'x-signature',
      algorithm: 'sha512',
      encoding: 'base64',
      kind_header: 'x-kind',
    } as const;
    const source = await test.source(await test.organization(), {
      scheme,
      ...(scheme === 'hmac' ? { configuration } : {}),
    });
    const body = JSON.stringify({ type: 'Issue', webhookTimestamp: Date.now() });
    const sent = await sendEvents({
      hook: new URL(source.hook_path, baseUrl).href,
      secret: source.secret,
      scheme,
      ...(scheme === 'hmac' ? { configuration } : {}),
      payloads: [{ name: 'Issue.json', body }],
    });
    expect(sent.results).toEqual([{ name: 'Issue.json', outcome: 'stored', status: 200, id: expect.any(String) }]);
  });

  it('reports refusals by their code', async () => {
    const source = await test.source(await test.organization());
    const wrong = { hook: source.hook_path, baseUrl, secret: 'another secret than this' };
    const { results, refused } = await sendEvents({ ...wrong, payloads: [{ name: 'push', body: '{}' }] });
    expect(refused).toBe(1);
    expect(results[0]).toMatchObject({ outcome: 'refused', status: 401, code: 'signature_mismatch' });
  });
});
