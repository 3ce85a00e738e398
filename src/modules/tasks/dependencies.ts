import { isUuid } from '../../platform/core/ids.ts';
import type { NewTask } from './enqueue.ts';
import { taskErrors } from './errors.ts';

/** What a task waits for: that the other has completed (the default), has failed, or has ended in any way. */
export const dependencyKinds = ['success', 'failure', 'completion'] as const;
export type DependencyKind = (typeof dependencyKinds)[number];

/** What happens to a task when one it waits for ends otherwise than asked. */
export const dependencyFailurePolicies = ['cancel', 'fail', 'run'] as const;
export type DependencyFailurePolicy = (typeof dependencyFailurePolicies)[number];

/** Another task: by its id, or by the `ref` it has in the same call. As text: either, to be waited for till it succeeds. */
export type NewDependency =
  | string
  | { readonly task_id: string; readonly kind?: DependencyKind }
  | { readonly ref: string; readonly kind?: DependencyKind };

export const task_dependencies_max = 10_000;

/** As the database takes them: an id, or the place of an element before this one, from 1. */
type StoredDependency = { readonly kind: DependencyKind } & ({ readonly id: string } | { readonly place: number });
type Linked = Omit<NewTask, 'ref' | 'depends_on'> & { readonly depends_on?: readonly StoredDependency[] };

interface Edge {
  readonly kind: DependencyKind;
  /** Index of a task of the same call, or the id of one that is there. */
  readonly to: number | string;
}

/**
 * The tasks of one call in an order in which each comes after those it waits for, and `places[n]`: where the nth of the
 * answers stands in what was given. Throws `task_dependency_invalid` for a reference that means nothing or comes twice,
 * `task_dependency_cycle` where they go in a circle.
 */
export function orderByDependencies(tasks: readonly NewTask[]): {
  ordered: readonly (NewTask | Linked)[];
  places: number[];
} {
  if (!tasks.some(({ ref, depends_on }) => ref !== undefined || (depends_on && depends_on.length > 0))) {
    return { ordered: tasks, places: tasks.map((_, index) => index) };
  }
  const named = namesOf(tasks);
  const edges = tasks.map((task, index) => edgesOf(task, index, named));
  const places = topological(edges);
  const placeOf = new Map(places.map((index, place) => [index, place + 1]));
  const ordered = places.map((index): Linked => {
    const { ref: _, depends_on: __, ...task } = tasks[index]!;
    const depends_on = edges[index]!.map(({ kind, to }) =>
      typeof to === 'string' ? { kind, id: to } : { kind, place: placeOf.get(to)! },
    );
    return depends_on.length > 0 ? { ...task, depends_on } : task;
  });
  return { ordered, places };
}

function namesOf(tasks: readonly NewTask[]): Map<string, number> {
  const named = new Map<string, number>();
  for (const [index, { ref, id }] of tasks.entries()) {
    for (const name of [ref, id]) {
      if (name === undefined) continue;
      if (named.has(name)) throw invalid(index, `two tasks are called ${name}`);
      named.set(name, index);
    }
  }
  return named;
}

function edgesOf({ depends_on = [] }: NewTask, index: number, named: ReadonlyMap<string, number>): Edge[] {
  if (depends_on.length > task_dependencies_max) {
    throw invalid(index, `${depends_on.length} dependencies; the limit is ${task_dependencies_max}`);
  }
  const seen = new Set<number | string>();
  return depends_on.map((dependency) => {
    const { name, kind } = readDependency(dependency);
    const to = named.get(name) ?? name;
    if (typeof to === 'string' && !isUuid(to)) throw invalid(index, `no task of this call is called ${name}`);
    if (seen.has(to)) throw invalid(index, `${name} is named twice`);
    seen.add(to);
    return { kind, to };
  });
}

/** The name or id of a dependency, and its kind. */
export function readDependency(dependency: NewDependency): { name: string; kind: DependencyKind } {
  if (typeof dependency === 'string') return { name: dependency, kind: 'success' };
  return { name: 'ref' in dependency ? dependency.ref : dependency.task_id, kind: dependency.kind ?? 'success' };
}

/** Kahn's algorithm; what was given in order stays in order. */
function topological(edges: readonly (readonly Edge[])[]): number[] {
  const inner = edges.map((of) => of.flatMap(({ to }) => (typeof to === 'number' ? [to] : [])));
  const waitingFor = inner.map((of) => of.length);
  if (inner.every((of, index) => of.every((to) => to < index))) return edges.map((_, index) => index);
  const dependants = edges.map((): number[] => []);
  for (const [index, of] of inner.entries()) for (const to of of) dependants[to]!.push(index);
  const order = waitingFor.flatMap((count, index) => (count === 0 ? [index] : []));
  for (const index of order) {
    for (const dependant of dependants[index]!) if (--waitingFor[dependant]! === 0) order.push(dependant);
  }
  if (order.length < edges.length) {
    const stuck = waitingFor.findIndex((count) => count > 0);
    throw taskErrors.task_dependency_cycle({ field: `${stuck}/depends_on`, detail: 'the tasks wait for each other' });
  }
  return order;
}

function invalid(index: number, detail: string) {
  return taskErrors.task_dependency_invalid({ field: `${index}/depends_on`, detail });
}
