import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The server the development page talks to. */
const server = process.env['PLINTH_CONSOLE_SERVER'] ?? 'http://127.0.0.1:4600';
const answeredByServer = ['/v1', '/rest', '/docs', '/openapi.json', '/healthz', '/readyz', '/welcome', '/assets'];

export default defineConfig({
  plugins: [react()],
  // the server puts the path it is served at before what the page loads; what that loads is relative to itself
  base: './',
  build: {
    outDir: process.env['PLINTH_CONSOLE_OUT'] ?? 'dist',
    emptyOutDir: true,
    assetsDir: 'static',
    // the console, and the page a tenant's customer opens: with none of the console's pages in it
    rolldownOptions: { input: ['index.html', 'portal.html'].map((page) => `${import.meta.dirname}/${page}`) },
    assetsInlineLimit: 0,
    // the policy of the page allows no inline script, which the polyfill would be
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_500,
    // the texts that licences ask for; which ones may be bundled: tools/bundled-licenses.ts
    license: { fileName: 'third-party-licenses.md' },
  },
  server: {
    port: 4700,
    proxy: Object.fromEntries(
      answeredByServer.map((path) => [
        path,
        // to the server the page is one of its own
        { target: server, changeOrigin: true, headers: { origin: server } },
      ]),
    ),
  },
});
