/** The command line: finds the command, the configuration and the engine, and turns every failure into words. */
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Application } from '../application/compose.ts';
import { loadApplication } from '../application/load.ts';
import { type Config, loadConfig } from '../platform/core/config.ts';
import { openPlinth, type Plinth } from '../plinth.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';
import { commands } from './commands.ts';
import { exitCodeOf, type RemoteLine, readControl } from './control.ts';
import { describeError } from './describe-error.ts';
import { type ParsedCall, parseCall } from './parse-call.ts';
import { runCommand } from './run-command.ts';
import { callServer } from './server-client.ts';

/** Long options that stand for a setting. */
const settingOptions = {
  data: 'PLINTH_DATA',
  'database-url': 'DATABASE_URL',
  host: 'PLINTH_HOST',
  port: 'PLINTH_PORT',
} as const;

function configuration(values: ParsedCall['values']): Config {
  const env = { ...process.env };
  for (const [option, variable] of Object.entries(settingOptions)) {
    const value = values[option];
    if (typeof value === 'string') env[variable] = value;
  }
  const config = loadConfig(env);
  return { ...config, dataFolder: resolve(config.dataFolder) };
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 0 || (argv.length === 1 && ['--help', '-h', 'help'].includes(argv[0] ?? ''))) {
    print(helpLines());
    return argv.length === 0 ? exitCodes.usage : exitCodes.fine;
  }
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) return main(['version']);
  const call = parseCall(argv);
  if (call.values['help']) {
    print(usageOf(call.command));
    return exitCodes.fine;
  }
  const config = configuration(call.values);
  const stopping = stopSignal();
  const json = call.values['json'] === true;
  if (call.command.database !== 'none' && !config.databaseUrl) {
    const control = await readControl(config.dataFolder);
    if (control && call.command.database === 'shared') {
      const exit = await callServer(control.socket, { argv, cwd: process.cwd(), json }, printRemote, stopping);
      if (exit !== undefined) return exit;
    }
  }
  let opened: Plinth | undefined;
  let loading: Promise<Application> | undefined;
  const context: CommandContext = {
    config,
    cwd: process.cwd(),
    json,
    signal: stopping,
    out: (line) => process.stdout.write(`${line}\n`),
    note: (line) => process.stderr.write(`${line}\n`),
    progress: (line) => printRemote({ progress: line }),
    ask,
    application() {
      const file = call.values['config'];
      loading ??= loadApplication(process.cwd(), typeof file === 'string' ? file : undefined);
      return loading;
    },
    async plinth() {
      opened ??= await openPlinth({
        application: await context.application(),
        config: { ...config, logLevel: quiet(config) },
        migrate: config.environment !== 'production',
      });
      return opened;
    },
  };
  try {
    return await runCommand(context, call);
  } finally {
    await opened?.close();
  }
}

/** One-off commands speak for themselves: the log only says what goes wrong. */
function quiet(config: Config): Config['logLevel'] {
  return process.env['PLINTH_LOG_LEVEL'] ? config.logLevel : 'error';
}

function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  let signals = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stopping.abort();
      if (++signals > 1) process.exit(exitCodes.cannotRun);
    });
  }
  return stopping.signal;
}

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await prompt.question(question);
  } finally {
    prompt.close();
  }
}

function printRemote(line: RemoteLine): void {
  if ('out' in line) process.stdout.write(`${line.out}\n`);
  else if ('note' in line) process.stderr.write(`${line.note}\n`);
  else if ('progress' in line && process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.progress}`);
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

function helpLines(): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'plinth: the backend of an AI platform in one PostgreSQL',
    '',
    'usage: plinth COMMAND [options]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Every command takes --data DIR or --database-url URL, --config FILE, --json and --help.',
    'Exit codes: 0 fine, 1 a finding, 2 usage, 3 cannot run.',
  ];
}

function usageOf(command: Command): string[] {
  return [command.summary, '', ...command.usage.map((line, at) => `${at === 0 ? 'usage: ' : '       '}plinth ${line}`)];
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  for (const line of describeError(error)) process.stderr.write(`${line}\n`);
  process.exitCode = exitCodeOf(error);
}
