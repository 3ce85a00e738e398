import { errors, PlinthError } from '../core/errors.ts';

/** Turns a database error into one of the catalogue, by its SQLSTATE. */
export function fromDatabaseError(error: unknown): PlinthError {
  return error instanceof PlinthError ? error : errors.internal({ cause: error });
}
