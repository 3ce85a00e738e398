import { resolve } from 'node:path';
import { type SendProgress, sendEvents } from '../../client/send-events.ts';
import { retryEvent, type SchemeName, schemeNames } from '../../modules/events/index.ts';
import { isUuid } from '../../platform/core/ids.ts';
import { type Command, exitCodes, printResult, UsageError } from '../command.ts';
import { findOrganization } from '../organization.ts';

export const eventsSend: Command = {
  name: 'events send',
  summary: 'Sign payloads as their sender does, and post them to a hook',
  usage: [
    'events send FILE… --hook URL --secret SECRET [--scheme github] [--kind KIND]',
    'events send FILE…            (hook and secret from PLINTH_HOOK and PLINTH_HOOK_SECRET, as in .env.plinth)',
  ],
  options: {
    hook: { type: 'string' },
    secret: { type: 'string' },
    scheme: { type: 'string' },
    kind: { type: 'string' },
    concurrency: { type: 'string' },
  },
  database: 'none',
  async run(context, { values, positionals }) {
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

export const eventsRetry: Command = {
  name: 'events retry',
  summary: 'Match failed events again with the subscriptions as they are now',
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
