import { PlinthError } from '../platform/core/errors.ts';
import { UsageError } from './command.ts';

/** An error as lines for a person: what, which field, what to do. Never a stack. */
export function describeError(error: unknown): string[] {
  if (error instanceof UsageError) {
    return [`plinth: ${error.message}`, '  plinth --help lists the commands, plinth COMMAND --help its options'];
  }
  if (!(error instanceof PlinthError)) {
    return [`plinth: ${error instanceof Error ? error.message : String(error)}`];
  }
  const what = error.detail && error.detail !== error.title ? `${error.title}: ${error.detail}` : error.title;
  return [
    `plinth: ${what} (${error.code})`,
    ...(error.errors ?? []).slice(0, 20).map(({ path, message }) => `  ${path}: ${message}`),
    `  ${error.hint}`,
  ];
}
