import type { Measurement } from '../../platform/module.ts';
import type { Platform } from '../../platform/platform.ts';
import { taskTypes } from './enqueue.ts';
import { type CountedOutcome, external_type_label, unknown_type_label } from './statistics/outcome-counts.ts';

interface EngineState {
  readonly queued: string;
  readonly delayed: string;
  readonly leased: string;
  readonly oldest_run_at: Date | null;
  readonly live_workers: string;
}

/** A queue that fails as a whole is counted up to here: a scrape reads no more. */
export const dead_letters_counted_max = 100_000;

/** One kind of what has failed for good and waits for a person. */
export function deadLetters(kind: 'task' | 'event' | 'delivery', value: number): Measurement {
  return {
    name: 'plinth_dead_letters',
    help: `What has failed for good and nobody has retried, counted up to ${dead_letters_counted_max}.`,
    labels: { kind },
    value,
  };
}

/** What waits, how long it has waited, and who works on it: of all tenants, without a word about any. */
export async function taskMetrics(platform: Platform): Promise<Measurement[]> {
  const { door, clock } = platform;
  const [state] = await door.readOne<EngineState>(
    { as: 'worker' },
    'select queued, delayed, leased, oldest_run_at, live_workers from plinth.task_engine_state()',
    [],
    { pool: 'worker' },
  );
  const [failed] = await door.readOne<{ dead: string }>(
    { as: 'worker' },
    'select plinth.count_failed_tasks($1) as dead',
    [dead_letters_counted_max],
    { pool: 'worker' },
  );
  if (!state) return [];
  const waitedMs = state.oldest_run_at === null ? 0 : clock.now().getTime() - state.oldest_run_at.getTime();
  const tasks = (kind: string, value: string): Measurement => ({
    name: 'plinth_tasks',
    help: 'Tasks that have not ended: due, waiting for their time, or held by a worker.',
    labels: { state: kind },
    value: Number(value),
  });
  return [
    tasks('due', state.queued),
    tasks('delayed', state.delayed),
    tasks('held', state.leased),
    {
      name: 'plinth_task_queue_oldest_seconds',
      help: 'How long the oldest task that is due has waited for a worker.',
      value: Math.max(0, waitedMs) / 1000,
    },
    { name: 'plinth_task_workers', help: 'Workers that gave a sign of life.', value: Number(state.live_workers) },
    deadLetters('task', Number(failed?.dead ?? 0)),
    ...(await outcomes(platform)),
  ];
}

/** Every series is there from the start: a rate needs a value before the first failure. */
async function outcomes(platform: Platform): Promise<Measurement[]> {
  const rows = await platform.door.readOne<{ task_type: string; outcome: CountedOutcome; attempts: string }>(
    { as: 'worker' },
    'select task_type, outcome, attempts from plinth.task_outcomes()',
    [],
    { pool: 'worker' },
  );
  const known = new Map(rows.map(({ task_type, outcome, attempts }) => [`${outcome} ${task_type}`, Number(attempts)]));
  const types = [...taskTypes(platform).map(({ task_type }) => task_type), external_type_label];
  for (const type of types) {
    for (const outcome of ['completed', 'retried', 'failed'])
      known.set(`${outcome} ${type}`, known.get(`${outcome} ${type}`) ?? 0);
  }
  known.set(`lost ${unknown_type_label}`, known.get(`lost ${unknown_type_label}`) ?? 0);
  return [...known].map(([series, value]) => {
    const [outcome = '', task_type = ''] = series.split(' ');
    return {
      kind: 'counter',
      name: 'plinth_task_attempts_total',
      help: 'Attempts of tasks that have ended, of the whole installation: retried failed and is tried again, failed is over.',
      labels: { task_type, outcome },
      value,
    };
  });
}
