import type { ModuleDefinition } from '../platform/module.ts';
import { applicationErrors } from './errors.ts';

/** What has one owner each: kind, and the names a module takes. */
const namesTaken: readonly [kind: string, (module: ModuleDefinition) => readonly string[]][] = [
  ['module', (module) => [module.name]],
  ['table', (module) => Object.keys(module.tables ?? {})],
  ['function', (module) => Object.keys(module.functions ?? {})],
  ['permission', (module) => Object.keys(module.permissions ?? {})],
  ['task type', (module) => Object.keys(module.tasks ?? {})],
  ['hook point', (module) => (module.hookPoints ?? []).map(({ name }) => name)],
  ['loop', (module) => (module.loops ?? []).map(({ name }) => name)],
];

/** Throws `module_conflict` for the first name that two modules take; those switched off keep theirs. */
export function refuseConflicts(builtIn: readonly ModuleDefinition[], own: readonly ModuleDefinition[]): void {
  for (const [kind, namesOf] of namesTaken) {
    const owners = new Map<string, string>();
    for (const module of [...builtIn, ...own]) {
      for (const name of namesOf(module)) {
        const owner = owners.get(name);
        if (owner !== undefined) {
          const whose = builtIn.some((one) => one.name === owner) ? "Plinth's own module" : 'the module';
          throw applicationErrors.module_conflict({
            detail:
              kind === 'module'
                ? `the module ${name} is there already`
                : `the ${kind} ${name} of ${module.name} belongs to ${whose} ${owner}`,
          });
        }
        owners.set(name, module.name);
      }
    }
  }
}

/** Own modules after what they depend on, else in the order they were given. Throws `module_dependency`. */
export function orderModules(
  kept: readonly ModuleDefinition[],
  own: readonly ModuleDefinition[],
  off: readonly string[],
): ModuleDefinition[] {
  const there = new Set(kept.map(({ name }) => name));
  const names = new Set(own.map(({ name }) => name));
  for (const { name, dependsOn } of own) {
    const missing = dependsOn.find((one) => !there.has(one) && !names.has(one));
    if (missing !== undefined) {
      throw applicationErrors.module_dependency({
        detail: `${name} depends on ${missing}, ${off.includes(missing) ? 'which is switched off' : 'which is not there'}`,
      });
    }
  }
  const ordered: ModuleDefinition[] = [];
  let waiting = [...own];
  while (waiting.length > 0) {
    const next = waiting.find(({ dependsOn }) => dependsOn.every((one) => there.has(one)));
    if (!next) {
      throw applicationErrors.module_dependency({
        detail: `these modules wait for each other: ${waiting.map(({ name }) => name).join(', ')}`,
      });
    }
    there.add(next.name);
    ordered.push(next);
    waiting = waiting.filter((module) => module !== next);
  }
  return ordered;
}
