import type { FastifyReply, FastifyRequest } from 'fastify';
import { tenancyErrors } from './errors.ts';

/**
 * `__Host-` makes browsers insist that the cookie came over TLS from this very host, so no sibling domain can plant one.
 * Plain http has no such guard and is served on the machine itself only.
 */
const SECURE_NAME = '__Host-plinth_session';
const LOOPBACK_NAME = 'plinth_session';

/** The session token a browser sent, whichever of the two cookies is right for this connection. */
export function readSessionToken(request: FastifyRequest): string | undefined {
  const cookies = request.headers.cookie;
  if (cookies === undefined) return undefined;
  return readCookie(cookies, SECURE_NAME) ?? (isLoopback(request) ? readCookie(cookies, LOOPBACK_NAME) : undefined);
}

/** Throws `insecure_connection` where no session cookie could be kept safe: before the password is looked at. */
export function assertCookiesAreSafe(request: FastifyRequest): void {
  if (!isSecure(request) && !isLoopback(request)) throw tenancyErrors.insecure_connection();
}

export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, token: string, expiresAt: Date): void {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
  reply.header('set-cookie', serialize(isSecure(request) ? SECURE_NAME : LOOPBACK_NAME, token, seconds));
}

export function clearSessionCookies(reply: FastifyReply): void {
  reply.header('set-cookie', [serialize(SECURE_NAME, '', 0), serialize(LOOPBACK_NAME, '', 0)]);
}

function serialize(name: string, value: string, maxAgeSeconds: number): string {
  const secure = name === SECURE_NAME ? '; Secure' : '';
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}

function readCookie(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * The Origin header tells what the browser sees where a proxy that we do not know ends the TLS; a program that forges
 * it gets a cookie it can not use, and nothing else.
 */
function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https' || request.headers.origin?.startsWith('https://') === true;
}

function isLoopback(request: FastifyRequest): boolean {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  return request.protocol === 'http' && (name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name));
}
