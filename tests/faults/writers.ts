/** Clients that create rows as fast as they are let, and remember what the server acknowledged. */
import { Agent, request } from 'node:http';

export type WriteKind = 'one' | 'many' | 'domain';
/** Rows of one `many`: in one statement, so there are all of them or none. */
const rows_of_many = 5;

/** One request: its rows by slug, and whether the server said that they are written. */
export interface Write {
  readonly kind: WriteKind;
  readonly slugs: readonly string[];
  readonly idempotencyKey: string;
  acknowledged: boolean;
  /** What came instead of an acknowledgement. */
  failure?: string;
}

export interface Target {
  readonly url: string;
  /** None: the request says itself who asks, by its signature. */
  readonly key?: string;
}

export interface Answer {
  readonly status: number;
  /** Content-Type. */
  readonly type: string | undefined;
  readonly text: string;
}

/** One request of its own connection or the agent's. Rejects when no whole answer came. */
export function send(
  target: Target,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string>; agent?: Agent } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${target.url}${path}`,
      {
        method,
        timeout: 60_000,
        ...(options.agent ? { agent: options.agent } : { agent: false }),
        headers: {
          ...(target.key === undefined ? {} : { authorization: `Bearer ${target.key}` }),
          ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...options.headers,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('aborted', () => reject(new Error('the answer was cut off')));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'],
            text: Buffer.concat(parts).toString('utf8'),
          }),
        );
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 60 s')));
    outgoing.on('error', reject);
    outgoing.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

/** Sends one write; sets `acknowledged`. Sending it again with the same key is safe: that is what the key is for. */
export async function sendWrite(target: Target, write: Write, agent?: Agent): Promise<void> {
  const rows = write.slugs.map((slug) => ({ name: `Project ${slug}`, slug }));
  const path = write.kind === 'domain' ? '/v1/projects' : '/rest/v1/projects';
  try {
    const { status, text } = await send(target, 'POST', path, {
      body: write.kind === 'many' ? rows : rows[0],
      headers: { 'idempotency-key': write.idempotencyKey },
      ...(agent ? { agent } : {}),
    });
    write.acknowledged = status === 201;
    if (!write.acknowledged) write.failure = `${status} ${text}`;
  } catch (error) {
    write.failure = (error as Error).message;
  }
}

export interface Load {
  /** Every write so far, in the order they were sent. */
  readonly writes: readonly Write[];
  /** Resolves when the writers have stopped: at `stop`, or at their first failure. */
  readonly stopped: Promise<void>;
  stop(): void;
}

/**
 * Starts `writers` clients that each send one write after the other, with `rest` between them. They stop at the first
 * that is not acknowledged.
 */
export function startLoad(
  target: Target,
  random: () => number,
  name: string,
  writers = 4,
  rest?: () => Promise<unknown>,
): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: writers });
  const writes: Write[] = [];
  let stopping = false;
  async function writer(at: number): Promise<void> {
    for (let n = 0; !stopping; n++) {
      const slug = `${name}-${at}-${n}`;
      const kind: WriteKind = random() < 0.5 ? 'one' : random() < 0.5 ? 'many' : 'domain';
      const slugs = kind === 'many' ? Array.from({ length: rows_of_many }, (_, row) => `${slug}-${row}`) : [slug];
      const write: Write = { kind, slugs, idempotencyKey: `key-${slug}`, acknowledged: false };
      writes.push(write);
      await sendWrite(target, write, agent);
      if (!write.acknowledged) return;
      await rest?.();
    }
  }
  const stopped = Promise.all(Array.from({ length: writers }, (_, at) => writer(at))).then(() => agent.destroy());
  return {
    writes,
    stopped,
    stop: () => {
      stopping = true;
    },
  };
}

/** One project as the database has it, with what must have been committed beside it. */
export interface StoredRow {
  readonly slug: string;
  readonly audits: number;
  readonly activities: number;
}

/** For one organization, without parameters: `plinth sql` runs it too. */
export function storedRowsSql(organizationId: string): string {
  const mine = `organization_id = '${organizationId}'`;
  return `select p.slug,
    (select count(*)::int from plinth.audit_logs a
     where a.${mine} and a.resource_type = 'projects' and a.resource_id = p.id and a.action = 'insert') as audits,
    (select count(*)::int from plinth.activity_logs l
     where l.${mine} and l.resource_type = 'projects' and l.resource_id = p.id) as activities
    from plinth.projects p where p.${mine}`;
}

/** Audit and activity rows of projects that are not there. */
export function orphansSql(organizationId: string): string {
  const of = (table: string) => `(select count(*) from plinth.${table} t
    where t.organization_id = '${organizationId}' and t.resource_type = 'projects'
      and not exists (select from plinth.projects p
                      where p.organization_id = t.organization_id and p.id = t.resource_id))::int`;
  return `select ${of('audit_logs')} as audits, ${of('activity_logs')} as activities`;
}

/** What is wrong between what was acknowledged and what is stored; empty when nothing is. */
export function findLosses(writes: readonly Write[], stored: readonly StoredRow[]): string[] {
  const bySlug = new Map(stored.map((row) => [row.slug, row]));
  const problems: string[] = stored.length === bySlug.size ? [] : ['a slug is stored twice'];
  let explained = 0;
  for (const write of writes) {
    const there = write.slugs.filter((slug) => bySlug.has(slug));
    explained += there.length;
    const name = `${write.kind} ${write.slugs[0]}`;
    if (write.acknowledged && there.length < write.slugs.length) problems.push(`${name}: acknowledged and lost`);
    else if (there.length > 0 && there.length < write.slugs.length) problems.push(`${name}: half written`);
    for (const slug of there) {
      const row = bySlug.get(slug) as StoredRow;
      if (row.audits !== 1) problems.push(`${slug}: ${row.audits} audit rows`);
      if (row.activities !== (write.kind === 'domain' ? 1 : 0)) problems.push(`${slug}: ${row.activities} activities`);
    }
  }
  if (explained !== stored.length) problems.push(`${stored.length - explained} rows that nobody sent`);
  return problems;
}
