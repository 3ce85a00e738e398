/**
 * Databases on a Citus cluster that somebody runs already: PLINTH_TEST_CITUS_URL is a superuser's URL of a database of
 * its coordinator in which the workers were added (`citus_add_node`). Every node must take the same user and password.
 */
import type pg from 'pg';
import { withClient } from './server.ts';

/** Fewer than Citus makes by itself: making a partitioned table takes as long as it has shards. */
const shards_of_a_test = 4;
const copy_attempts_max = 5;

interface Node {
  readonly host: string;
  readonly port: number;
  readonly isCoordinator: boolean;
}

/** The cluster's URL, or undefined: then the engine is left out. */
export function citusUrl(): string | undefined {
  return process.env['PLINTH_TEST_CITUS_URL'] || undefined;
}

async function nodesOf(url: string): Promise<Node[]> {
  const nodes = await withClient(url, async (client) => {
    const { rows } = await client.query<Node>(
      `select nodename as host, nodeport as port, groupid = 0 as "isCoordinator"
       from pg_dist_node where isactive and noderole = 'primary' order by groupid`,
    );
    return rows;
  });
  if (!nodes[0]?.isCoordinator || nodes.length < 2)
    throw new Error('PLINTH_TEST_CITUS_URL: name a database with a coordinator host and workers');
  return nodes;
}

function urlOf(url: string, node: Node, database: string): string {
  const changed = new URL(url);
  changed.hostname = node.host;
  changed.port = String(node.port);
  changed.pathname = `/${database}`;
  return changed.href;
}

async function onEach(url: string, work: (client: pg.Client, node: Node) => Promise<unknown>): Promise<void> {
  for (const node of await nodesOf(url)) await withClient(urlOf(url, node, 'postgres'), (client) => work(client, node));
}

/** An empty database on every node, with the extension and the workers known to the coordinator; its URL there. */
export async function createCitusDatabase(url: string, database: string): Promise<string> {
  const nodes = await nodesOf(url);
  for (const node of nodes) {
    await withClient(urlOf(url, node, 'postgres'), async (client) => {
      await client.query(`create database ${database}`);
      await client.query(`alter database ${database} set citus.shard_count = ${shards_of_a_test}`);
    });
    await withClient(urlOf(url, node, database), (client) => client.query('create extension citus'));
  }
  const [coordinator, ...workers] = nodes;
  const at = urlOf(url, coordinator!, database);
  await withClient(at, async (client) => {
    await client.query('select citus_set_coordinator_host($1, $2)', [coordinator!.host, coordinator!.port]);
    for (const { host, port } of workers) await client.query('select citus_add_node($1, $2)', [host, port]);
  });
  return at;
}

/** Makes a database ready to be copied: nobody can connect, Citus's own daemons neither. */
export async function freezeCitusDatabase(url: string, database: string): Promise<void> {
  await onEach(url, (client) => client.query(`alter database ${database} with allow_connections false`));
  await onEach(url, (client) =>
    client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database]),
  );
}

/**
 * A copy of a frozen database, node by node: the placement of shards is part of it, and it names nodes, not databases.
 * Returns its URL.
 */
export async function copyCitusDatabase(url: string, from: string, database: string): Promise<string> {
  const nodes = await nodesOf(url);
  for (const node of nodes) {
    await withClient(urlOf(url, node, 'postgres'), async (client) => {
      for (let attempt = 1; ; attempt++) {
        try {
          await client.query(`create database ${database} template ${from}`);
          break;
        } catch (error) {
          // 55006: another test file is copying it, or a daemon has not ended yet
          if (attempt >= copy_attempts_max || (error as pg.DatabaseError).code !== '55006') throw error;
        }
      }
      await client.query(`alter database ${database} set citus.shard_count = ${shards_of_a_test}`);
    });
  }
  return urlOf(url, nodes[0]!, database);
}

export async function dropCitusDatabase(url: string, database: string): Promise<void> {
  await onEach(url, (client) => client.query(`drop database if exists ${database} with (force)`));
}
