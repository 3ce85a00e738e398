import type { FastifyReply, FastifyRequest } from 'fastify';
import { tenancyErrors } from './errors.ts';

/**
 * `__Host-` makes browsers insist that the cookie came over TLS from this very host, so no sibling domain can plant one.
 * Plain http has no such guard and is served on the machine itself only.
 */
const SECURE_NAME = '__Host-plinth_session';
/** Below a path of a host that others share, the cookie is for that path alone; `__Host-` would insist on all of it. */
const SECURE_NAME_BELOW = '__Secure-plinth_session';
const LOOPBACK_NAME = 'plinth_session';

/** The session token a browser sent, whichever of the two cookies is right for this connection. */
export function readSessionToken(request: FastifyRequest): string | undefined {
  const cookies = request.headers.cookie;
  if (cookies === undefined) return undefined;
  return (
    readCookie(cookies, secureName(request)) ?? (isLoopback(request) ? readCookie(cookies, LOOPBACK_NAME) : undefined)
  );
}

/** Throws `insecure_connection` where no session cookie could be kept safe: before the password is looked at. */
export function assertCookiesAreSafe(request: FastifyRequest): void {
  if (!isSecure(request) && !isLoopback(request)) throw tenancyErrors.insecure_connection();
}

export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string, expiresAt: Date): void {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
  const name = isSecure(request) ? secureName(request) : LOOPBACK_NAME;
  reply.header('set-cookie', serialize(name, token, seconds, request.server.basePath));
}

export function clearSessionCookies(request: FastifyRequest, reply: FastifyReply): void {
  const { basePath } = request.server;
  reply.header(
    'set-cookie',
    [secureName(request), LOOPBACK_NAME].map((name) => serialize(name, '', 0, basePath)),
  );
}

function secureName(request: FastifyRequest): string {
  return request.server.basePath === '' ? SECURE_NAME : SECURE_NAME_BELOW;
}

function serialize(name: string, value: string, maxAgeSeconds: number, basePath: string): string {
  const secure = name === LOOPBACK_NAME ? '' : '; Secure';
  // on the machine itself the public URL's path is not there
  const path = name === LOOPBACK_NAME || basePath === '' ? '/' : basePath;
  return `${name}=${value}; Path=${path}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}

function readCookie(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * Whoever asks for our public name asks over what the public URL says. The Origin header tells what the browser sees where a proxy that we do not know ends the TLS; a program that forges
 * it gets a cookie it can not use, and nothing else.
 */
function isSecure(request: FastifyRequest): boolean {
  const { publicHost } = request.server;
  if (publicHost?.isHttps && request.headers.host?.toLowerCase() === publicHost.host) return true;
  return request.protocol === 'https' || request.headers.origin?.startsWith('https://') === true;
}

function isLoopback(request: FastifyRequest): boolean {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  return request.protocol === 'http' && (name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name));
}
