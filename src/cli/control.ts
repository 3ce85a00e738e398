import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlinthError } from '../platform/core/errors.ts';
import type { Plinth } from '../plinth.ts';
import { type CommandContext, exitCodes, UsageError } from './command.ts';
import { describeError } from './describe-error.ts';

/** A command line, sent to the server that has the embedded engine open. */
export interface RemoteCall {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly json: boolean;
}

/** One line of the answer. */
export type RemoteLine = { out: string } | { note: string } | { progress: string } | { exit: number };

const request_bytes_max = 1024 * 1024;
/** Paths of sockets may have 107 bytes; a longer data folder gets its socket in the temporary folder. */
const socket_path_bytes_max = 100;

/** Where a data folder's control socket is written down. */
export function controlFile(dataFolder: string): string {
  return join(dataFolder, 'control');
}

export type RunCall = (
  call: RemoteCall,
  context: Omit<CommandContext, 'config' | 'ask' | 'application'>,
) => Promise<number>;

/**
 * Lets commands of this machine's same user run inside the server, which alone has the embedded engine open. The socket
 * is 0600 in a folder that is 0700: whoever reaches it could open the data folder as well.
 */
export async function startControl(
  plinth: Plinth,
  dataFolder: string,
  run: RunCall,
): Promise<{ stop(): Promise<void> }> {
  const inFolder = join(dataFolder, 'control.sock');
  const tooLong = Buffer.byteLength(inFolder) > socket_path_bytes_max;
  const path = tooLong ? join(await mkdtemp(join(tmpdir(), 'plinth-')), 'control.sock') : inFolder;
  await rm(path, { force: true });
  const server = createServer((request, response) => void answer(plinth, run, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  await writeFile(controlFile(dataFolder), JSON.stringify({ socket: path, pid: process.pid }), { mode: 0o600 });
  return {
    async stop() {
      await rm(controlFile(dataFolder), { force: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(path, { force: true });
    },
  };
}

/** The socket and pid of the server that has the data folder open, as it wrote them down. */
export async function readControl(dataFolder: string): Promise<{ socket: string; pid: number } | undefined> {
  try {
    return JSON.parse(await readFile(controlFile(dataFolder), 'utf8')) as { socket: string; pid: number };
  } catch {
    return undefined;
  }
}

async function answer(plinth: Plinth, run: RunCall, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const send = (line: RemoteLine) => void response.write(`${JSON.stringify(line)}\n`);
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  try {
    const call = JSON.parse(await readAll(request)) as RemoteCall;
    const exit = await run(call, {
      cwd: call.cwd,
      json: call.json,
      signal: gone.signal,
      out: (out) => send({ out }),
      note: (note) => send({ note }),
      progress: (progress) => send({ progress }),
      plinth: async () => plinth,
      ownerEngine: async () => plinth.platform.engine,
    });
    send({ exit });
  } catch (error) {
    for (const note of describeError(error)) send({ note });
    send({ exit: exitCodeOf(error) });
  }
  response.end();
}

/** How a failed command ends: usage, a finding (the caller's to correct), or a state in which nothing can run. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  return error instanceof PlinthError && error.status < 500 ? exitCodes.finding : exitCodes.cannotRun;
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > request_bytes_max) throw new Error('the call is too large');
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}
