import { Gauge, type Registry } from 'prom-client';
import type { Measurement } from '../module.ts';
import type { Platform } from '../platform.ts';

/** A scrape waits no longer than this for the database. */
const statement_timeout_ms = 5_000;
const inWorkerPool = { pool: 'worker', statementTimeoutMs: statement_timeout_ms } as const;

/**
 * Gauges of what the database and the modules tell, read at each scrape. Where the database does not answer,
 * `plinth_database_up` is 0 and the others are left out: an old value would look like a good one.
 */
export function databaseMetrics(platform: Platform, registry: Registry): { refresh(): Promise<void> } {
  const gauges = new Map<string, Gauge>();
  const gauge = ({ name, help, labels = {} }: Omit<Measurement, 'value'>): Gauge => {
    const known = gauges.get(name);
    if (known) return known;
    const made = new Gauge({ name, help, labelNames: Object.keys(labels), registers: [registry] });
    gauges.set(name, made);
    return made;
  };
  const up = { name: 'plinth_database_up', help: 'Whether the database answers.' };
  return {
    async refresh() {
      for (const one of gauges.values()) one.reset();
      let measurements: readonly Measurement[];
      try {
        measurements = (await Promise.all(sources(platform).map((read) => read(platform)))).flat();
      } catch (error) {
        platform.log.warn({ err: error }, 'the metrics of the database could not be read');
        measurements = [];
        for (const name of gauges.keys()) registry.removeSingleMetric(name);
        gauges.clear();
      }
      gauge(up).set(measurements.length > 0 ? 1 : 0);
      for (const measurement of measurements) gauge(measurement).set(measurement.labels ?? {}, measurement.value);
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
