import { Counter, Gauge, type Registry } from 'prom-client';
import type { Measurement } from '../module.ts';
import type { Platform } from '../platform.ts';

/** A scrape waits no longer than this for the database. */
const statement_timeout_ms = 5_000;
const inWorkerPool = { pool: 'worker', statementTimeoutMs: statement_timeout_ms } as const;

/**
 * What the database and the modules tell, read at each scrape. Where the database does not answer,
 * `plinth_database_up` is 0 and the others are left out: an old value would look like a good one.
 */
export function databaseMetrics(platform: Platform, registry: Registry): { refresh(): Promise<void> } {
  const known = new Map<string, Gauge | Counter>();
  const metric = ({ kind, name, help, labels = {} }: Omit<Measurement, 'value'>): Gauge | Counter => {
    const found = known.get(name);
    if (found) return found;
    const options = { name, help, labelNames: Object.keys(labels), registers: [registry] };
    const made = kind === 'counter' ? new Counter(options) : new Gauge(options);
    known.set(name, made);
    return made;
  };
  const up = { name: 'plinth_database_up', help: 'Whether the database answers.' };
  return {
    async refresh() {
      let measurements: readonly Measurement[];
      try {
        measurements = (await Promise.all(sources(platform).map((read) => read(platform)))).flat();
      } catch (error) {
        platform.log.warn({ err: error }, 'the metrics of the database could not be read');
        measurements = [];
        for (const name of known.keys()) registry.removeSingleMetric(name);
        known.clear();
      }
      // from here on in one turn: two scrapes at once must not count one value twice
      for (const one of known.values()) one.reset();
      metric(up).inc({}, measurements.length > 0 ? 1 : 0);
      for (const measurement of measurements) metric(measurement).inc(measurement.labels ?? {}, measurement.value);
    },
  };
}

function sources(platform: Platform): ((platform: Platform) => Promise<readonly Measurement[]>)[] {
  return [partitions, ...platform.modules.flatMap((module) => module.metrics ?? [])];
}

async function partitions({ door }: Platform): Promise<Measurement[]> {
  const ahead = await door.readOne<{ table_name: string; ahead: string }>(
    { as: 'worker' },
    `select p.relname as table_name,
            count(*) filter (
              where substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''([0-9]{4}-[0-9]{2}-[0-9]{2})')::date
                    > current_date
            ) as ahead
     from pg_inherits i
     join pg_class p on p.oid = i.inhparent
     join pg_class c on c.oid = i.inhrelid
     where p.relnamespace = 'plinth'::regnamespace
       and p.relkind = 'p'
     group by p.relname`,
    [],
    inWorkerPool,
  );
  const waiting = await door.readOne<{ table_name: string; waiting_rows: string }>(
    { as: 'worker' },
    'select table_name, waiting_rows from plinth.default_partition_rows()',
    [],
    inWorkerPool,
  );
  return [
    ...ahead.map((row) => ({
      name: 'plinth_partitions_ahead',
      help: 'Partitions made for months to come.',
      labels: { table: row.table_name },
      value: Number(row.ahead),
    })),
    ...waiting.map((row) => ({
      name: 'plinth_default_partition_rows',
      help: 'Rows that found no partition of their month and wait in the default one.',
      labels: { table: row.table_name },
      value: Number(row.waiting_rows),
    })),
  ];
}
