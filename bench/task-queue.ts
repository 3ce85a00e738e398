/** Tasks of many tenants, put where workers find them, without the API: for measuring claims. */
import { randomUUID } from 'node:crypto';
import type { TestServer } from '../tests/support/server.ts';
import { withClient } from '../tests/support/server.ts';

export interface NewTasks {
  readonly taskType: string;
  /** How many tasks each tenant has, in the order in which they are queued. */
  readonly sizes: readonly number[];
  /** Every task has this concurrency key and limit. */
  readonly key?: { readonly name: string; readonly limit: number };
  /** Beside the tasks that are there, instead of them. */
  readonly keepOthers?: boolean;
}

/** The URL of a database of the server, as its superuser. */
export function asSuperuser(server: TestServer, databaseUrl: string): string {
  const url = new URL(server.adminUrl);
  url.pathname = new URL(databaseUrl).pathname;
  return url.href;
}

/** Removes all tasks and puts in new ones; returns the ids of their tenants. */
export async function queueTasks(
  superuserUrl: string,
  { taskType, sizes, key, keepOthers = false }: NewTasks,
): Promise<string[]> {
  const ids = sizes.map(() => randomUUID());
  await withClient(superuserUrl, async (client) => {
    if (!keepOthers) {
      await client.query(
        'truncate plinth.tasks, plinth.task_queue, plinth.task_timers, plinth.task_leases, plinth.task_attempts cascade',
      );
    }
    await client.query(
      `insert into plinth.organizations (id, name, slug)
       select id, 'Bench', 'bench-' || replace(id::text, '-', '') from unnest($1::uuid[]) as id`,
      [ids],
    );
    await client.query(
      `with made as (
         insert into plinth.tasks (organization_id, id, task_type, concurrency_key, concurrency_limit)
         select t.id, plinth.uuidv7(), $3, $4, $5
         from unnest($1::uuid[], $2::int[]) with ordinality as t(id, size, n)
         cross join lateral generate_series(1, t.size)
         order by t.n
         returning organization_id, id, task_type, priority, payload, concurrency_key, concurrency_limit
       )
       insert into plinth.task_queue (organization_id, id, task_type, priority, run_at, attempt, timeout_seconds, payload,
         concurrency_key, concurrency_limit)
       select organization_id, id, task_type, priority, clock_timestamp(), 1, 300, payload, concurrency_key, concurrency_limit
       from made`,
      [ids, sizes, taskType, key?.name ?? null, key?.limit ?? null],
    );
    await client.query(
      keepOthers ? 'vacuum (analyze) plinth.task_queue' : 'vacuum (analyze) plinth.tasks, plinth.task_queue',
    );
  });
  return ids;
}

/** Replaces the fair search for due tasks by one in order of priority and age alone, with the index for it. */
export async function makeFirstComeFirstServed(superuserUrl: string): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    await client.query('drop index plinth.task_queue_claim_idx');
    await client.query(
      `create index task_queue_fifo_idx on plinth.task_queue (task_type, priority desc, run_at, id)
       where concurrency_key is null`,
    );
    await client.query(
      // in place of the one that is there, so with its parameters: another beside it would never be called
      `create or replace function plinth.due_places(types text[], rows_max int, after uuid[], by_age boolean,
         floors timestamptz[]) returns tid[]
       language plpgsql security definer set search_path = plinth, pg_catalog, pg_temp
       as $$
       declare
         name text;
         places tid[] := '{}';
       begin
         foreach name in array types loop
           places := places || array(
             select c.ctid from task_queue c
             where c.task_type = name and c.concurrency_key is null
             order by c.priority desc, c.run_at, c.id
             limit rows_max - cardinality(places)
             for update skip locked);
         end loop;
         return places;
       end
       $$`,
    );
    const { rows } = await client.query(
      `select 1 from pg_proc where pronamespace = 'plinth'::regnamespace and proname = 'due_places'`,
    );
    if (rows.length !== 1) throw new Error('the fair search is still there beside the one in order of age');
  });
}
