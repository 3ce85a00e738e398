import type { FastifyRequest } from 'fastify';
import { errors } from '../core/errors.ts';

/** Names and origins the server answers to. */
export interface AllowedHosts {
  /** Lower-case host[:port] values of the Host header; '*' lets every name in (behind a proxy that checks). */
  readonly hosts: ReadonlySet<string>;
  /** Origins of pages that may use the session cookie. */
  readonly origins: ReadonlySet<string>;
}

/**
 * The hosts of a server that listens on `host`:`port`, plus its public URL. Checking the Host header is what stops a
 * foreign page from reaching a server on this machine through a name that resolves to 127.0.0.1 (DNS rebinding).
 */
export function allowedHosts(
  host: string,
  port: number,
  publicUrl?: string,
  trustedOrigins: readonly string[] = [],
): AllowedHosts {
  const names = new Set(
    [host, 'localhost', '127.0.0.1', '[::1]'].map((name) =>
      name.includes(':') && !name.startsWith('[') ? `[${name}]` : name,
    ),
  );
  const hosts = new Set([...names].map((name) => `${name.toLowerCase()}:${port}`));
  const origins = new Set([...hosts].map((name) => `http://${name}`));
  if (publicUrl) {
    const url = new URL(publicUrl);
    hosts.add(url.host.toLowerCase());
    origins.add(url.origin);
  }
  for (const origin of trustedOrigins) origins.add(new URL(origin).origin);
  return { hosts, origins };
}

export function checkHost(request: FastifyRequest, allowed: AllowedHosts): void {
  if (allowed.hosts.has('*')) return;
  const host = request.headers.host?.toLowerCase();
  if (host === undefined) throw errors.invalid_request({ detail: 'there is no Host header' });
  if (!allowed.hosts.has(host)) {
    throw errors.host_not_allowed({ detail: `the Host header says ${JSON.stringify(host.slice(0, 100))}` });
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The CSRF guard: a request that a cookie signs in and that may write must come from a page of ours. Browsers send
 * Origin with every such request; Sec-Fetch-Site covers the few that do not. Keys are exempt: no page can send them.
 */
export function checkOrigin(request: FastifyRequest, allowed: AllowedHosts, viaCookie: boolean): void {
  if (!viaCookie || SAFE_METHODS.has(request.method)) return;
  const origin = request.headers.origin;
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined ? allowed.origins.has(origin) : site === 'same-origin') return;
  throw errors.origin_not_allowed({
    detail: `the Origin header says ${JSON.stringify(origin?.slice(0, 200) ?? null)}`,
  });
}
