import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errors } from '../core/errors.ts';

/** Where the built console lies: the same place beside src in a checkout and beside dist in the package. */
export const consoleFolder = fileURLToPath(new URL('../../../console/dist/', import.meta.url));

const types: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

/** A flat folder of names the bundler made: nothing else can be asked for. */
const STATIC_FILE = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}\.(js|css|svg|woff2)$/;

/** What is not a page of the console, however it is asked for. */
const NOT_A_PAGE = /^\/(?:v1|rest|docs|hooks|static|assets|graphql|healthz|readyz|metrics|openapi\.json)(?:[/?]|$)/;

const NONCE_PLACE = '__CSP_NONCE__';
const BASE_PATH_PLACE = '__BASE_PATH__';
const compress = promisify(gzip);

interface StaticFile {
  readonly plain: Buffer;
  readonly compressed: Buffer;
}

/**
 * Serves the built console's files under /static (their names hold a hash of what is in them, so they are kept for a
 * year).
 */
export function registerConsole(app: FastifyInstance, folder: string = consoleFolder): void {
  const kept = new Map<string, Promise<StaticFile>>();

  async function load(name: string): Promise<StaticFile> {
    const plain = await readFile(join(folder, 'static', name));
    return { plain, compressed: await compress(plain) };
  }

  // the same for everybody: whose cookie comes along is not looked up, and a page is there when the database is not
  const open = { schema: { hide: true }, config: { ownCredentials: true } };
  app.get<{ Params: { file: string } }>('/static/:file', open, async (request, reply) => {
    const { file } = request.params;
    const type = types[STATIC_FILE.exec(file)?.[1] ?? ''];
    if (!type) throw errors.route_not_found({ detail: 'no such file' });
    let loading = kept.get(file);
    if (!loading) {
      loading = load(file);
      kept.set(file, loading);
    }
    let found: StaticFile;
    try {
      found = await loading;
    } catch {
      kept.delete(file);
      throw errors.route_not_found({ detail: 'no such file' });
    }
    const small = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
    if (small) reply.header('content-encoding', 'gzip');
    return reply
      .header('content-type', type)
      .header('vary', 'accept-encoding')
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('content-security-policy', "default-src 'none'")
      .send(small ? found.compressed : found.plain);
  });
}

/**
 * Answers with the console's page, its styles under a fresh nonce. False when the console is not built: the folder is
 * looked at anew for each page, because a build may finish while the server runs.
 */
export async function sendConsole(reply: FastifyReply, folder: string = consoleFolder): Promise<boolean> {
  return sendPage(reply, join(folder, 'index.html'), []);
}

/**
 * Answers with the portal's page, as `sendConsole` with the console's. It alone may be framed, by the pages of these
 * origins: it acts by the token it is given, never by the session cookie, so a frame tricks nobody into anything.
 */
export async function sendPortal(
  reply: FastifyReply,
  frameOrigins: readonly string[] = [],
  folder: string = consoleFolder,
): Promise<boolean> {
  return sendPage(reply, join(folder, 'portal.html'), frameOrigins);
}

async function sendPage(reply: FastifyReply, file: string, frameOrigins: readonly string[]): Promise<boolean> {
  const template = await readFile(file, 'utf8').catch(() => undefined);
  if (template === undefined) return false;
  const nonce = randomBytes(18).toString('base64');
  reply
    .code(200)
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', policyOf(nonce, frameOrigins))
    .header('referrer-policy', 'no-referrer')
    .header('cross-origin-opener-policy', 'same-origin')
    .serializer((text: string) => text);
  await reply.send(placeBelow(template, reply.server.basePath).replaceAll(NONCE_PLACE, nonce));
  return true;
}

/** The page at a base path. A page of any depth loads the same files, so their addresses can not be relative. */
function placeBelow(template: string, basePath: string): string {
  const path = basePath.replaceAll('&', '&amp;');
  return (
    template
      // by functions: a path may hold what a replacement text gives a meaning, such as $&
      .replace(BASE_PATH_PLACE, () => path)
      .replaceAll(/(src|href)="(?:\.\/static|\.?\/assets)\//g, (link) => link.replace(/"\.?/, () => `"${path}`))
  );
}

/** Whether a browser opens an address that nothing else answers: the console shows its own page there. */
export function isDeepLink(request: FastifyRequest): boolean {
  if (request.method !== 'GET' || NOT_A_PAGE.test(request.url)) return false;
  return /\btext\/html\b/.test(String(request.headers.accept ?? ''));
}

/** Whether it is the page a tenant's customer opens. */
export function isPortal(request: FastifyRequest): boolean {
  return /^\/portal(?:[/?]|$)/.test(request.url);
}

/**
 * Nothing inline but styles that carry the page's nonce (the component library writes its theme so), nothing from
 * elsewhere, in no frame but those of the origins; the page talks to this server alone.
 */
function policyOf(nonce: string, frameOrigins: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "font-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'self'",
    `frame-ancestors ${frameOrigins.join(' ') || "'none'"}`,
  ].join('; ');
}
