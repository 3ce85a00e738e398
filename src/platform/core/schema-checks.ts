/**
 * The half of TypeBox that checks values, loaded when something is first checked: its 310 files are 0.1 s of a processor
 * at every start if they are imported, and most commands check nothing.
 */
import { createRequire } from 'node:module';
import type { TSchema } from 'typebox';
import type { Validator } from 'typebox/compile';

const require = createRequire(import.meta.url);

export const valueChecks = () => require('typebox/value') as typeof import('typebox/value');
export const schemaChecks = () => require('typebox/schema') as typeof import('typebox/schema');

/**
 * A validator that is compiled when it is first asked for. Those of all routes and their answers took 0.16 s of a
 * processor at every start of a server, which asks for few of them in its first minutes.
 */
export function compiledOnce<T extends TSchema>(schema: T): () => Validator<Record<never, never>, T> {
  let validator: Validator<Record<never, never>, T> | undefined;
  return () => {
    validator ??= (require('typebox/compile') as typeof import('typebox/compile')).Compile(schema);
    return validator;
  };
}
