/** The task engine, beside graphile-worker and pg-boss: one file a subject. */
import type { Benchmark } from './measure.ts';
import { adds } from './task-adds.ts';
import { claims } from './task-claims.ts';
import { drains } from './task-drains.ts';
import { fairness } from './task-fairness.ts';
import { graphs } from './task-graphs.ts';
import { latency } from './task-latency.ts';
import { limits } from './task-limits.ts';
import { snapshot } from './task-snapshot.ts';

export const taskBenchmarks: Readonly<Record<string, Benchmark>> = {
  'tasks-drains': drains,
  'tasks-adds': adds,
  'tasks-latency': latency,
  'tasks-graphs': graphs,
  'tasks-fairness': fairness,
  'tasks-limits': limits,
  'tasks-claims': claims,
  'tasks-snapshot': snapshot,
};
