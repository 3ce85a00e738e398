/** Commands of the program, run inside a test. */
import { plainApplication } from '../../src/application/compose.ts';
import type { CommandContext } from '../../src/cli/command.ts';
import { parseCall } from '../../src/cli/parse-call.ts';
import type { Config } from '../../src/platform/core/config.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import type { Plinth } from '../../src/plinth.ts';

export interface CommandRun {
  readonly exit: number;
  /** Lines of standard output. */
  readonly out: string[];
}

/** Runs one command line; a command that fails rejects as it would throw to the program. */
export async function runCommand(
  argv: readonly string[],
  from: {
    readonly config: Config;
    readonly plinth?: Plinth;
    readonly ownerEngine?: Engine;
    readonly signal?: AbortSignal;
  },
): Promise<CommandRun> {
  const { command, values, positionals } = await parseCall(argv);
  const out: string[] = [];
  const context: CommandContext = {
    config: from.config,
    cwd: '/',
    json: values['json'] === true,
    out: (line) => out.push(line),
    note: () => undefined,
    progress: () => undefined,
    signal: from.signal ?? new AbortController().signal,
    application: async () => plainApplication(),
    async plinth() {
      if (!from.plinth) throw new Error('this test opens no Plinth');
      return from.plinth;
    },
    async ownerEngine() {
      const engine = from.ownerEngine ?? from.plinth?.platform.engine;
      if (!engine) throw new Error('this test opens no engine');
      return engine;
    },
    ask: async () => undefined,
  };
  return { exit: await command.run(context, { values, positionals }), out };
}
