/**
 * What autovacuum does on a server, for engines that have none: dead rows are removed and planner statistics renewed,
 * a few tables at a time, while nobody wants the connection.
 */
import pg from 'pg';
import type { Engine, EngineLog } from './engine.ts';

/** PostgreSQL's own defaults: threshold + scale factor × rows. https://www.postgresql.org/docs/18/runtime-config-vacuum.html */
const vacuumThresholdRows = 50;
const vacuumScaleFactor = 0.2;
const insertThresholdRows = 1_000;
const insertScaleFactor = 0.2;
const analyzeThresholdRows = 50;
const analyzeScaleFactor = 0.1;
/** autovacuum_freeze_max_age: older rows are frozen before transaction numbers come round. */
const freezeAgeMax = 200_000_000;

const tablesPerTickMax = 5;
/** One table may take so long: a VACUUM blocks the one connection there is. */
const tableTimeoutMs = 60_000;
const tickBudgetMs = 2_000;

export interface MaintenanceResult {
  /** "schema.table" of each. */
  readonly vacuumed: readonly string[];
  readonly analyzed: readonly string[];
  /** Tables still wanting it after this tick. */
  readonly left: number;
  /** Why nothing was done: the connection was wanted by others, or the engine does it by itself. */
  readonly skipped?: 'busy' | 'not_needed';
}

interface Candidate {
  readonly schema: string;
  readonly name: string;
  readonly vacuum: boolean;
  readonly freeze: boolean;
  readonly analyze: boolean;
}

/**
 * Does one bounded round: at most five tables and about two seconds, most urgent first. It takes the connection only
 * when it idles and nobody waits, so never inside a transaction; it stops between tables when somebody comes. A table
 * that fails is reported and passed over.
 */
export async function maintain(engine: Engine, log?: EngineLog): Promise<MaintenanceResult> {
  const nothing = { vacuumed: [], analyzed: [], left: 0 };
  if (engine.capabilities.autovacuum) return { ...nothing, skipped: 'not_needed' };
  const { pool } = engine;
  if (pool.waitingCount > 0 || pool.idleCount < pool.totalCount) return { ...nothing, skipped: 'busy' };
  const client = await pool.connect();
  const vacuumed: string[] = [];
  const analyzed: string[] = [];
  const started = performance.now();
  let failure: Error | undefined;
  try {
    await client.query(`set statement_timeout = ${tableTimeoutMs}`);
    // Counters go to the shared statistics at most once a second, by a timer that does not run in the embedded engine.
    await client.query('select pg_catalog.pg_stat_force_next_flush()');
    const candidates = await findCandidates(client);
    let done = 0;
    for (const table of candidates.slice(0, tablesPerTickMax)) {
      if (done > 0 && (pool.waitingCount > 0 || performance.now() - started > tickBudgetMs)) break;
      done++;
      if (!(await treat(client, table, log))) continue;
      if (table.vacuum) vacuumed.push(`${table.schema}.${table.name}`);
      if (table.analyze) analyzed.push(`${table.schema}.${table.name}`);
    }
    return { vacuumed, analyzed, left: candidates.length - done };
  } catch (error) {
    failure = error as Error;
    throw error;
  } finally {
    if (!failure) await client.query('reset statement_timeout').catch((error: Error) => (failure = error));
    client.release(failure);
  }
}

async function treat(client: pg.ClientBase, table: Candidate, log?: EngineLog): Promise<boolean> {
  const name = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.name)}`;
  const options = [table.freeze && 'freeze', table.analyze && 'analyze'].filter((option) => option !== false);
  const statement = table.vacuum
    ? `vacuum ${options.length > 0 ? `(${options.join(', ')}) ` : ''}${name}`
    : `analyze ${name}`;
  try {
    await client.query(statement);
    return true;
  } catch (error) {
    log?.warn({ table: name, reason: (error as Error).message }, 'a table could not be maintained');
    return false;
  }
}

/** System catalogues too: DDL leaves dead rows there. */
async function findCandidates(client: pg.ClientBase): Promise<Candidate[]> {
  const { rows } = await client.query<Candidate>(
    `with measured as (
       select s.schemaname, s.relname,
              s.n_dead_tup, s.n_ins_since_vacuum, s.n_mod_since_analyze,
              greatest(c.reltuples, 0) as row_count,
              age(c.relfrozenxid) as frozen_age,
              s.schemaname <> 'pg_toast' as can_analyze
         from pg_catalog.pg_stat_all_tables s
         join pg_catalog.pg_class c on c.oid = s.relid
        where c.relkind in ('r', 'm', 't')
          and c.relpersistence <> 't'
     ),
     judged as (
       select schemaname, relname, frozen_age, n_dead_tup, n_mod_since_analyze,
              n_dead_tup > $1 + $2 * row_count
                or n_ins_since_vacuum > $3 + $4 * row_count
                or frozen_age > $7 as wants_vacuum,
              frozen_age > $7 as wants_freeze,
              can_analyze and n_mod_since_analyze > $5 + $6 * row_count as wants_analyze
         from measured
     )
     select schemaname as schema, relname as name,
            wants_vacuum as "vacuum", wants_freeze as "freeze", wants_analyze as "analyze"
       from judged
      where wants_vacuum or wants_analyze
      order by wants_freeze desc, n_dead_tup desc, n_mod_since_analyze desc, schemaname, relname`,
    [
      vacuumThresholdRows,
      vacuumScaleFactor,
      insertThresholdRows,
      insertScaleFactor,
      analyzeThresholdRows,
      analyzeScaleFactor,
      freezeAgeMax,
    ],
  );
  return rows;
}
