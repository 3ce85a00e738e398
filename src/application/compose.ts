import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modules as builtInModules } from '../modules.ts';
import type { FieldError } from '../platform/core/errors.ts';
import type { ModuleDefinition, TaskHandler } from '../platform/module.ts';
import { type ApplicationDefinition, type ApplicationInput, isApplicationDefinition } from './define.ts';
import { applicationErrors } from './errors.ts';
import { orderModules, refuseConflicts } from './module-list.ts';
import { defaultSettings, readSettings } from './settings.ts';
import { checkShape } from './shape.ts';

/** What a program is made of: Plinth's modules and the user's, checked and in the order of dependency. */
export interface Application {
  readonly modules: readonly ModuleDefinition[];
  /** The same with those of Plinth's that are switched off: what may have made tables. */
  readonly known: readonly ModuleDefinition[];
  /** Names of modules that are switched off. */
  readonly off: readonly string[];
  /** Names of the user's own modules. */
  readonly own: readonly string[];
  readonly settings: ReadonlyMap<string, unknown>;
}

/** What the program itself can not do without. */
const required = ['platform', 'audit', 'tenancy', 'projects', 'tasks'];
/** The module that tasks, routes and hooks without a module belong to. */
const app_module = 'app';

/** The application of a list of modules as it is. */
export function applicationOf(modules: readonly ModuleDefinition[]): Application {
  return { modules, known: modules, off: [], own: [], settings: defaultSettings(modules) };
}

export const plainApplication = (): Application => applicationOf(builtInModules);

/** Puts an application together. Throws the errors of `errors.ts`, each with every place that is wrong. */
export function composeApplication(definition: ApplicationDefinition): Application {
  if (!isApplicationDefinition(definition)) {
    throw applicationErrors.application_export({ detail: 'this is not what definePlinth returns' });
  }
  const problems = checkShape(definition);
  refuse(problems);
  if (definition.modules?.['workflows'] === false && definition.workflows?.length) {
    throw applicationErrors.module_dependency({ detail: 'workflows is switched off, and /workflows needs it' });
  }
  const given = Object.entries(definition.modules ?? {});
  const own = given.flatMap(([, module]) => (module === false ? [] : [module as ModuleDefinition]));
  const off = given.flatMap(([name, module]) => (module === false ? [name] : []));
  const kept = switchOff(off);
  const appModule = moduleOfApp(definition, [...kept, ...own]);
  const added = appModule ? [...own, appModule] : own;
  refuseConflicts(builtInModules, added);
  const modules = [...kept, ...orderModules(kept, added, off)];
  refuse(checkHooks(modules));
  refuse(checkMigrations(own));
  const settingProblems: FieldError[] = [];
  const settings = readSettings(modules, definition.settings ?? {}, settingProblems);
  refuse(settingProblems);
  const known = [...builtInModules, ...modules.filter((module) => !builtInModules.includes(module))];
  return { modules, known, off, own: own.map(({ name }) => name), settings };
}

function refuse(problems: readonly FieldError[]): void {
  if (problems.length === 0) return;
  const [first] = problems;
  throw applicationErrors.application_invalid({
    detail: problems.length === 1 ? `${first!.path}: ${first!.message}` : `${problems.length} places, see the list`,
    errors: problems,
  });
}

/** Plinth's modules without those that are off. Throws `module_dependency` where one that stays needs one. */
function switchOff(off: readonly string[]): ModuleDefinition[] {
  for (const name of off) {
    if (required.includes(name)) {
      throw applicationErrors.module_dependency({ detail: `Plinth itself needs ${name}: it can not be switched off` });
    }
    if (!builtInModules.some((module) => module.name === name)) {
      const names = builtInModules.map((module) => module.name).filter((one) => !required.includes(one));
      throw applicationErrors.application_invalid({
        detail: `/modules/${name}: Plinth has no such module to switch off; there are ${names.join(', ')}`,
      });
    }
  }
  const kept = builtInModules.filter(({ name }) => !off.includes(name));
  for (const { name, dependsOn } of kept) {
    const missing = dependsOn.find((one) => off.includes(one));
    if (missing) {
      throw applicationErrors.module_dependency({ detail: `${missing} is switched off, and ${name} depends on it` });
    }
  }
  return kept;
}

/** What stands in the definition itself is a module like any other. */
function moduleOfApp(input: ApplicationInput, others: readonly ModuleDefinition[]): ModuleDefinition | undefined {
  const { tasks = {}, workflows = [], routes, hooks } = input;
  const handlers = [
    ...Object.entries(tasks).map(toHandler),
    ...workflows.map(({ taskType, handler }): [string, TaskHandler] => [taskType, handler]),
  ];
  if (handlers.length === 0 && !routes && !hooks) return undefined;
  return {
    name: app_module,
    description: 'What the application adds without a module of its own.',
    dependsOn: others.map(({ name }) => name),
    ...(routes ? { routes } : {}),
    ...(hooks ? { hooks } : {}),
    ...(handlers.length > 0 ? { tasks: Object.fromEntries(handlers) } : {}),
  };
}

function toHandler([type, given]: [string, NonNullable<ApplicationInput['tasks']>[string]]): [string, TaskHandler] {
  if (typeof given !== 'function') return [type, given];
  return [type, { description: type, run: async (context, payload) => given(payload, context) }];
}

function checkHooks(modules: readonly ModuleDefinition[]): FieldError[] {
  const points = new Set(modules.flatMap(({ hookPoints = [] }) => hookPoints.map(({ name }) => name)));
  return modules.flatMap(({ name, hooks = {} }) =>
    Object.keys(hooks)
      .filter((point) => !points.has(point))
      .map((point) => ({
        path: name === app_module ? `/hooks/${point}` : `/modules/${name}/hooks/${point}`,
        message: `there is no such hook point; there are ${[...points].sort().join(', ')}`,
      })),
  );
}

/** Folders are looked at here, for what is missing later looks like a module without tables. */
function checkMigrations(modules: readonly ModuleDefinition[]): FieldError[] {
  return modules.flatMap(({ name, migrations }) => {
    if (!migrations) return [];
    const path = `/modules/${name}/migrations`;
    if (migrations.protocol !== 'file:') return [{ path, message: 'is not the URL of a folder' }];
    const folder = fileURLToPath(migrations);
    return isAbsolute(folder) && existsSync(folder) ? [] : [{ path, message: `there is no folder ${folder}` }];
  });
}
