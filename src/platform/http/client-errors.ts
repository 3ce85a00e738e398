import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { PlinthError } from '../core/errors.ts';
import { httpErrors } from './errors.ts';
import { toProblem } from './problem.ts';

/**
 * Answers what Node's parser refuses (two lengths, a folded header, a bare line feed, no end in time) as every other
 * error is answered, and closes the connection: what follows on it could be anything.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // bytes after a request that said it is the last one: they are not read, and that request has its answer, or will have
  if (error.code === 'HPE_CLOSED_CONNECTION') return;
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const body = JSON.stringify(toProblem(refusal, randomUUID()));
  const reason = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' }[refusal.status];
  socket.end(
    `HTTP/1.1 ${refusal.status} ${reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nX-Content-Type-Options: nosniff\r\n\r\n${body}`,
  );
}

function refusalOf(code: string | undefined): PlinthError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return httpErrors.request_incomplete();
  if (code === 'HPE_HEADER_OVERFLOW') return httpErrors.headers_too_large();
  return httpErrors.malformed_http();
}

/** Why a port could not be opened, for the operator; anything else as it is. */
export function listenError(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const reason = (code !== undefined && listenReasons[code]) || undefined;
  return reason === undefined
    ? error
    : httpErrors.address_unavailable({ detail: `${host}:${port}: ${reason}`, cause: error });
}

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine does not have the address',
  ENOTFOUND: 'the host name is not known',
};
