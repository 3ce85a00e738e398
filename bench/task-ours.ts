/** Our task engine through what applications use: tasks.enqueueMany, and a worker with handlers. */
import { startWorker, type TaskInput, type TaskWorker } from '../src/modules/tasks/index.ts';
import type { TaskHandler } from '../src/platform/module.ts';
import type { Platform } from '../src/platform/platform.ts';
import type { Scope } from '../src/platform/scope/scope.ts';
import type { BenchPlinth } from './database.ts';
import { pause } from './measure.ts';

export const noop_type = 'bench.noop';
/** Its result is kept. */
const noop: TaskHandler = { description: 'does nothing', run: async (_context, payload) => payload };

export function scopeOf({ organization }: BenchPlinth): Scope {
  return { as: 'app', organizationId: organization.id, memberRole: 'service' };
}

export async function enqueue(bench: BenchPlinth, tasks: readonly TaskInput[]): Promise<void> {
  await bench.plinth.as(scopeOf(bench)).tasks.enqueueMany(tasks);
}

export function startBenchWorker(platform: Platform, handlers: Readonly<Record<string, TaskHandler>>): TaskWorker {
  return startWorker({
    platform,
    version: 'bench',
    handlers: new Map(Object.entries(handlers)),
    concurrency: 24,
  });
}

/** Runs a worker until it has completed so many tasks and recorded them. Returns what stops it. */
export async function drain(platform: Platform, count: number, type = noop_type): Promise<() => Promise<void>> {
  const worker = startBenchWorker(platform, { [type]: noop });
  while (worker.statistics.completed < count) await pause(2);
  await worker.idle();
  return () => worker.stop();
}

/** The same for its rate: tasks a second. */
export async function drainRate(platform: Platform, count: number, type = noop_type): Promise<number> {
  const started = performance.now();
  const stop = await drain(platform, count, type);
  const seconds = (performance.now() - started) / 1_000;
  await stop();
  return count / seconds;
}

export async function analyze(platform: Platform): Promise<void> {
  const client = await platform.engine.directPool.connect();
  await client.query('begin; set local role plinth_owner');
  await client.query('analyze plinth.tasks; analyze plinth.task_queue; analyze plinth.task_dependencies');
  await client.query('commit');
  client.release();
}
