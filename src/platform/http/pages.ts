import type { FastifyInstance } from 'fastify';
import { errorCatalogue } from '../core/errors.ts';

const docs_policy =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'";

/** The API reference at /docs, the OpenAPI document, and the page each problem's "type" points at. All served locally. */
export function registerPages(app: FastifyInstance): void {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  app.get('/docs/errors', { schema: { hide: true } }, async (_request, reply) => {
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    return reply.serializer((text: string) => text).send(renderErrors());
  });
  // 4 MB of script, an eighth of the start of a program that may not serve at all
  app.register(import('@scalar/fastify-api-reference'), {
    routePrefix: '/docs',
    configuration: {
      url: `${app.basePath}/openapi.json`,
      title: 'Plinth API',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
    },
    hooks: {
      // whatever the page would like to load from elsewhere, it does not
      onRequest: (_request, reply, done) => {
        reply.header('content-security-policy', docs_policy);
        done();
      },
    },
  });
}

function renderErrors(): string {
  const rows = [...errorCatalogue()].map(
    ([code, { status, title, hint }]) =>
      `<tr id="${escapeHtml(code)}"><td><code>${escapeHtml(code)}</code></td><td>${status}</td><td>${escapeHtml(title)}</td><td>${escapeHtml(hint)}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Plinth: errors</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;width:100%}td,th{padding:.4rem .6rem;border-bottom:1px solid #ccc;text-align:left;vertical-align:top}:target{background:#fff3bf}</style>
<main><h1>Errors</h1><p>Every error carries a stable code, a status, a title and a hint.</p>
<table><thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Means</th><th scope="col">What to do</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table></main></html>`;
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
