import { copyDatabase, type LoadResult, type TransferEvent } from '../../platform/transfer/index.ts';
import { version } from '../../version.ts';
import { type CommandBody, type CommandContext, exitCodes, printResult, UsageError } from '../command.ts';
import { configOf, masterKeyNotes, openDatabase, runtimeLogins } from '../databases.ts';

export const copy: CommandBody = {
  usage: ['copy [--from FOLDER|URL] [--to FOLDER|URL]', 'the one that is left out is the configured database'],
  options: { from: { type: 'string' }, to: { type: 'string' } },
  database: 'none',
  async run(context, { values }) {
    const { from, to } = values as { from?: string; to?: string };
    if (from === undefined && to === undefined) throw new UsageError('copy wants --from or --to');
    const [fromConfig, toConfig] = [configOf(context, from), configOf(context, to)];
    if (!fromConfig.databaseUrl && !toConfig.databaseUrl && fromConfig.dataFolder === toConfig.dataFolder) {
      throw new UsageError('--from and --to name the same folder');
    }
    const source = await openDatabase(fromConfig, { mustExist: true });
    try {
      const target = await openDatabase(toConfig, { mustExist: false });
      try {
        context.note(`from  ${source.description}`);
        context.note(`to    ${target.description}`);
        const result = await copyDatabase(source, target, {
          modules: (await context.application()).known,
          programVersion: version,
          prefix: context.config.rolePrefix,
          ...(to === undefined ? runtimeLogins(context.config) : {}),
          signal: context.signal,
          onProgress: (event) => showProgress(context, event),
        });
        context.progress('');
        printResult(context, { ...asJson(result), from: source.description, to: target.description }, () =>
          lines(result),
        );
        for (const line of await masterKeyNotes(toConfig, result.masterKeyFingerprint, fromConfig)) context.note(line);
        return exitCodes.fine;
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
  },
};

/** One line that is overwritten; what happened once stays. */
export function showProgress(context: CommandContext, event: TransferEvent): void {
  if (event.kind === 'resumed') context.note(`going on: ${event.rows} rows are there already`);
  if (event.kind === 'again') context.note(`${event.table} changed in the source meanwhile: loading it again`);
  if (event.kind === 'rows') context.progress(`${event.table}: ${event.rows} rows (${event.total} in all)`);
  if (event.kind === 'compared') context.progress(`comparing: ${event.at} of ${event.of} tables`);
}

/** As printed with --json. */
export function asJson(result: LoadResult): Record<string, unknown> {
  const { tables, rows, resumed, cursorEpoch, masterKeyFingerprint, notMoved } = result;
  return {
    tables,
    rows,
    resumed,
    cursor_epoch: cursorEpoch,
    master_key_fingerprint: masterKeyFingerprint,
    not_moved: notMoved,
  };
}

function lines({ tables, rows, notMoved }: LoadResult): string[] {
  return [
    `${rows} rows in ${tables.length} tables, equal in number and hash`,
    ...(notMoved.length > 0 ? [`not moved: ${notMoved.join(', ')} (no migration registered them)`] : []),
  ];
}
