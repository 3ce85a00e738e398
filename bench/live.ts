/** A thousand who look at events as they come: when the last of them has one, and what a stream costs. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeKey } from '../src/testing.ts';
import { newDatabase, openBenchPlinth, startServer } from './database.ts';
import { type BenchContext, milliseconds, pause, percentile, type Row } from './measure.ts';
import { startUp } from './process.ts';

const clients = 1_000;
/** Each is verified again and again while its streams last. */
const key_count = 250;
const events_per_second = 10;
/** Within which a stream ends whose key was revoked. */
const revoked_ms_max = 5_000;

export async function live(context: BenchContext): Promise<Row[]> {
  const server = await startServer();
  try {
    return [
      ...(await measure('PostgreSQL 18', await newDatabase(server), context)),
      ...(await measure('PGlite', undefined, context)),
    ];
  } finally {
    await server.stop();
  }
}

async function measure(engine: string, databaseUrl: string | undefined, { quick, note }: BenchContext): Promise<Row[]> {
  const bench = await openBenchPlinth(databaseUrl);
  const who = { organizationId: bench.organization.id, userId: bench.organization.userId, role: 'viewer' } as const;
  const keys: { id: string; key: string }[] = [];
  for (let n = 0; n < key_count; n++) keys.push(await makeKey(bench.plinth.platform, who));
  const keysFile = join(bench.folder, 'keys');
  writeFileSync(keysFile, keys.map(({ key }) => key).join('\n'));
  await bench.plinth.close();
  const up = await startUp(
    ['--data', `${bench.folder}/data`, ...(databaseUrl ? ['--database-url', databaseUrl] : [])],
    { NODE_ENV: 'production', PLINTH_LOG_LEVEL: 'error', PLINTH_MASTER_KEY: bench.masterKey },
  );
  const before_mb = up.memoryMb();
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('./live-clients.ts', import.meta.url)), up.url, keysFile, String(clients)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the clients ended early');
    return value;
  };
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${up.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${bench.key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  };
  try {
    await next();
    const count = (quick ? 5 : 20) * events_per_second;
    const sent: number[] = [];
    const first: number[] = [];
    const last: number[] = [];
    const all = (async () => {
      for (let n = 0; n < count; n++) {
        const [number = 0, firstAt = 0, lastAt = 0] = (await next()).split(' ').map(Number);
        first.push(firstAt - (sent[number] ?? 0));
        last.push(lastAt - (sent[number] ?? 0));
      }
    })();
    for (let n = 0; n < count; n++) {
      sent.push(performance.timeOrigin + performance.now());
      await call('POST', '/v1/events', { type: `live.${n}`, payload: { n } });
      await pause(Math.max(0, 1_000 / events_per_second - (performance.timeOrigin + performance.now() - sent[n]!)));
    }
    await all;
    const stream_kb = ((up.memoryMb() - before_mb) * 1_024) / clients;
    const revoked = performance.timeOrigin + performance.now();
    for (const { id } of keys) await call('DELETE', `/v1/api-keys/${id}`);
    const revoking_ms = performance.timeOrigin + performance.now() - revoked;
    const ended_ms = Number((await next()).split(' ')[1]) - revoked - revoking_ms;
    note(`${engine}: first client p50 ${milliseconds(percentile(first, 50))}, ${Math.round(stream_kb)} kB a stream`);
    const row = (what: string, result: string, goal = '', met?: boolean): Row => ({
      what,
      engine,
      result,
      goal,
      ...(met === undefined ? {} : { met }),
    });
    return [
      row(
        `An event until the last of ${clients.toLocaleString('en')} live clients has it, ${events_per_second} events a second; median, 95th percentile`,
        `${milliseconds(percentile(last, 50))}, ${milliseconds(percentile(last, 95))}`,
      ),
      row(
        'The same until the first has it',
        `${milliseconds(percentile(first, 50))}, ${milliseconds(percentile(first, 95))}`,
      ),
      row('Resident memory of the server for each stream', `${Math.round(stream_kb)} kB`),
      row(
        'After the last of their keys was revoked, until the last stream has ended',
        milliseconds(Math.max(0, ended_ms)),
        '≤ 5 s',
        ended_ms <= revoked_ms_max,
      ),
    ];
  } finally {
    child.kill('SIGKILL');
    await up.stop();
  }
}
