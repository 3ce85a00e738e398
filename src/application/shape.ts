import type { FieldError } from '../platform/core/errors.ts';
import type { ApplicationInput } from './define.ts';

const MODULE_NAME = /^[a-z][a-z0-9_-]{1,40}$/;
const PERMISSION_NAME = /^[a-z][a-z0-9_-]*:[a-z][a-z0-9_]*$/;
const TASK_TYPE = /^[a-z][a-z0-9_.:-]{0,99}$/;
/** Names that stand for something else. */
const reservedNames = ['app', 'plinth'];

const topLevel = ['modules', 'tasks', 'workflows', 'routes', 'hooks', 'settings'];
const ofModule = [
  'name',
  'description',
  'dependsOn',
  'migrations',
  'tables',
  'functions',
  'permissions',
  'routes',
  'tasks',
  'loops',
  'hookPoints',
  'hooks',
  'settings',
  'seed',
  'checks',
];

type Report = (path: string, message: string) => void;

/** What is not of the shape that the types say; the types are not there for who writes JavaScript. */
export function checkShape(input: ApplicationInput): FieldError[] {
  const problems: FieldError[] = [];
  const report: Report = (path, message) => problems.push({ path, message });
  const fields = Object.keys(input);
  for (const key of fields) {
    if (!topLevel.includes(key)) report(`/${key}`, `there is no such field; there are ${topLevel.join(', ')}`);
  }
  for (const key of ['modules', 'tasks', 'hooks', 'settings'] as const) {
    if (input[key] !== undefined && !isObject(input[key])) report(`/${key}`, 'is not an object');
  }
  if (input.routes !== undefined && typeof input.routes !== 'function') report('/routes', 'is not a function');
  checkWorkflows(input.workflows, report);
  if (problems.length > 0) return problems;
  for (const [name, module] of Object.entries(input.modules ?? {})) checkModule(name, module, report);
  checkTasks('/tasks', input.tasks, report, true);
  checkHookTable('/hooks', input.hooks, report);
  return problems;
}

function checkModule(key: string, module: unknown, report: Report): void {
  const path = `/modules/${key}`;
  if (module === false) return;
  if (!isObject(module)) {
    report(path, 'is neither a module nor false');
    return;
  }
  for (const field of Object.keys(module)) {
    if (!ofModule.includes(field)) report(`${path}/${field}`, 'a module has no such field');
  }
  const { name, description, dependsOn, migrations, routes, permissions, tables, functions, loops, hookPoints } =
    module;
  if (typeof name !== 'string' || !MODULE_NAME.test(name)) {
    report(`${path}/name`, 'is not a noun in lower case: letters, digits, _ and -');
  } else if (name !== key) {
    report(`${path}/name`, `is "${name}", but it stands under "${key}": they are the same`);
  } else if (reservedNames.includes(name)) report(`${path}/name`, `"${name}" is kept for Plinth`);
  if (typeof description !== 'string' || description === '')
    report(`${path}/description`, 'say in a sentence what it is for');
  if (!Array.isArray(dependsOn) || dependsOn.some((one) => typeof one !== 'string')) {
    report(`${path}/dependsOn`, "is not a list of modules' names");
  }
  if (migrations !== undefined && !(migrations instanceof URL)) {
    report(`${path}/migrations`, "is not a URL: write new URL('./migrations/', import.meta.url)");
  }
  if (routes !== undefined && typeof routes !== 'function') report(`${path}/routes`, 'is not a function');
  for (const [field, value] of Object.entries({ permissions, tables, functions })) {
    if (value !== undefined && !isObject(value)) report(`${path}/${field}`, 'is not an object');
  }
  for (const [field, value] of Object.entries({ loops, hookPoints })) {
    if (value !== undefined && !Array.isArray(value)) report(`${path}/${field}`, 'is not a list');
  }
  if (isObject(permissions)) checkPermissions(`${path}/permissions`, permissions, report);
  checkTasks(`${path}/tasks`, module['tasks'], report, false);
  checkHookTable(`${path}/hooks`, module['hooks'], report);
}

function checkPermissions(path: string, permissions: Record<string, unknown>, report: Report): void {
  for (const [name, value] of Object.entries(permissions)) {
    if (!PERMISSION_NAME.test(name)) report(`${path}/${name}`, 'is not "noun:verb" in lower case');
    if (!isObject(value) || typeof value['description'] !== 'string' || !Array.isArray(value['roles'])) {
      report(`${path}/${name}`, 'has a description and a list of roles');
    }
  }
}

function checkTasks(path: string, tasks: unknown, report: Report, functionsToo: boolean): void {
  if (tasks === undefined) return;
  if (!isObject(tasks)) {
    report(path, 'is not an object');
    return;
  }
  for (const [type, handler] of Object.entries(tasks)) {
    if (!TASK_TYPE.test(type)) report(`${path}/${type}`, 'a type is in lower case: letters, digits and _ . : -');
    if (functionsToo && typeof handler === 'function') continue;
    if (isObject(handler) && typeof handler['run'] === 'function' && typeof handler['description'] === 'string')
      continue;
    report(`${path}/${type}`, `is not a handler: ${functionsToo ? 'a function, or ' : ''}{ description, run }`);
  }
}

function checkWorkflows(workflows: unknown, report: Report): void {
  if (workflows === undefined) return;
  if (!Array.isArray(workflows)) {
    report('/workflows', 'is not a list');
    return;
  }
  const types = new Set<unknown>();
  for (const [index, one] of workflows.entries()) {
    const type = isObject(one) && isObject(one['handler']) ? one['taskType'] : undefined;
    if (type === undefined) report(`/workflows/${index}`, 'is not what workflow(…) returns');
    else if (types.has(type)) report(`/workflows/${index}`, `there are two of this name and version: ${String(type)}`);
    types.add(type);
  }
}

function checkHookTable(path: string, hooks: unknown, report: Report): void {
  if (hooks === undefined) return;
  if (!isObject(hooks)) {
    report(path, 'is not an object');
    return;
  }
  for (const [point, hook] of Object.entries(hooks)) {
    const parts = isObject(hook) ? Object.entries(hook) : [];
    const isHook = parts.length > 0 && parts.every(([name, value]) => isHookPart(name) && typeof value === 'function');
    if (!isHook) report(`${path}/${point}`, 'is not a hook: { before, after }, one of them or both, functions');
  }
}

function isHookPart(name: string): boolean {
  return name === 'before' || name === 'after';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
