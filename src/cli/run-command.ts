import { requireModule } from '../application/require-module.ts';
import type { Command, CommandContext, OptionValues } from './command.ts';

/** Runs a command, here or for another process. Throws `module_off` where it needs a module that is switched off. */
export async function runCommand(
  context: CommandContext,
  call: {
    readonly command: Command;
    readonly values: OptionValues;
    readonly positionals: readonly string[];
  },
): Promise<number> {
  for (const name of call.command.needs ?? []) requireModule(await context.application(), name);
  return call.command.run(context, call);
}
