/**
 * The command line: finds the command, the configuration and the engine, and turns every failure into words. Loads what
 * it comes to: the platform takes most of a start, and many calls do without.
 */
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { Application } from '../application/compose.ts';
import { type Config, loadConfig } from '../platform/core/config.ts';
import type { Engine } from '../platform/db/engine.ts';
import type { Plinth } from '../plinth.ts';
import { type CommandContext, exitCodes } from './command.ts';
import { exitCodeOf, type RemoteLine, readControl } from './control.ts';
import { describeError } from './describe-error.ts';
import { commandEnvironment } from './environment.ts';
import { type ParsedCall, parseCall } from './parse-call.ts';
import { helpLines, usageOf } from './reference.ts';
import { runCommand } from './run-command.ts';
import { callServer } from './server-client.ts';

function configuration(call: ParsedCall): Config {
  // a command that looks at the configuration itself gets one that is always valid
  if (call.command.configuration === 'unread') return loadConfig({});
  const { env } = commandEnvironment(call.values);
  // from here on what --env says is the environment: of `PLINTH_LOG_LEVEL` and of the driver's variables
  if (call.values['env'] !== undefined) Object.assign(process.env, env);
  const config = loadConfig(env);
  return { ...config, dataFolder: resolve(config.dataFolder) };
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 0 || (argv.length === 1 && ['--help', '-h', 'help'].includes(argv[0] ?? ''))) {
    print(helpLines());
    return argv.length === 0 ? exitCodes.usage : exitCodes.fine;
  }
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) return main(['version']);
  const call = await parseCall(argv);
  if (call.values['help']) {
    print(usageOf(call.command));
    return exitCodes.fine;
  }
  const config = configuration(call);
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
  let ownerEngine: Engine | undefined;
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
      loading ??= applicationFrom(typeof file === 'string' ? file : undefined);
      return loading;
    },
    async plinth() {
      const { openPlinth } = await import('../plinth.ts');
      if (!call.command.migrates) await assertDatabaseThere(config);
      opened ??= await openPlinth({
        application: await context.application(),
        config: { ...config, logLevel: quiet(config) },
        migrate: call.command.migrates === true && config.environment !== 'production',
      });
      return opened;
    },
    async ownerEngine() {
      const { configOf, openDatabase } = await import('./databases.ts');
      await assertDatabaseThere(config);
      ownerEngine ??= await openDatabase(configOf(context, undefined), { mustExist: true });
      return ownerEngine;
    },
  };
  try {
    return await runCommand(context, call);
  } finally {
    await ownerEngine?.close();
    await opened?.close();
  }
}

async function assertDatabaseThere(config: Config): Promise<void> {
  const { assertDatabase } = await import('./data-folder.ts');
  await assertDatabase(config);
}

async function applicationFrom(file: string | undefined): Promise<Application> {
  const { loadApplication } = await import('../application/load.ts');
  return await loadApplication(process.cwd(), file);
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

// whoever reads us may have seen enough (`plinth … | head`)
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 3));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  for (const line of describeError(error)) process.stderr.write(`${line}\n`);
  process.exitCode = exitCodeOf(error);
}
