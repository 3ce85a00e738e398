import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { RemoteCall, RemoteLine } from './control.ts';

/** Runs a command inside the server behind a control socket; undefined when nobody listens there any more. */
export function callServer(
  socketPath: string,
  call: RemoteCall,
  receive: (line: RemoteLine) => void,
  signal: AbortSignal,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let exit: number | undefined;
    const outgoing = request({ socketPath, method: 'POST', path: '/run', signal }, (response) => {
      const lines = createInterface({ input: response });
      lines.on('line', (text) => {
        const line = JSON.parse(text) as RemoteLine;
        if ('exit' in line) exit = line.exit;
        else receive(line);
      });
      lines.on('close', () => {
        if (exit === undefined) reject(new Error('the server stopped in the middle of the command'));
        else resolve(exit);
      });
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    outgoing.end(JSON.stringify(call));
  });
}
