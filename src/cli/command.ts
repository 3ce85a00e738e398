import type { ParseArgsConfig } from 'node:util';
import type { Application } from '../application/compose.ts';
import type { Config } from '../platform/core/config.ts';
import type { Engine } from '../platform/db/engine.ts';
import type { Plinth } from '../plinth.ts';

export const exitCodes = { fine: 0, finding: 1, usage: 2, cannotRun: 3 } as const;

export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

/** What a command is given; the same whether it runs in its own process or inside a running server. */
export interface CommandContext {
  readonly config: Config;
  /** The folder the command was called in, for relative paths. */
  readonly cwd: string;
  /** Whether --json was given: one JSON value on standard output and nothing else there. */
  readonly json: boolean;
  /** A line for standard output: results. */
  out(line: string): void;
  /** A line for standard error: progress, remarks. */
  note(line: string): void;
  /** Overwrites the last progress line where there is a terminal. */
  progress(line: string): void;
  /** Aborts on Ctrl-C and SIGTERM, or when the caller has gone. */
  readonly signal: AbortSignal;
  /** What the program is made of: Plinth's modules, and those of plinth.config.ts. */
  application(): Promise<Application>;
  /**
   * The open Plinth: the running server's, or one opened (and closed afterwards) for this command. Throws
   * `data_folder_missing` and `schema_behind`, unless the command applies migrations.
   */
  plinth(): Promise<Plinth>;
  /**
   * The configured database's engine as its owner, in whatever state its schema is: the running server's, or one opened
   * (and closed afterwards) for this command. Throws `data_folder_missing` where there is none.
   */
  ownerEngine(): Promise<Engine>;
  /** Asks for a line; undefined where nobody can answer. */
  ask(question: string): Promise<string | undefined>;
}

/** A command as its file has it; its name and summary stand in the list of all (commands.ts). */
export interface CommandBody {
  /** Lines after "usage: plinth <name>". */
  readonly usage: readonly string[];
  /** What else a person should know, as lines of text. */
  readonly notes?: readonly string[];
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  /**
   * `none`: opens none. `shared`: goes through the control socket of a running embedded server, else opens the engine
   * itself. `exclusive`: refuses beside a running embedded server, and names it.
   */
  readonly database: 'none' | 'shared' | 'exclusive';
  /** It makes the database where there is none, and applies what migrations are missing. No other command does. */
  readonly migrates?: true;
  /** `unread`: the command looks at the environment itself, and runs whatever is wrong with it. */
  readonly configuration?: 'unread';
  /** Modules that it can not do without, of those that can be switched off. */
  readonly needs?: readonly string[];
  run(context: CommandContext, args: { values: OptionValues; positionals: readonly string[] }): Promise<number>;
}

export interface Command extends CommandBody {
  readonly name: string;
  readonly summary: string;
}

/** Thrown for a call that is not understood: exit code 2 and the usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Prints a result: as one JSON value with --json, else by `lines`. */
export function printResult(context: CommandContext, value: unknown, lines: () => readonly string[]): void {
  if (context.json) context.out(JSON.stringify(value));
  else for (const line of lines()) context.out(line);
}

/** Rows in aligned columns under their headings. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
