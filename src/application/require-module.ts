import type { Application } from './compose.ts';
import { applicationErrors } from './errors.ts';

/** Throws `module_off` unless the module is there. */
export function requireModule({ modules }: Application, name: string): void {
  if (!modules.some((module) => module.name === name)) {
    throw applicationErrors.module_off({ detail: `${name} is switched off` });
  }
}
