/**
 * The plans of the hottest queries as the roles that run them: what people review when a policy, an index or a planner
 * setting changes. Shapes only; `UPDATE_GOLDEN=1` writes them anew.
 */
import type pg from 'pg';
import { expect, it } from 'vitest';
import { describeEngines } from '../support/engines.ts';
import { admitTestLogin } from '../support/request-login.ts';
import { readGolden, updatesGolden, writeGolden } from './golden-files.ts';

const golden = 'plans.txt';
const load_timeout_ms = 180_000;
/** Rows of each kind in one run, over all organizations. */
const rows_total = 20_000;

/** Rows of `rows` per organization; the third of each is the one that is asked for. */
const load = (organizations: number) => {
  const rows = rows_total / organizations;
  const ids = 'from organizations_of_test as o cross join generate_series(1, n) as g';
  const each = (sql: string) => sql.replaceAll(' n)', ` ${rows})`);
  // Times within this month, a millisecond apart, so that ids differ in their time too.
  const at = `(date_trunc('month', now()) + (row_number() over ()) * interval '1 millisecond')`;
  return `
    create temp table organizations_of_test as select plinth.uuidv7() as id from generate_series(1, ${organizations});
    alter table plinth.organizations disable trigger user;
    alter table plinth.projects disable trigger user;
    alter table plinth.api_keys disable trigger user;
    insert into plinth.organizations (id, name, slug) select id, 'x', 'o-' || replace(id::text, '-', '') from organizations_of_test;
    ${each(`insert into plinth.projects (organization_id, name, slug) select o.id, 'x', 'p-' || g ${ids};`)}
    ${each(`insert into plinth.tasks (organization_id, task_type, status, completed_at)
      select o.id, 't', case when g % 10 = 0 then 'pending' else 'completed' end, case when g % 10 > 0 then now() end ${ids};`)}
    ${each(`insert into plinth.task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds)
      select o.id, plinth.uuidv7(), 't-' || g % 20, 0, now(), 1, 300 ${ids};`)}
    ${each(`insert into plinth.task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, concurrency_key)
      select o.id, plinth.uuidv7(), 't-' || g % 20, 0, now(), 1, 300, 'key-' || g % 7 ${ids};`)}
    ${each(`insert into plinth.api_keys (organization_id, name, prefix, last4) select o.id, 'k', 'p', 'abcd' ${ids};`)}
    insert into plinth.api_key_hashes (organization_id, id, hash) select organization_id, id, sha256(id::text::bytea) from plinth.api_keys;
    ${each(`insert into plinth.audit_logs (organization_id, id, occurred_at, actor, action, resource_type, resource_id, xid)
      select organization_id, plinth.uuidv7(at), at, 'user', 'update', 'projects', plinth.uuidv7(), pg_current_xact_id()
      from (select o.id as organization_id, ${at} as at ${ids}) as r;`)}
    ${each(`insert into plinth.events (organization_id, id, occurred_at, source, type, payload, payload_bytes, status, xid)
      select organization_id, plinth.uuidv7(at), at, 'github', 'type-' || g % 20, jsonb_build_object('n', g), 10, 'processed', pg_current_xact_id()
      from (select o.id as organization_id, g, ${at} as at ${ids}) as r;`)}
    insert into plinth.github_events (organization_id, id, occurred_at, kind, repository_full_name)
      select organization_id, id, occurred_at, 'push', 'owner/repository-' || (row_number() over ()) % 50 from plinth.events;
    analyze plinth.organizations, plinth.projects, plinth.tasks, plinth.task_queue, plinth.api_keys, plinth.api_key_hashes,
      plinth.audit_logs, plinth.events, plinth.github_events;`;
};

interface HotQuery {
  readonly name: string;
  readonly as: 'app' | 'definer';
  readonly sql: string;
  readonly parameters: readonly { readonly type: string; readonly value: string }[];
  /** Planner settings of the function it runs in. */
  readonly settings?: readonly string[];
}

const organization = { type: 'uuid', value: `(select organization_id from plinth.projects offset 2 limit 1)` };
const idOf = (table: string) => ({ type: 'uuid', value: `(select id from plinth.${table} offset 2 limit 1)` });
const text = (value: string) => ({ type: 'text', value: `'${value}'` });

/** What plinth.claim_tasks turns off, for what it calls too. */
const claimSettings = ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_bitmapscan', 'jit'];

const queries: readonly HotQuery[] = [
  {
    name: 'one project by id',
    as: 'app',
    sql: 'select * from plinth.projects where organization_id = $1 and id = $2',
    parameters: [organization, idOf('projects')],
  },
  {
    name: 'the newest tasks',
    as: 'app',
    sql: 'select id, status from plinth.tasks where organization_id = $1 order by id desc limit 50',
    parameters: [organization],
  },
  {
    name: 'the tasks that are pending, by priority',
    as: 'app',
    sql: `select id from plinth.tasks where organization_id = $1 and status = 'pending' order by priority, scheduled_at limit 50`,
    parameters: [organization],
  },
  {
    name: "a resource's history in the audit log",
    as: 'app',
    sql: `select id, action from plinth.audit_logs where organization_id = $1 and resource_type = $2 and resource_id = $3
      order by occurred_at desc limit 50`,
    parameters: [organization, text('projects'), idOf('projects')],
  },
  {
    name: 'the newest events of a type',
    as: 'app',
    sql: `select id from plinth.events where organization_id = $1 and source = $2 and type = $3 order by occurred_at desc limit 50`,
    parameters: [organization, text('github'), text('type-3')],
  },
  {
    name: "a repository's GitHub events of a kind",
    as: 'app',
    sql: `select id from plinth.github_events where organization_id = $1 and repository_full_name = $2 and kind = $3
      order by occurred_at desc limit 50`,
    parameters: [organization, text('owner/repository-3'), text('push')],
  },
  {
    name: 'one event by id, its time from the id',
    as: 'app',
    sql: `select id from plinth.events
      where organization_id = $1 and id = $2 and occurred_at >= plinth.uuid_time($2) and occurred_at < plinth.uuid_time_end($2)`,
    parameters: [organization, idOf('events')],
  },
  {
    name: 'the events that have a word',
    as: 'definer',
    sql: `select e.id from plinth.events e
      where e.organization_id = $1 and e.status in ('processed', 'skipped', 'failed')
        and plinth.event_words(e.organization_id, e.title, e.type, e.actor, e.repository_full_name, e.branch, e.commit_sha,
          e.external_id, e.payload, e.payload_bytes) @@ (('''organization:' || $1 || '''')::tsquery && plainto_tsquery('simple', $2))
      order by e.id desc limit 50`,
    parameters: [organization, text('7')],
  },
  {
    name: 'the events whose payload contains a document',
    as: 'definer',
    sql: `select e.id from plinth.events e
      where e.organization_id = $1 and e.status in ('processed', 'skipped', 'failed')
        and plinth.event_document(e.organization_id, e.payload, e.payload_bytes) @> plinth.event_document($1, $2, 0)
      order by e.id desc limit 50`,
    parameters: [organization, { type: 'jsonb', value: `('{"n": 7}')` }],
  },
  {
    name: 'an API key by its hash',
    as: 'definer',
    sql: 'select id from plinth.api_key_hashes where organization_id = $1 and hash = $2',
    parameters: [organization, { type: 'bytea', value: `(select hash from plinth.api_key_hashes offset 2 limit 1)` }],
  },
  {
    name: 'the claim of a tenant’s tasks of one type',
    as: 'definer',
    sql: `select c.ctid from plinth.task_queue c where c.task_type = $1 and c.organization_id = $2
      and c.concurrency_key is null order by c.priority desc, c.run_at, c.id limit 50
      for update skip locked`,
    parameters: [text('t-3'), organization],
    settings: claimSettings,
  },
  {
    name: 'the claim of a tenant’s tasks of one type from a time on',
    as: 'definer',
    sql: `select c.ctid from plinth.task_queue c where c.task_type = $1 and c.organization_id = $2
      and c.concurrency_key is null and c.run_at >= $3 order by c.priority desc, c.run_at, c.id limit 50
      for update skip locked`,
    parameters: [text('t-3'), organization, { type: 'timestamptz', value: `(now() - interval '1 minute')` }],
    settings: claimSettings,
  },
  {
    name: 'the step to a tenant’s next concurrency key',
    as: 'definer',
    sql: `select q.concurrency_key, q.concurrency_limit from plinth.task_queue q
      where q.task_type = $1 and q.concurrency_key is not null and q.organization_id = $2 and q.concurrency_key > $3
      order by q.concurrency_key, q.priority desc, q.run_at, q.id limit 1`,
    parameters: [text('t-3'), organization, text('key-2')],
    settings: claimSettings,
  },
  {
    name: 'the claim of a key’s tasks of one type',
    as: 'definer',
    sql: `select c.ctid from plinth.task_queue c where c.task_type = $1 and c.organization_id = $2
      and c.concurrency_key = $3 order by c.priority desc, c.run_at, c.id limit 50
      for update skip locked`,
    parameters: [text('t-3'), organization, text('key-3')],
    settings: claimSettings,
  },
];

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Scan Direction'?: string;
  readonly 'Subplans Removed'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** One line a node; siblings that are alike are counted, and the months of partitions are left out. */
function shapeOf(node: PlanNode, depth = 0): string[] {
  const where = node['Index Name'] ?? node['Relation Name'];
  const removed = node['Subplans Removed'] ? `, ${node['Subplans Removed']} pruned at the start` : '';
  const backward = node['Scan Direction'] === 'Backward' ? ' backward' : '';
  const line = `${node['Node Type']}${backward}${where ? ` on ${where.replace(/_\d{4}_\d{2}(?=_|$)/, '_<month>')}` : ''}${removed}`;
  const children = (node.Plans ?? []).map((child) => shapeOf(child, depth + 1));
  const alike = new Map<string, number>();
  for (const child of children) alike.set(child.join('\n'), (alike.get(child.join('\n')) ?? 0) + 1);
  const shown = [...alike].flatMap(([lines, count]) => {
    const [first, ...rest] = lines.split('\n');
    return [count > 1 ? `${first} (${count} times)` : first!, ...rest];
  });
  return [`${'  '.repeat(depth)}${line}`, ...shown];
}

async function planOf(client: pg.PoolClient, query: HotQuery, generic: boolean): Promise<string[]> {
  await client.query('begin; set local role plinth_owner');
  try {
    const columns = query.parameters.map(({ value, type }, n) => `${value}::${type}::text as p${n}`).join(', ');
    const { rows } = await client.query<Record<string, string>>(`select ${columns}`);
    const values = query.parameters.map((_, n) => `'${rows[0]![`p${n}`]}'`).join(', ');
    const [first] = query.parameters;
    if (query.as === 'app') {
      await client.query('reset role');
      const context = { as: 'app', ...(first === organization && { organization_id: rows[0]!['p0'] }) };
      await client.query('select plinth.enter($1::jsonb, true)', [JSON.stringify(context)]);
    } else await client.query('set local role plinth_definer');
    for (const setting of query.settings ?? []) await client.query(`set local ${setting} = off`);
    await client.query(`set local plan_cache_mode = ${generic ? 'force_generic_plan' : 'force_custom_plan'}`);
    await client.query(`prepare hot (${query.parameters.map(({ type }) => type).join(', ')}) as ${query.sql}`);
    const explained = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      `explain (format json, costs off) execute hot (${values})`,
    );
    return shapeOf(explained.rows[0]!['QUERY PLAN'][0].Plan);
  } finally {
    await client.query('rollback; deallocate all');
  }
}

describeEngines(
  'the plans of hot queries',
  (on) => {
    it(
      'are the ones that were reviewed, with many even tenants and with one',
      async () => {
        const sections: string[] = [];
        for (const organizations of [1000, 1]) {
          const { engine } = await on.open({ server: { statementTimeoutMs: 0 } });
          await admitTestLogin(engine);
          const client = await engine.pool.connect();
          try {
            await client.query(`begin; set local role plinth_owner; ${load(organizations)}; commit`);
            for (const query of queries) {
              for (const generic of [false, true]) {
                const heading = `${query.name}, as ${query.as}, ${organizations === 1 ? 'one tenant' : `${organizations} tenants`}, ${generic ? 'generic' : 'custom'} plan`;
                const shape = await planOf(client, query, generic);
                sections.push(`# ${heading}\n${shape.join('\n')}\n`);
              }
            }
          } finally {
            client.release();
          }
        }
        const text = sections.join('\n');
        if (updatesGolden) writeGolden(golden, text);
        expect(text).toBe(readGolden(golden));
        // Whatever was reviewed: none reads a table from end to end, but for partitions of months to come, which are
        // empty; and an event's id leads to one partition.
        expect(text.match(/Seq Scan on (?!\w+_(?:<month>|default)(?: \(3 times\))?$).*/gm)).toBeNull();
        expect(text.match(/Seq Scan on \w+_<month>$/gm)?.length).toBe(
          text.match(/\(3 times\)\n *Seq Scan on \w+_<month>$/gm)?.length,
        );
        const byId = sections.filter((section) => section.startsWith('# one event by id'));
        expect(byId).toHaveLength(4);
        for (const section of byId) expect(section.match(/ on events/g)).toHaveLength(1);
        for (const section of byId) expect(section).not.toContain('times)');
      },
      load_timeout_ms,
    );
  },
  { only: ['postgres'] },
);
