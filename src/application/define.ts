import type { projectHooks, repositoryHooks } from '../modules/projects/index.ts';
import type { taskHooks } from '../modules/tasks/index.ts';
import type { memberHooks } from '../modules/tenancy/index.ts';
import type { Workflow } from '../modules/workflows/index.ts';
import type { AnyHook, Hook, HookPoint } from '../platform/hooks.ts';
import type { RouteRegistrar } from '../platform/http/route.ts';
import type { ModuleDefinition, TaskContext, TaskHandler } from '../platform/module.ts';
import type { Platform } from '../platform/platform.ts';

type HookOf<P> = P extends HookPoint<infer I, infer R> ? Hook<I, R> : never;

/** Hooks by their point. Those of the product are typed; a point of your own is named like any other. */
export interface HookTable {
  readonly 'projects.create'?: HookOf<typeof projectHooks.create>;
  readonly 'projects.update'?: HookOf<typeof projectHooks.update>;
  readonly 'projects.move'?: HookOf<typeof projectHooks.move>;
  readonly 'repositories.create'?: HookOf<typeof repositoryHooks.create>;
  readonly 'members.add'?: HookOf<typeof memberHooks.add>;
  readonly 'tasks.enqueue'?: HookOf<typeof taskHooks.enqueue>;
  readonly [point: string]: AnyHook | undefined;
}

/** A module of your own: the anatomy of Plinth's. */
export interface ModuleInput extends ModuleDefinition {
  readonly hooks?: HookTable;
}

/** Gives a module its types. */
export function defineModule(module: ModuleInput): ModuleInput {
  return module;
}

/** Gives a hook at a point of your own the types of the point. */
export function defineHook<I, R>(_point: HookPoint<I, R>, hook: Hook<I, R>): Hook<I, R> {
  return hook;
}

/** The simplest handler: what it returns is the task's result. It runs outside any transaction, at least once. */
export type TaskFunction = (payload: unknown, context: TaskContext) => unknown;

export interface ApplicationInput {
  /** Your modules by name; `false` switches one of Plinth's off. */
  readonly modules?: Readonly<Record<string, ModuleInput | false>>;
  /** Task types with their handlers, without a module. */
  readonly tasks?: Readonly<Record<string, TaskFunction | TaskHandler>>;
  /** Workflows without a module, made by `workflow(…)`; a module has them among its tasks, by `workflowTasks(…)`. */
  readonly workflows?: readonly Workflow[];
  /** Routes without a module; each names a permission that some module declares, or 'user' or 'public'. */
  readonly routes?: (routes: RouteRegistrar, platform: Platform) => void;
  readonly hooks?: HookTable;
  /** What modules let be set, by module. */
  readonly settings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Marks what `definePlinth` made, also where two copies of the package are installed. */
const mark = Symbol.for('plinth.application');

export interface ApplicationDefinition extends ApplicationInput {
  readonly [mark]: true;
}

/** What `plinth.config.ts` exports. Looked through when it is opened, not here. */
export function definePlinth(input: ApplicationInput = {}): ApplicationDefinition {
  return Object.freeze({ ...input, [mark]: true as const });
}

export function isApplicationDefinition(value: unknown): value is ApplicationDefinition {
  return typeof value === 'object' && value !== null && (value as { [mark]?: unknown })[mark] === true;
}
