import type { Static, TObject } from 'typebox';
import type { FieldError } from '../platform/core/errors.ts';
import { valueChecks } from '../platform/core/schema-checks.ts';
import type { ModuleDefinition } from '../platform/module.ts';
import type { Platform } from '../platform/platform.ts';
import { applicationErrors } from './errors.ts';

/** A module's settings with their defaults; `schema` is the one it declares, for the type. */
export function settingsOf<S extends TObject>(platform: Platform, module: string, _schema: S): Static<S> {
  const settings = platform.settings.get(module);
  if (settings === undefined) throw new Error(`the module ${module} is off, or declares no settings`);
  return settings as Static<S>;
}

/** The settings of all modules that declare some, checked. Adds what is wrong to `problems`. */
export function readSettings(
  modules: readonly ModuleDefinition[],
  given: Readonly<Record<string, unknown>>,
  problems: FieldError[] = [],
): Map<string, unknown> {
  const settings = new Map<string, unknown>();
  for (const { name, settings: schema } of modules) {
    if (!schema) continue;
    // a copy: Default fills in what it is given
    const { Default, Errors } = valueChecks();
    const value = Default(schema, copyOf(given[name]));
    for (const { keyword, instancePath, message } of Errors(schema, value)) {
      // said below, with the names there are
      if (keyword !== 'additionalProperties' && keyword !== 'boolean')
        problems.push({ path: `/settings/${name}${instancePath}`, message });
    }
    for (const key of Object.keys((value ?? {}) as object)) {
      if (!(key in schema.properties)) {
        problems.push({
          path: `/settings/${name}/${key}`,
          message: `there is no such setting; there are ${Object.keys(schema.properties).join(', ')}`,
        });
      }
    }
    settings.set(name, deepFreeze(value));
  }
  for (const name of Object.keys(given)) {
    if (!settings.has(name))
      problems.push({ path: `/settings/${name}`, message: 'no module of this name declares settings' });
  }
  return settings;
}

/** The settings of a list of modules with nothing set. Throws `application_invalid` where a field has no default. */
export function defaultSettings(modules: readonly ModuleDefinition[]): Map<string, unknown> {
  const problems: FieldError[] = [];
  const settings = readSettings(modules, {}, problems);
  if (problems.length > 0) throw applicationErrors.application_invalid({ errors: problems });
  return settings;
}

function copyOf(given: unknown): unknown {
  if (typeof given !== 'object' || given === null) return given ?? {};
  try {
    return structuredClone(given);
  } catch {
    return { ...given };
  }
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
