import { issueFirstRunLink } from '../../modules/tenancy/index.ts';
import { openPlinth, type Plinth } from '../../plinth.ts';
import { assertAddressFree } from '../assert-address-free.ts';
import { type CommandBody, type CommandContext, exitCodes, UsageError } from '../command.ts';
import { loadCommands } from '../commands.ts';
import { buildConsole } from '../console-build.ts';
import { type RunCall, startControl } from '../control.ts';
import { assertDatabase } from '../data-folder.ts';
import { parseCall } from '../parse-call.ts';
import { runCommand } from '../run-command.ts';

const drain_ms = 10_000;

export const up: CommandBody = {
  usage: ['up [--data DIR | --database-url URL] [--host ADDRESS] [--port N]'],
  database: 'exclusive',
  migrates: true,
  async run(context) {
    const started = performance.now();
    await assertAddressFree(context.config);
    const applied: string[] = [];
    const plinth = await openPlinth({
      application: await context.application(),
      config: serverConfig(context),
      migrate: true,
      onMigration: (id) => applied.push(id),
    });
    return runServer(context, plinth, {
      serve: true,
      work: true,
      banner: `${plinth.platform.engine.description}   ${applied.length} migrations, ${((performance.now() - started) / 1000).toFixed(1)} s`,
    });
  },
};

export const serve: CommandBody = {
  usage: ['serve [--host ADDRESS] [--port N]'],
  database: 'exclusive',
  async run(context) {
    await assertDatabase(context.config);
    await assertAddressFree(context.config);
    const plinth = await openPlinth({ application: await context.application(), config: context.config });
    return runServer(context, plinth, { serve: true, work: false, banner: plinth.platform.engine.description });
  },
};

export const work: CommandBody = {
  usage: ['work'],
  database: 'exclusive',
  async run(context) {
    await assertDatabase(context.config);
    const plinth = await openPlinth({ application: await context.application(), config: context.config });
    return runServer(context, plinth, { serve: false, work: true, banner: plinth.platform.engine.description });
  },
};

/** In a terminal the requests' log would bury the few lines a person reads; a service manager gets all of it. */
function serverConfig(context: CommandContext): CommandContext['config'] {
  const chosen = process.env['PLINTH_LOG_LEVEL'] !== undefined;
  return chosen || !process.stdout.isTTY ? context.config : { ...context.config, logLevel: 'warn' };
}

async function runServer(
  context: CommandContext,
  plinth: Plinth,
  parts: { serve: boolean; work: boolean; banner: string },
): Promise<number> {
  const { config } = plinth;
  let control: { stop(): Promise<void> } | undefined;
  try {
    context.out(`plinth ${plinth.version}   ${parts.banner}`);
    // before anything is announced: a command that follows at once finds the socket, and no stale one
    if (!config.databaseUrl) {
      // all of them now: after an upgrade on disk the files of later are another release's
      await loadCommands();
      control = await startControl(plinth, config.dataFolder, runRemotely(plinth));
    }
    if (parts.serve) {
      const { url } = await plinth.listen();
      await announce(context, plinth, config.publicUrl ?? url);
      // beside the server, which is ready before: until then the plain sign-in page stands where the console will be
      if (parts.work) void buildConsole({ signal: context.signal, failed: context.note });
    }
    if (parts.work) {
      plinth.work();
      if (!parts.serve) context.out('worker   running');
    }
    await aborted(context.signal);
    context.note('stopping: finishing what is in flight');
    return exitCodes.fine;
  } finally {
    await control?.stop();
    await plinth.close(drain_ms);
  }
}

async function announce(context: CommandContext, plinth: Plinth, url: string): Promise<void> {
  const link = await issueFirstRunLink(plinth.platform);
  if (link) {
    context.out(`welcome  ${url}/welcome#${link.token}`);
    context.out('         makes the first administrator; works once, for 15 minutes');
  }
  context.out(`console  ${url}/`);
  context.out(`api      ${url}/docs`);
  if (plinth.config.environment !== 'production') context.out('next     in another terminal:  npx plinth demo');
}

/** Runs a command that came through the control socket on this server's open engine. */
function runRemotely(plinth: Plinth): RunCall {
  return async ({ argv }, context) => {
    const call = await parseCall(argv);
    if (call.command.database !== 'shared') {
      throw new UsageError(
        `"${call.command.name}" cannot run while a server (pid ${process.pid}) has the data folder open`,
      );
    }
    const application = async () => plinth.application;
    return runCommand({ ...context, config: plinth.config, application, ask: async () => undefined }, call);
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
