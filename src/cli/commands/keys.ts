import { resolve } from 'node:path';
import { hasOwnMasterKeyFile, masterKeys, replaceMasterKeyFile } from '../../master-keys.ts';
import { loadOrCreateMasterKeyFile, type MasterKeyRing } from '../../platform/core/crypto/index.ts';
import {
  type MasterKeyStatus,
  masterKeyStatus,
  type Rotation,
  rotateMasterKey,
  rotationErrors,
} from '../../platform/key-rotation.ts';
import { readMasterKeyFingerprint } from '../../platform/keyring.ts';
import { type CommandBody, type CommandContext, exitCodes, printResult, table, UsageError } from '../command.ts';

const fingerprint_digits_shown = 8;

/** The keys at hand for the open database. */
async function ringOf(context: CommandContext): Promise<MasterKeyRing> {
  const { platform } = await context.plinth();
  return await masterKeys(context.config, await readMasterKeyFingerprint(platform.door));
}

export const keysStatus: CommandBody = {
  usage: ['keys status'],
  notes: ['A master key is shown by the beginning of its fingerprint, never itself.'],
  database: 'shared',
  async run(context) {
    const { platform } = await context.plinth();
    const status = await masterKeyStatus(platform.door, await ringOf(context));
    printResult(context, statusAsJson(status), () => statusLines(status));
    return status.isDone ? exitCodes.fine : exitCodes.finding;
  },
};

export const keysRotate: CommandBody = {
  usage: ['keys rotate [--dry-run]'],
  notes: [
    'Servers keep running meanwhile; they must have been started with both keys. An embedded folder whose key is the',
    'file beside it gets a new file; elsewhere the new key is PLINTH_MASTER_KEY, the old PLINTH_PREVIOUS_MASTER_KEY.',
  ],
  options: { 'dry-run': { type: 'boolean' } },
  database: 'shared',
  async run(context, { values }) {
    const { config } = context;
    const { platform } = await context.plinth();
    const dryRun = values['dry-run'] === true;
    let ring = await ringOf(context);
    const call = {
      door: platform.door,
      signal: context.signal,
      onProgress: ({ phase, keys }: { phase: string; keys: number }) => context.progress(`${phase}: ${keys} data keys`),
    };
    const before = await masterKeyStatus(platform.door, ring);
    const needsNewKey = before.isDone;
    if (needsNewKey && !hasOwnMasterKeyFile(config) && ring.previous.length === 0) {
      throw rotationErrors.rotation_key_missing();
    }
    if (needsNewKey && hasOwnMasterKeyFile(config)) {
      // everything can be read under the key there is: only then a new one takes its place
      const looked = await rotateMasterKey({ ...call, ring, dryRun: true });
      if (dryRun) {
        context.progress('');
        const planned = { ...looked, rewrapped: looked.checked };
        printResult(context, asJson(planned, true), () => lines(planned, true));
        return exitCodes.fine;
      }
      ring = await replaceMasterKeyFile(config);
      platform.keyring.useMasterKeys(ring);
    }
    const rotation = await rotateMasterKey({ ...call, ring, dryRun });
    context.progress('');
    printResult(context, asJson(rotation, dryRun), () => lines(rotation, dryRun));
    if (!dryRun) context.note(afterwards(hasOwnMasterKeyFile(config)));
    return exitCodes.fine;
  },
};

export const keysCreate: CommandBody = {
  usage: ['keys create FILE'],
  notes: ['It is not printed, and a file that is there is left as it is.'],
  database: 'none',
  async run(context, { positionals }) {
    const [file] = positionals;
    if (file === undefined || positionals.length > 1) throw new UsageError('keys create wants a FILE');
    const path = resolve(context.cwd, file);
    const { key, created } = await loadOrCreateMasterKeyFile(path, { outside: context.config.dataFolder });
    if (!created) throw new UsageError(`${path} is there already, with the key ${shown(key.fingerprint)}`);
    printResult(context, { path, fingerprint: key.fingerprint }, () => [
      `${path}: master key ${shown(key.fingerprint)}; keep a copy apart from the data`,
    ]);
    return exitCodes.fine;
  },
};

function shown(fingerprint: string): string {
  return `${fingerprint.slice(0, fingerprint_digits_shown)}…`;
}

function afterwards(isOwnFile: boolean): string {
  return isOwnFile
    ? 'the old key lies beside the new one: keep it as long as backups from before are kept'
    : 'start the servers again without PLINTH_PREVIOUS_MASTER_KEY; keep the old key as long as backups from before are kept';
}

function statusAsJson({ wrapsNew, masterKeys: keys, isDone }: MasterKeyStatus): Record<string, unknown> {
  return {
    wraps_new: wrapsNew,
    master_keys: keys.map(({ fingerprint, dataKeys, role }) => ({ fingerprint, data_keys: dataKeys, role })),
    done: isDone,
  };
}

function asJson({ checked, rewrapped, status }: Rotation, dryRun: boolean): Record<string, unknown> {
  return { dry_run: dryRun, checked, rewrapped, ...statusAsJson(status) };
}

function statusLines({ wrapsNew, masterKeys: keys, isDone }: MasterKeyStatus): string[] {
  return [
    ...table(
      ['master key', 'data keys', 'here it is', 'wraps new ones'],
      keys.map(({ fingerprint, dataKeys, role }) => [
        shown(fingerprint),
        String(dataKeys),
        role,
        fingerprint === wrapsNew ? 'yes' : '',
      ]),
    ),
    ...(isDone ? [] : ['', 'a rotation has not ended: plinth keys rotate']),
  ];
}

function lines({ checked, rewrapped, status }: Rotation, dryRun: boolean): string[] {
  if (dryRun) return [`${checked} data keys can be unwrapped, ${rewrapped} would be wrapped anew; nothing was changed`];
  return [`${rewrapped} data keys wrapped anew, ${checked} in all`, ...statusLines(status)];
}
