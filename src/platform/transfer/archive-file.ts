/** The container of a backup: one line that says what it is, then compressed content in frames. */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import {
  encryptedFrames,
  FRAME_OVERHEAD_BYTES,
  type FrameCipher,
  type MasterKey,
  masterKeyStreamKey,
  passphraseKey,
  plainFrames,
} from '../core/crypto/index.ts';
import { fileProblem } from '../core/file-problem.ts';
import { archiveErrors } from './archive-errors.ts';

/** What the content is: a whole database, or one organization. */
export type ArchiveFormat = 'plinth-backup' | 'plinth-organization';
const format_version = 1;
const kinds: ReadonlyMap<string, string> = new Map([
  ['plinth-backup', 'a backup of a whole database'],
  ['plinth-organization', 'the export of one organization'],
]);
const header_bytes_max = 4096;
const frame_content_bytes = 1024 * 1024;
/** Length and whether it is the last: five bytes before each frame. */
const frame_head_bytes = 5;
const gzip_level = 6;

/** What an archive is sealed with. */
export type ArchiveKey =
  | { readonly kind: 'none' }
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'master-key'; readonly key: MasterKey };

/** The first line of the file, in the clear. */
export interface ArchiveHeader {
  readonly format: ArchiveFormat;
  readonly version: number;
  readonly created_at: string;
  readonly program: string;
  /** How it is sealed; the fingerprint is that of the master key where it is sealed by one. */
  readonly sealed: 'none' | 'passphrase' | 'master-key';
  readonly fingerprint?: string;
  readonly salt: string;
}

/**
 * Writes an archive: to `<path>.partial` first, which takes its name when everything is on the disk, so that a file of
 * that name is always whole. Throws `archive_write_failed`; then nothing is left.
 */
export async function writeArchive(
  path: string,
  about: {
    readonly createdAt: Date;
    readonly program: string;
    readonly key: ArchiveKey;
    readonly format?: ArchiveFormat;
  },
  content: AsyncIterable<Buffer>,
): Promise<{ bytes: number }> {
  const { key } = about;
  const header: ArchiveHeader = {
    format: about.format ?? 'plinth-backup',
    version: format_version,
    created_at: about.createdAt.toISOString(),
    program: about.program,
    sealed: key.kind,
    ...(key.kind === 'master-key' && { fingerprint: key.key.fingerprint }),
    salt: randomBytes(16).toString('base64'),
  };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  const cipher = await cipherOf(header, line, key);
  const partial = `${path}.partial`;
  let bytes = 0;
  async function* frames(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    yield line;
    bytes += line.length;
    for await (const frame of sealFrames(compressed, cipher)) {
      bytes += frame.length;
      yield frame;
    }
  }
  try {
    // wx: of two backups under one name the second fails; flush: on the disk before it is closed
    const file = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true });
    await pipeline(Readable.from(content), createGzip({ level: gzip_level }), frames, file);
    await rename(partial, path);
    await syncFolder(dirname(path));
    return { bytes };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(partial, { force: true });
    throw writeProblem(error, path);
  }
}

async function* sealFrames(compressed: AsyncIterable<Buffer>, cipher: FrameCipher): AsyncGenerator<Buffer> {
  let index = 0;
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const part of compressed) {
    waiting.push(part);
    length += part.length;
    // one byte stays back, so that the last frame is never known too late
    while (length > frame_content_bytes) {
      const all = Buffer.concat(waiting);
      yield frameOf(cipher, index++, false, all.subarray(0, frame_content_bytes));
      waiting = [all.subarray(frame_content_bytes)];
      length = all.length - frame_content_bytes;
    }
  }
  yield frameOf(cipher, index, true, Buffer.concat(waiting));
}

function frameOf(cipher: FrameCipher, index: number, last: boolean, content: Buffer): Buffer {
  const sealed = cipher.seal(index, last, content);
  const head = Buffer.alloc(frame_head_bytes);
  head.writeUInt32BE(sealed.length, 0);
  head[4] = last ? 1 : 0;
  return Buffer.concat([head, sealed]);
}

/** Reads the first line. Throws `archive_not_found`, `archive_invalid` or `archive_version_unsupported`. */
export async function readHeader(path: string, format: ArchiveFormat = 'plinth-backup'): Promise<ArchiveHeader> {
  const handle = await openForReading(path);
  try {
    return (await headerOf(handle, path, format)).header;
  } finally {
    await handle.close();
  }
}

/**
 * The content of an archive, checked frame by frame. Throws what `readHeader` throws, `archive_key_wrong` for another
 * passphrase or master key, `archive_damaged` for a file that was cut off or changed.
 */
export async function* readArchive(
  path: string,
  key: ArchiveKey,
  format: ArchiveFormat = 'plinth-backup',
): AsyncGenerator<Buffer> {
  const handle = await openForReading(path);
  try {
    const { header, line } = await headerOf(handle, path, format);
    const cipher = await cipherOf(header, line, key, path);
    const unzip = createGunzip();
    const frames = Readable.from(openFrames(handle, line.length, cipher, header, path), { objectMode: false });
    const failed = pipeline(frames, unzip).then(
      () => undefined,
      (error: unknown) => error,
    );
    try {
      for await (const part of unzip) yield part as Buffer;
    } catch (error) {
      const cause = (await failed) ?? error;
      throw (cause as { code?: string }).code?.startsWith('archive_') ? cause : damaged(path, 'it does not unpack');
    } finally {
      unzip.destroy();
      await failed;
    }
  } finally {
    await handle.close();
  }
}

async function* openFrames(
  handle: FileHandle,
  from: number,
  cipher: FrameCipher,
  header: ArchiveHeader,
  path: string,
): AsyncGenerator<Buffer> {
  let position = from;
  for (let index = 0; ; index++) {
    const head = await readExactly(handle, position, frame_head_bytes);
    const length = head?.readUInt32BE(0) ?? 0;
    const last = head?.[4] === 1;
    if (!head) throw damaged(path, 'it ends too early');
    if (length > frame_content_bytes + FRAME_OVERHEAD_BYTES) throw damaged(path, 'it was changed');
    const frame = await readExactly(handle, position + frame_head_bytes, length);
    if (!frame) throw damaged(path, 'it ends too early');
    const content = cipher.open(index, last, frame);
    if (!content) {
      // the first frame under a wrong passphrase looks like a damaged one
      if (index === 0 && header.sealed === 'passphrase') throw archiveErrors.archive_key_wrong({ detail: path });
      throw damaged(path, 'it was changed');
    }
    yield content;
    position += frame_head_bytes + length;
    if (!last) continue;
    if ((await handle.stat()).size !== position) throw damaged(path, 'something follows its end');
    return;
  }
}

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await handle.read(bytes, got, length - got, position + got);
    if (bytesRead === 0) return undefined;
    got += bytesRead;
  }
  return bytes;
}

async function headerOf(
  handle: FileHandle,
  path: string,
  format: ArchiveFormat,
): Promise<{ header: ArchiveHeader; line: Buffer }> {
  const start = Buffer.alloc(header_bytes_max);
  const { bytesRead } = await handle.read(start, 0, header_bytes_max, 0);
  const end = start.subarray(0, bytesRead).indexOf(0x0a);
  const line = start.subarray(0, end + 1);
  const header = parseHeader(line.toString('utf8'));
  if (header?.format !== format) {
    const other = header === undefined ? undefined : kinds.get(header.format);
    throw archiveErrors.archive_invalid({ detail: other === undefined ? path : `${path} is ${other}` });
  }
  if (header.version !== format_version) {
    throw archiveErrors.archive_version_unsupported({
      detail: `${path}: format ${header.version}, not ${format_version}`,
    });
  }
  return { header, line };
}

function parseHeader(line: string): ArchiveHeader | undefined {
  try {
    const header = JSON.parse(line) as ArchiveHeader;
    return typeof header.format === 'string' && typeof header.version === 'number' ? header : undefined;
  } catch {
    return undefined;
  }
}

async function cipherOf(header: ArchiveHeader, line: Buffer, key: ArchiveKey, path = ''): Promise<FrameCipher> {
  const bound = createHash('sha256').update(line).digest();
  if (header.sealed === 'none') return plainFrames(bound);
  const salt = Buffer.from(header.salt, 'base64');
  if (key.kind !== header.sealed) {
    const wanted =
      header.sealed === 'passphrase' ? 'a passphrase' : `the master key ${header.fingerprint?.slice(0, 8)}…`;
    throw archiveErrors.archive_key_wrong({ detail: `${path} is sealed with ${wanted}` });
  }
  if (key.kind === 'passphrase') return encryptedFrames(await passphraseKey(key.passphrase, salt), bound);
  if (key.kind === 'master-key' && key.key.fingerprint === header.fingerprint) {
    return encryptedFrames(masterKeyStreamKey(key.key, salt), bound);
  }
  throw archiveErrors.archive_key_wrong({
    detail: `${path} is sealed with the master key ${header.fingerprint?.slice(0, 8)}…`,
  });
}

function damaged(path: string, why: string): Error {
  return archiveErrors.archive_damaged({ detail: `${path}: ${why}` });
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw archiveErrors.archive_not_found({
      detail: `${path}: ${(error as NodeJS.ErrnoException).code}`,
      cause: error,
    });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function writeProblem(error: unknown, path: string): unknown {
  const reason =
    (error as NodeJS.ErrnoException).code === 'EEXIST'
      ? `${path}.partial is there: another backup writes it, or one was killed; remove it`
      : fileProblem(error);
  if (reason === undefined) return error;
  return archiveErrors.archive_write_failed({ detail: `${path}: ${reason}`, cause: error });
}
