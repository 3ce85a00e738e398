import { defineErrors, PlinthError } from './core/errors.ts';
import type { Actor } from './http/actor.ts';
import type { ModuleDefinition, Verb } from './module.ts';
import type { Platform } from './platform.ts';
import type { ScopedTx } from './scope/door.ts';

export const hookErrors = defineErrors({
  hook_failed: {
    status: 500,
    title: 'A hook of this application failed',
    hint: 'Nothing was written. The log holds the error under the request id; a hook refuses with an error of the catalogue.',
  },
  write_has_hooks: {
    status: 409,
    title: 'This table has hooks, which only its own route runs',
    hint: 'Write at the route of the service under /v1, not at /rest/v1.',
  },
});

/** Hooks that set each other off: from here on it is a circle. */
const nested_hooks_max = 8;

/** What a hook is given. It runs inside the caller's transaction: nothing slow, and no second transaction. */
export interface HookCall {
  readonly tx: ScopedTx;
  /** Who asks; absent where the program itself does. */
  readonly actor: Actor | undefined;
  readonly platform: Platform;
}

/**
 * Code around one service. `before` sees the input and may return another, or throw an error of the catalogue to
 * refuse; `after` sees the row as it was written. When either throws, nothing of the transaction stays.
 */
export interface Hook<I, R> {
  before?(call: HookCall, input: I): I | undefined | Promise<I | undefined> | Promise<void> | void;
  after?(call: HookCall, row: R, input: I): Promise<void> | void;
}

/** A hook of any point: what a list of modules knows of it. */
export interface AnyHook {
  before?(call: HookCall, input: never): unknown;
  after?(call: HookCall, row: never, input: never): unknown;
}

export interface CoveredWrite {
  readonly table: string;
  readonly verb: Verb;
}

/** A place in a service where hooks run. Made with `defineHookPoint`; the type says what goes in and what comes out. */
export interface HookPoint<I, R> {
  readonly name: string;
  /** The writes it is about: with a hook here, `/rest/v1` refuses them, for they would go around it. */
  readonly covers: readonly CoveredWrite[] | undefined;
  /** Never set: carries the types. */
  readonly types?: (input: I) => R;
}

export type AnyHookPoint = HookPoint<never, unknown>;

/** `name` is "<module>.<what happens>". */
export function defineHookPoint<I, R>(name: string, covers?: readonly CoveredWrite[]): HookPoint<I, R> {
  return { name, covers };
}

export interface Hooks {
  /** Whether any module has a hook at the point. */
  has(point: { readonly name: string }): boolean;
  /**
   * Every `before` in the order of the modules, each with what the one before it returned; then `work`; then every
   * `after` in the same order. Throws what they throw; `hook_failed` for errors that are not of the catalogue.
   */
  around<I, R>(
    point: HookPoint<I, R>,
    call: { readonly tx: ScopedTx; readonly actor?: Actor | undefined },
    input: I,
    work: (input: I) => Promise<R>,
  ): Promise<R>;
}

export const noHooks: Hooks = {
  has: () => false,
  around: (_point, _call, input, work) => work(input),
};

/** The writes to tables that would go around a hook: `"projects insert"` → the point's name. */
export function coveredWrites(modules: readonly ModuleDefinition[]): ReadonlyMap<string, string> {
  const used = new Set(modules.flatMap(({ hooks = {} }) => Object.keys(hooks).filter((name) => hooks[name])));
  const points = modules.flatMap((module) => module.hookPoints ?? []);
  return new Map(
    points.flatMap(({ name, covers }) =>
      used.has(name) ? (covers ?? []).map(({ table, verb }) => [`${table} ${verb}`, name] as const) : [],
    ),
  );
}

interface OwnedHook {
  readonly module: string;
  readonly hook: AnyHook;
}

/** The hooks of all modules. `platform` is asked for when a hook runs, for it is made after the door. */
export function makeHooks(modules: readonly ModuleDefinition[], platform: () => Platform): Hooks {
  const byPoint = new Map<string, OwnedHook[]>();
  for (const { name: module, hooks = {} } of modules) {
    for (const [point, hook] of Object.entries(hooks)) {
      if (hook) byPoint.set(point, [...(byPoint.get(point) ?? []), { module, hook }]);
    }
  }
  if (byPoint.size === 0) return noHooks;
  const depths = new WeakMap<ScopedTx, number>();

  return {
    has: ({ name }) => byPoint.has(name),
    async around(point, { tx, actor }, input, work) {
      const owned = byPoint.get(point.name);
      if (!owned) return work(input);
      const depth = depths.get(tx) ?? 0;
      if (depth >= nested_hooks_max) {
        throw hookErrors.hook_failed({ detail: `${point.name}: hooks set each other off, ${depth} deep` });
      }
      depths.set(tx, depth + 1);
      try {
        const call: HookCall = { tx, actor, platform: platform() };
        let given = input;
        for (const { module, hook } of owned) {
          const changed = await guarded(point.name, module, async () => hook.before?.(call, given as never));
          if (changed !== undefined) given = changed as typeof input;
        }
        const row = await work(given);
        for (const { module, hook } of owned) {
          await guarded(point.name, module, async () => hook.after?.(call, row as never, given as never));
        }
        return row;
      } finally {
        depths.set(tx, depth);
      }
    },
  };
}

async function guarded(point: string, module: string, work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work();
  } catch (cause) {
    // errors of the database keep their meaning: the door translates them
    if (cause instanceof PlinthError || (cause instanceof Error && 'severity' in cause)) throw cause;
    throw hookErrors.hook_failed({ detail: `${point}, a hook of ${module}`, cause });
  }
}
