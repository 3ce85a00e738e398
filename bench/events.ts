/** Events in and out: bulk storage beside COPY, webhooks over HTTP, matching many subscriptions, deliveries. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import examples from '@octokit/webhooks-examples' with { type: 'json' };
import autocannon from 'autocannon';
import {
  createSource,
  createSubscription,
  ingestEvents,
  prepareSource,
  processPendingEvents,
  readPayload,
} from '../src/modules/events/index.ts';
import { eventOfWebhook, newEvent } from '../src/modules/events/new-event.ts';
import { signGithub } from '../src/modules/events/sample.ts';
import { bulkLoad } from '../src/platform/db/bulk.ts';
import type { Scope } from '../src/platform/scope/scope.ts';
import { type BenchPlinth, newDatabase, openBenchPlinth, startServer } from './database.ts';
import {
  alternate,
  alternateAll,
  type BenchContext,
  type Benchmark,
  median,
  milliseconds,
  pause,
  perSecond,
  type Row,
  ratio,
} from './measure.ts';
import { startUp } from './process.ts';

const connections = 50;
/** As GitHub's small ones are: stars, labels, pings. Their mean goes into the table. */
const payload_bytes_max = 8_000;
const secret = 'a secret of more than sixteen bytes';

interface Payload {
  readonly kind: string;
  readonly text: string;
}

const originals: readonly Payload[] = (examples as unknown as { name: string; examples: object[] }[]).flatMap(
  ({ name, examples: of }) =>
    of.map((one) => ({ kind: name, text: JSON.stringify(one) })).filter(({ text }) => text.length <= payload_bytes_max),
);
const meanBytes = Math.round(originals.reduce((sum, { text }) => sum + text.length, 0) / originals.length);

let made = 0;
const time = /"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"/g;
/**
 * Each differs from all others, so that none is a repeat, and tells of now, as webhooks do: the examples are of 2019, and
 * what was measured with them was a month without a partition, whose rows are moved into it under a lock meanwhile.
 */
const payloads = (count: number): Payload[] => {
  const now = JSON.stringify(new Date());
  return Array.from({ length: count }, () => {
    const { kind, text } = originals[made % originals.length]!;
    return { kind, text: `${text.slice(0, -1).replace(time, now)},"bench":${made++}}` };
  });
};

const scopeOf = ({ organization }: BenchPlinth): Scope => ({
  as: 'app',
  organizationId: organization.id,
  userId: organization.userId,
  memberRole: 'owner',
});

async function makeSource(bench: BenchPlinth): Promise<{ id: string; path: string }> {
  const { platform } = bench.plinth;
  const prepared = await prepareSource(platform, bench.organization.id, { name: 'GitHub', scheme: 'github', secret });
  const { id } = await platform.door.write(scopeOf(bench), (tx) => createSource(tx, prepared));
  return { id, path: prepared.shown.hook_path };
}

export const events: Benchmark = async (context) => {
  const server = await startServer();
  try {
    return [
      ...(await bulk('PostgreSQL 18', await openBenchPlinth(await newDatabase(server)), context, 0.45)),
      ...(await matching('PostgreSQL 18', await openBenchPlinth(await newDatabase(server)), context, 2_000)),
      ...(await overHttp(await newDatabase(server), context)),
      ...(await throughUp('PostgreSQL 18', await newDatabase(server), context, true)),
      ...(await bulk('PGlite', await openBenchPlinth(), context)),
      ...(await matching('PGlite', await openBenchPlinth(), context)),
      ...(await throughUp('PGlite', undefined, context, false)),
    ];
  } finally {
    await server.stop();
  }
};

const of = (engine: string, what: string, result: string, goal = '', met?: boolean): Row => ({
  engine,
  what,
  result,
  goal,
  ...(met === undefined ? {} : { met }),
});

/** Verified payloads, extracted and stored once each in batches of 500, beside COPY of their texts into a bare table. */
async function bulk(
  engine: string,
  bench: BenchPlinth,
  { rounds, quick }: BenchContext,
  goal?: number,
): Promise<Row[]> {
  const { platform } = bench.plinth;
  const count = quick ? 2_000 : 10_000;
  const { id } = await makeSource(bench);
  const ours = async () => {
    const all = payloads(count);
    const started = performance.now();
    for (let from = 0; from < count; from += 500) {
      const now = new Date();
      const batch = all.slice(from, from + 500).map(({ kind, text }) => {
        const key = `bench:${made++}`;
        const verified = { ok: true, deduplicationKey: key, replayKey: `body:${key}`, kind, externalId: key } as const;
        return eventOfWebhook('github', verified, readPayload(Buffer.from(text)), now);
      });
      await platform.door.write(scopeOf(bench), (tx) =>
        ingestEvents(platform, tx, { sourceId: id, scheme: 'github' }, batch),
      );
    }
    return (count * 1_000) / (performance.now() - started);
  };
  const copy = async () => {
    const rows = payloads(count).map(({ text }) => [text]);
    // given back before the other side's turn: the embedded engine has one connection
    const owner = await platform.engine.directPool.connect();
    try {
      await owner.query('create temporary table if not exists copied (payload jsonb not null)');
      const started = performance.now();
      await bulkLoad(owner, 'pg_temp.copied', ['payload'], rows, { capabilities: platform.engine.capabilities });
      return (count * 1_000) / (performance.now() - started);
    } finally {
      owner.release();
    }
  };
  const figures = await alternate(rounds, { ours, copy });
  await bench.close();
  const quotient = figures.ours / figures.copy;
  return [
    of(
      engine,
      `Events stored in batches of 500 (GitHub's payloads of ${meanBytes} bytes, read, extracted, each once) ÷ COPY of their texts`,
      `${perSecond(figures.ours)} ÷ ${perSecond(figures.copy)} = ${ratio(quotient)}`,
      goal === undefined ? '' : `≥ ${goal}`,
      goal === undefined ? undefined : quotient >= goal,
    ),
  ];
}

/** 1,000 subscriptions, of which ten want each event by source and name. */
async function matching(
  engine: string,
  bench: BenchPlinth,
  { rounds, quick }: BenchContext,
  goal?: number,
): Promise<Row[]> {
  const { platform } = bench.plinth;
  const scope = scopeOf(bench);
  for (let from = 0; from < 1_000; from += 100) {
    await platform.door.write(scope, async (tx) => {
      for (let at = from; at < from + 100; at++) {
        await createSubscription(platform, tx, {
          name: `subscription ${at}`,
          sources: ['api'],
          names: [at < 10 ? 'order.paid' : `order.other-${at}`],
          // wanted by source and name, and let go by the filter: what is measured is the matching, not the tasks
          filter: 'payload.total > 1000',
          action: 'task',
          target: { task_type: 'analysis.run' },
        });
      }
    });
  }
  const count = quick ? 1_000 : 5_000;
  const rate = async () => {
    const now = new Date();
    for (let from = 0; from < count; from += 500) {
      const batch = Array.from({ length: 500 }, () =>
        newEvent({ keys: [`m:${made++}`], external_id: null, type: 'order.paid' }, '{"total":7}', null, now),
      );
      await platform.door.write(scope, (tx) => ingestEvents(platform, tx, { sourceId: null, scheme: 'api' }, batch));
    }
    const started = performance.now();
    let done = 0;
    while (done < count) {
      const { events: some } = await processPendingEvents(platform, bench.organization.id);
      if (some === 0) break;
      done += some;
    }
    return (done * 1_000) / (performance.now() - started);
  };
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await rate());
  await bench.close();
  const value = median(values);
  return [
    of(
      engine,
      'Events matched with 1,000 subscriptions, ten of them by source and name',
      perSecond(value),
      goal === undefined ? '' : `≥ ${goal.toLocaleString('en')}/s`,
      goal === undefined ? undefined : value >= goal,
    ),
  ];
}

interface Child {
  readonly url: string;
  stop(): Promise<void>;
}

async function startChild(mode: string, env: Readonly<Record<string, string>>): Promise<Child> {
  const child: ChildProcess = spawn(
    process.execPath,
    [fileURLToPath(new URL('./events-server.ts', import.meta.url)), mode],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } },
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('exit', () => reject(new Error(`${mode} ended`)));
  });
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

/** Signed webhooks for `seconds` from 50 connections: how many a second, and the time that 97.5 of 100 stay below. */
async function post(url: string, seconds: number): Promise<{ rate: number; p97_5: number }> {
  const signed = payloads(seconds * 4_000).map(({ kind, text }) => ({
    text,
    headers: signGithub(text, secret, { kind }),
  }));
  let next = 0;
  const refused: string[] = [];
  const result = await autocannon({
    url,
    method: 'POST',
    connections,
    duration: seconds,
    requests: [
      {
        setupRequest: (request) => {
          const { text, headers } = signed[next++ % signed.length]!;
          return { ...request, body: text, headers: { ...headers } };
        },
        onResponse: (status, body) => {
          if (status >= 300) refused.push(`${status} ${body}`);
        },
      },
    ],
  });
  if (refused.length > 0) throw new Error(`${refused.length} webhooks were refused: ${refused[0]}`);
  return { rate: result.requests.average, p97_5: result.latency.p97_5 };
}

/** What one insert for several webhooks gives, without what happens to them afterwards. */
async function overHttp(databaseUrl: string, { rounds, quick }: BenchContext): Promise<Row[]> {
  const bench = await openBenchPlinth(databaseUrl);
  const { path } = await makeSource(bench);
  await bench.plinth.close();
  const env = {
    NODE_ENV: 'production',
    PLINTH_LOG_LEVEL: 'error',
    PLINTH_MASTER_KEY: bench.masterKey,
    PLINTH_DATA: `${bench.folder}/data`,
    DATABASE_URL: databaseUrl,
  };
  const [batched, single, parse] = [
    await startChild('batched', env),
    await startChild('single', env),
    await startChild('parse', {}),
  ];
  const seconds = quick ? 2 : 5;
  const run = (child: Child) => async () => await post(`${child.url}${path}`, seconds);
  for (const child of [batched, single, parse]) await run(child)();
  const figures = await alternateAll(rounds, { batched: run(batched), single: run(single), parse: run(parse) });
  for (const child of [batched, single, parse]) await child.stop();
  const row = (name: string, other: number, goal: number): Row =>
    of(
      'PostgreSQL 18',
      `Signed webhooks stored over HTTP (${connections} connections) ÷ ${name}`,
      `${perSecond(figures.batched.rate)} ÷ ${perSecond(other)} = ${ratio(figures.batched.rate / other)}`,
      `≥ ${goal}`,
      figures.batched.rate / other >= goal,
    );
  return [
    row('the same with an insert for each', figures.single.rate, 2),
    row('Fastify that parses and answers', figures.parse.rate, 0.35),
  ];
}

/** The whole program: webhooks that are matched at once, then deliveries to a receiver of its own. */
async function throughUp(
  engine: string,
  databaseUrl: string | undefined,
  { rounds, quick }: BenchContext,
  hasGoal: boolean,
): Promise<Row[]> {
  const bench = await openBenchPlinth(databaseUrl);
  const { path } = await makeSource(bench);
  await bench.plinth.close();
  const up = await startUp(
    ['--data', `${bench.folder}/data`, ...(databaseUrl ? ['--database-url', databaseUrl] : [])],
    {
      NODE_ENV: 'production',
      PLINTH_LOG_LEVEL: 'error',
      PLINTH_MASTER_KEY: bench.masterKey,
      PLINTH_OUTBOUND_ALLOW: '127.0.0.0/8',
    },
  );
  try {
    const seconds = quick ? 2 : 5;
    const results: { rate: number; p97_5: number }[] = [];
    await post(`${up.url}${path}`, seconds);
    for (let round = 0; round < rounds; round++) results.push(await post(`${up.url}${path}`, seconds));
    const rate = median(results.map((one) => one.rate));
    const p97_5 = median(results.map((one) => one.p97_5));
    const goal = (text: string, met: boolean): [string, boolean?] => (hasGoal ? [text, met] : ['']);
    const delivered = await deliveries(up.url, bench.key, rounds, quick ? 500 : 3_000);
    return [
      of(
        engine,
        `Verified GitHub webhooks taken by \`plinth up\` (${connections} connections), matched beside it`,
        perSecond(rate),
        ...goal('≥ 1,500/s', rate >= 1_500),
      ),
      of(engine, 'Their answer, 97.5th percentile', milliseconds(p97_5), ...goal('< 50 ms', p97_5 < 50)),
      of(
        engine,
        'Webhooks delivered to four endpoints, signed, until the last is recorded',
        perSecond(delivered),
        ...goal('≥ 1,000/s', delivered >= 1_000),
      ),
    ];
  } finally {
    await up.stop();
  }
}

async function deliveries(base: string, key: string, rounds: number, count: number): Promise<number> {
  const receiver = await startChild('parse', {});
  const call = async (method: string, path: string, body?: unknown, type = 'application/json') => {
    const answer = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const endpoints = 4;
  for (let n = 0; n < endpoints; n++) {
    const { id } = await call('POST', '/v1/event-endpoints', { url: `${receiver.url}/${n}` });
    await call('POST', '/v1/event-subscriptions', {
      name: `to ${n}`,
      names: ['bench.sent'],
      action: 'webhook',
      target: { endpoint_id: id },
    });
  }
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const lines = Array.from({ length: count / endpoints }, (_, n) =>
      JSON.stringify({ type: 'bench.sent', id: `d${round}-${n}`, payload: { n } }),
    );
    const started = performance.now();
    await call('POST', '/v1/events', lines.join('\n'), 'application/x-ndjson');
    for (;;) {
      const left = [
        '/v1/events?status=pending',
        '/v1/event-deliveries?status=pending',
        '/v1/event-deliveries?status=sending',
      ];
      const lists = await Promise.all(left.map((path) => call('GET', `${path}&limit=1`)));
      if (lists.every(({ data }) => data.length === 0)) break;
      await pause(20);
    }
    values.push((count * 1_000) / (performance.now() - started));
  }
  await receiver.stop();
  return median(values);
}
