/** The built console in a real Chromium, over a test's server; every request it makes is watched. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { buildConsole } from '../../src/cli/console-build.ts';
import { consoleFolder } from '../../src/platform/http/console.ts';
import { type ClockedPlinth, HOST } from '../support/plinth.ts';

const origin = `http://${HOST}`;
const build_ms_max = 120_000;
/** Below a test's own limit, so that what was waited for is named. */
const wait_ms_max = 15_000;

/** Where distributions put it; PLINTH_CHROMIUM names another. */
export const chromiumPath = [
  process.env['PLINTH_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== undefined && path !== '' && existsSync(path));

export interface OpenedConsole {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Requests to elsewhere, refused ones too, and whatever the page's scripts complained about. */
  readonly strayRequests: string[];
  readonly complaints: string[];
  /** Opens a page of the organization and waits for its heading. */
  open(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface SignedIn {
  readonly cookie: string;
  readonly slug: string;
}

export interface ConsoleOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** The session cookie is bound to the name the server is known by, so the browser is told where that name leads. */
export async function openBrowser(plinth: ClockedPlinth): Promise<Browser> {
  await builtConsole();
  if (!plinth.app.server.listening) await plinth.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = plinth.app.server.address() as AddressInfo;
  return await chromium.launch({
    executablePath: chromiumPath as string,
    args: ['--no-sandbox', `--host-resolver-rules=MAP ${HOST} 127.0.0.1:${port}`],
  });
}

export async function openConsole(
  browser: Browser,
  { cookie, slug }: SignedIn,
  { colorScheme = 'light', width = 1280, height = 800 }: ConsoleOptions = {},
): Promise<OpenedConsole> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height }, reducedMotion: 'reduce' });
  context.setDefaultTimeout(wait_ms_max);
  const [name = '', value = ''] = cookie.split('=');
  await context.addCookies([{ name, value, url: origin }]);
  const strayRequests: string[] = [];
  const complaints: string[] = [];
  await context.route(
    (url) => url.origin !== origin && url.protocol !== 'data:',
    (route) => route.abort(),
  );
  context.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol !== 'data:') strayRequests.push(request.url());
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return {
    page,
    context,
    strayRequests,
    complaints,
    async open(path) {
      await page.goto(`${origin}/o/${slug}${path}`);
      await page.locator('h1').waitFor();
    },
    close: () => context.close(),
  };
}

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Fails on what axe finds serious or critical on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  // evaluated, not added as an element: the page's policy lets no inline script in
  const source = await readFile(axe, 'utf8');
  await page.evaluate(source);
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as Finding[];
  const serious = found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html, failureSummary }) => `${html}\n${failureSummary}`) }));
  expect(serious).toEqual([]);
}

/** Keeps a picture of the whole page where PLINTH_SCREENSHOTS names a folder: for people to look at. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env['PLINTH_SCREENSHOTS'];
  if (folder) await page.screenshot({ path: `${folder}/${name.replace(/[^a-z0-9]+/gi, '-')}.png`, fullPage: true });
}

/** Builds the console if it is older than its sources, or waits for another process that does. */
async function builtConsole(): Promise<void> {
  const until = Date.now() + build_ms_max;
  let why = 'it took too long';
  while (Date.now() < until) {
    await buildConsole({
      failed: (said) => {
        why = said;
      },
    });
    if (existsSync(new URL('index.html', `file://${consoleFolder}`))) return;
    await sleep(500);
  }
  throw new Error(why);
}
