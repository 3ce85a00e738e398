import { readFile } from 'node:fs/promises';
import { sendConsole } from '../../platform/http/console.ts';
import type { RouteRegistrar } from '../../platform/http/route.ts';

/** Nothing inline, nothing from elsewhere, in nobody's frame; the page talks to us alone. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const files = [
  { url: '/', file: 'sign-in.html', type: 'text/html; charset=utf-8' },
  { url: '/sign-in', file: 'sign-in.html', type: 'text/html; charset=utf-8' },
  { url: '/welcome', file: 'welcome.html', type: 'text/html; charset=utf-8' },
  { url: '/invitation', file: 'invitation.html', type: 'text/html; charset=utf-8' },
  { url: '/assets/invitation.js', file: 'invitation.js', type: 'text/javascript; charset=utf-8' },
  { url: '/assets/sign-in.js', file: 'sign-in.js', type: 'text/javascript; charset=utf-8' },
  { url: '/assets/welcome.js', file: 'welcome.js', type: 'text/javascript; charset=utf-8' },
  { url: '/assets/api.js', file: 'api.js', type: 'text/javascript; charset=utf-8' },
  { url: '/assets/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
  { url: '/assets/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
] as const;

/**
 * The static pages of signing in, of joining and of the first run. Plain files, read once. The console takes the place of the one at
 * the root once it is built; the plain page stays at /sign-in.
 */
export function registerPages(routes: RouteRegistrar): void {
  for (const { url, file, type } of files) {
    let text: Promise<string> | undefined;
    routes.app.get(url, { schema: { hide: true } }, async (_request, reply) => {
      if (url === '/' && (await sendConsole(reply))) return reply;
      text ??= readFile(new URL(`./pages/${file}`, import.meta.url), 'utf8');
      return reply
        .header('content-type', type)
        .header('content-security-policy', CONTENT_SECURITY_POLICY)
        .header('referrer-policy', 'no-referrer')
        .header('cross-origin-opener-policy', 'same-origin')
        .send(await text);
    });
  }
}
