import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyInstance {
    /** The path of the public URL, without a slash at its end: `/plinth`, or empty. */
    basePath: string;
    /** The public URL is https, whatever the connection from the proxy is. */
    publicHost: { readonly host: string; readonly isHttps: boolean } | undefined;
  }
}

export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');
}

/**
 * Takes the base path away where a proxy passes paths on as they came. One that has taken it away itself sends the
 * same paths without it, and both are served.
 */
export function withoutBasePath(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath)) return url;
  const rest = url.slice(basePath.length);
  if (rest === '' || rest.startsWith('?')) return `/${rest}`;
  return rest.startsWith('/') ? rest : url;
}

/** Serves under the path of the public URL: `/plinth` leads to `/plinth/`, and redirects stay below it. */
export function serveBelow(app: FastifyInstance, publicUrl: string | undefined): void {
  const basePath = basePathOf(publicUrl);
  const url = publicUrl === undefined ? undefined : new URL(publicUrl);
  app.decorate('basePath', basePath);
  app.decorate('publicHost', url && { host: url.host.toLowerCase(), isHttps: url.protocol === 'https:' });
  if (basePath === '') return;
  app.addHook('onRequest', async (request, reply) => {
    // without the slash a page's relative links would lead out of the path
    if (request.originalUrl.split('?')[0] === basePath) return reply.redirect(`${basePath}/`, 308);
  });
  app.addHook('onSend', async (_request, reply) => {
    const location = reply.getHeader('location');
    if (typeof location !== 'string' || !/^\/(?!\/)/.test(location) || location.startsWith(`${basePath}/`)) return;
    reply.header('location', basePath + location);
  });
}
