import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { type Forwarded, ListenRefused, listenEvents, replayEvent } from '../../client/listen-events.ts';
import { type SendProgress, sendEvents } from '../../client/send-events.ts';
import { type RefusedLine, SendRefused, sendLines } from '../../client/send-lines.ts';
import { generateSecret } from '../../modules/deliveries/index.ts';
import { nameMatches, retryEvent, type SchemeName, schemeNames } from '../../modules/events/index.ts';
import { isUuid } from '../../platform/core/ids.ts';
import {
  type CommandBody,
  type CommandContext,
  exitCodes,
  type OptionValues,
  printResult,
  UsageError,
} from '../command.ts';
import { findOrganization } from '../organization.ts';
import { serverOf } from '../server-of.ts';

export const eventsSend: CommandBody = {
  usage: [
    'events send FILE… --hook URL --secret SECRET [--scheme github] [--kind KIND]',
    'events send FILE…            (hook and secret from PLINTH_HOOK and PLINTH_HOOK_SECRET, as in .env.plinth)',
    'events send --ndjson FILE [--url SERVER] [--key KEY]        (an event a line, with a key; - reads standard input)',
  ],
  notes: [
    'With --ndjson the key (default: PLINTH_KEY) may send events; the server is PLINTH_URL, or http://localhost:4600. A line that is',
    'refused is named and stops nothing; lines with an "id" may all be sent again.',
  ],
  options: {
    hook: { type: 'string' },
    secret: { type: 'string' },
    scheme: { type: 'string' },
    kind: { type: 'string' },
    concurrency: { type: 'string' },
    ndjson: { type: 'string' },
    url: { type: 'string' },
    key: { type: 'string' },
  },
  database: 'none',
  async run(context, { values, positionals }) {
    if (values['ndjson'] !== undefined) return sendFile(context, values, positionals);
    const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
    const hook = text('hook') ?? process.env['PLINTH_HOOK'];
    const secret = text('secret') ?? process.env['PLINTH_HOOK_SECRET'];
    const scheme = (text('scheme') ?? 'github') as SchemeName;
    const kind = text('kind');
    const concurrency = Number(text('concurrency') ?? 4);
    if (positionals.length === 0) throw new UsageError('events send wants at least one FILE');
    if (!hook || !secret) throw new UsageError('events send wants --hook and --secret');
    if (!schemeNames.includes(scheme)) throw new UsageError(`--scheme is one of ${schemeNames.join(', ')}`);
    if (!Number.isInteger(concurrency) || concurrency < 1)
      throw new UsageError('--concurrency is a whole number from 1');
    const summary = await sendEvents({
      hook,
      secret,
      scheme,
      files: positionals.map((file) => resolve(context.cwd, file)),
      concurrency,
      signal: context.signal,
      onProgress: ({ sent, total }: SendProgress) => context.progress(`${sent} of ${total} sent`),
      ...(kind ? { kind } : {}),
    });
    context.progress('');
    printResult(context, summary, () => [
      ...summary.results
        .filter(({ outcome }) => outcome === 'refused')
        .map(({ name, status, code, detail }) => `refused  ${name}: ${status} ${code ?? ''} ${detail ?? ''}`.trimEnd()),
      `${summary.stored} stored, ${summary.duplicates} duplicates, ${summary.refused} refused`,
    ]);
    return summary.refused === 0 ? exitCodes.fine : exitCodes.finding;
  },
};

async function sendFile(
  context: CommandContext,
  values: OptionValues,
  positionals: readonly string[],
): Promise<number> {
  const file = String(values['ndjson']);
  if (positionals.length > 0 || values['hook'] !== undefined || values['secret'] !== undefined) {
    throw new UsageError('events send --ndjson takes one FILE, and a key in place of a hook and a secret');
  }
  const refused: RefusedLine[] = [];
  try {
    const sent = await sendLines({
      ...serverOf(values, 'events send --ndjson'),
      input: file === '-' ? process.stdin : createReadStream(resolve(context.cwd, file)),
      signal: context.signal,
      onProgress: ({ stored, duplicates }) => context.progress(`${stored} stored, ${duplicates} duplicates`),
      onRefused(line) {
        if (context.json) refused.push(line);
        else context.out(`refused  line ${line.line}: ${line.code} ${line.field ?? ''} ${line.detail ?? ''}`.trimEnd());
      },
    });
    context.progress('');
    printResult(context, { ...sent, lines: refused }, () => [
      `${sent.stored} stored, ${sent.duplicates} duplicates, ${sent.refused} refused`,
    ]);
    return sent.refused === 0 ? exitCodes.fine : exitCodes.finding;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'EACCES') throw new UsageError(`${file}: ${message}`);
    if (!(error instanceof SendRefused)) throw error;
    context.note(`the server answers: ${message}`);
    return exitCodes.cannotRun;
  }
}

export const eventsRetry: CommandBody = {
  usage: ['events retry ID… [--organization SLUG]'],
  options: { organization: { type: 'string' } },
  database: 'shared',
  async run(context, { values, positionals }) {
    if (positionals.length === 0) throw new UsageError('events retry wants the ID of an event');
    const wrong = positionals.find((id) => !isUuid(id));
    if (wrong !== undefined) throw new UsageError(`"${wrong}" is not the id of an event`);
    const plinth = await context.plinth();
    const { id: organizationId } = await findOrganization(plinth, values['organization']);
    const { platform } = plinth;
    // all of them or none, so that what was said of a call that failed holds for each
    await platform.door.write({ as: 'app', organizationId, memberRole: 'service' }, async (tx) => {
      for (const id of positionals) await retryEvent(platform, tx, id);
    });
    printResult(context, { retried: positionals }, () => positionals.map((id) => `${id}  pending`));
    return exitCodes.fine;
  },
};

export const eventsListen: CommandBody = {
  usage: [
    'events listen --forward URL [--names PATTERN[,PATTERN…]] [--url SERVER] [--key KEY] [--secret whsec_…]',
    'events listen --forward URL --replay ID      (posts one stored event, then ends)',
  ],
  notes: [
    'The key (default: PLINTH_KEY) may read events; the server is PLINTH_URL, or http://localhost:4600. Requests are signed as',
    'deliveries are: with --secret, or with a secret that is made and shown at the start. Nothing is sent twice.',
    'Events come by /v1/live; where no stream comes through, by asking every second (up to an hour after the time they carry).',
  ],
  options: {
    forward: { type: 'string' },
    names: { type: 'string' },
    url: { type: 'string' },
    key: { type: 'string' },
    secret: { type: 'string' },
    replay: { type: 'string' },
  },
  database: 'none',
  async run(context, { values }) {
    const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
    const forward = text('forward');
    const replay = text('replay');
    if (forward === undefined || !/^https?:\/\//.test(forward) || !URL.canParse(forward)) {
      throw new UsageError('events listen wants --forward URL, such as http://localhost:3000/hooks');
    }
    const { url, key } = serverOf(values, 'events listen');
    if (replay !== undefined && !isUuid(replay)) throw new UsageError(`"${replay}" is not the id of an event`);
    const patterns = text('names')?.split(',') ?? [];
    const secret = text('secret') ?? generateSecret();
    if (text('secret') === undefined) context.note(`signed with ${secret}`);
    const options = {
      url,
      key,
      forward,
      secret,
      signal: context.signal,
      accepts: (type: string) => patterns.length === 0 || patterns.some((pattern) => nameMatches(pattern, type)),
    };
    const show = (done: Forwarded) => printResult(context, done, () => [lineOf(done)]);
    try {
      if (replay !== undefined) {
        const done = await replayEvent(options, replay);
        show(done);
        return isTaken(done) ? exitCodes.fine : exitCodes.finding;
      }
      context.note(`new events of ${url} go to ${forward}; Ctrl-C ends it`);
      let trouble: string | undefined;
      await listenEvents({
        ...options,
        onForwarded: show,
        onTrouble: (reason) => {
          if (reason !== trouble) context.note(`${url} does not answer: ${reason}; trying again`);
          trouble = reason;
        },
        onPolling: (reason) => context.note(`asking every second, for there is no live stream: ${reason}`),
      });
      return exitCodes.fine;
    } catch (error) {
      if (!(error instanceof ListenRefused)) throw error;
      context.note(`${url} answers: ${error.message}`);
      return exitCodes.cannotRun;
    }
  },
};

const isTaken = ({ status }: Forwarded): boolean => status !== undefined && status >= 200 && status < 300;

function lineOf({ id, type, status, error, ms }: Forwarded): string {
  return `${status ?? error}  ${type}  ${id}  ${ms} ms`;
}
