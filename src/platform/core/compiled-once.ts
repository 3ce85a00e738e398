import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

/**
 * A validator that is compiled when it is first asked for. Those of all routes and their answers took 0.16 s of a
 * processor at every start of a server, which asks for few of them in its first minutes.
 */
export function compiledOnce<T extends TSchema>(schema: T): () => Validator<Record<never, never>, T> {
  let validator: Validator<Record<never, never>, T> | undefined;
  return () => {
    validator ??= Compile(schema);
    return validator;
  };
}
