/** The console in a real Chromium, over a server of this test's database; every request it makes is watched. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { buildConsole } from '../../src/cli/console-build.ts';
import { issueFirstRunLink, issueSignInLink } from '../../src/modules/tenancy/index.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { MasterKey } from '../../src/platform/core/crypto/index.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import { consoleFolder } from '../../src/platform/http/console.ts';
import { openPlinth, type Plinth } from '../../src/plinth.ts';
import { describeEngines, type EngineContext } from '../support/engines.ts';
import { type ClockedPlinth, HOST, PASSWORD } from '../support/plinth.ts';
import { freePort } from '../support/processes.ts';

export { PASSWORD };
export const EMAIL = 'ada@example.org';

const build_ms_max = 120_000;
// a guard against hanging, wide enough for a busy machine: many tests open a browser of their own and go a long way
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
/** Below a test's own limit, so that what was waited for is named. */
const wait_ms_max = 15_000;

/** Where Chromium is on this machine; undefined where there is none, and then these tests are skipped by name. */
export const chromiumPath = [
  process.env['PLINTH_TEST_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== undefined && path !== '' && existsSync(path));

/**
 * As `describeEngines`, on one engine: pages know the API alone, which all other tests try on each, and browsers took half
 * the time of the suite. `npm run test:matrix` opens them on all.
 */
export function describePages(title: string, body: (context: EngineContext) => void): void {
  describeEngines(title, body, process.env['PLINTH_FULL'] ? {} : { only: ['postgres'] });
}

/** Builds the console if it is older than its sources, or waits for another process that does. */
export async function ensureBuilt(): Promise<void> {
  const until = Date.now() + build_ms_max;
  let why = 'it took too long';
  while (Date.now() < until) {
    await buildConsole({
      failed: (said) => {
        why = said;
      },
    });
    if (existsSync(join(consoleFolder, 'index.html'))) return;
    await sleep(500);
  }
  throw new Error(why);
}

/** A browser of its own with one page: no cookies but those given, nothing kept. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Requests to anywhere but this server; they were refused. */
  readonly outside: string[];
  /** Errors of scripts, dialogs, and what the page's policy refused. */
  readonly faults: string[];
  /** Whatever else the browser's console warned of: a request that was refused is among it. */
  readonly complaints: string[];
  /** Opens a page of the organization ("/members") and waits for its heading. */
  go(path: string): Promise<void>;
  close(): Promise<void>;
}

/** How a visit finds the server: its address, and the organization's slug. */
interface Place {
  readonly url: string;
  readonly slug: string;
  /** Waits until nothing is asked for any more, not only for the heading. */
  readonly settles?: boolean;
}

async function visit(context: BrowserContext, { url, slug, settles }: Place): Promise<Visit> {
  const outside: string[] = [];
  const faults: string[] = [];
  const complaints: string[] = [];
  const isOutside = (target: string) => !target.startsWith(`${url}/`) && !/^(?:data|blob|about):/.test(target);
  await context.route(
    (target) => isOutside(target.href),
    (route) => route.abort(),
  );
  context.on('request', (request) => {
    if (isOutside(request.url())) outside.push(request.url());
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('dialog', (dialog) => {
    faults.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) faults.push(message.text());
    else if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  return {
    context,
    page,
    outside,
    faults,
    complaints,
    async go(path) {
      await page.goto(`${url}/o/${slug}${path}`, { waitUntil: settles ? 'networkidle' : 'load' });
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
    close: () => context.close(),
  };
}

/** Nothing was asked of elsewhere, and nothing went wrong in the page. */
export function expectQuiet({ outside, faults, complaints }: Visit): void {
  expect({ outside, faults, complaints }).toEqual({ outside: [], faults: [], complaints: [] });
}

async function launch(...args: string[]): Promise<Browser> {
  await ensureBuilt();
  return await chromium.launch({ executablePath: chromiumPath as string, args: ['--no-sandbox', ...args] });
}

/** A browser for the tests' one Plinth. Its session cookie is bound to the name the server is known by. */
export async function openBrowser(plinth: ClockedPlinth): Promise<Browser> {
  if (!plinth.app.server.listening) await plinth.app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = plinth.app.server.address() as AddressInfo;
  return await launch(`--host-resolver-rules=MAP ${HOST} 127.0.0.1:${port}`);
}

export interface VisitOptions {
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** Opens the console signed in, by the session cookie of a test's person. */
export async function visitAs(
  browser: Browser,
  { cookie, slug }: { readonly cookie: string; readonly slug: string },
  { colorScheme = 'light', width = 1280, height = 800 }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height }, reducedMotion: 'reduce' });
  context.setDefaultTimeout(wait_ms_max);
  const [name = '', value = ''] = cookie.split('=');
  await context.addCookies([{ name, value, url: `http://${HOST}` }]);
  return await visit(context, { url: `http://${HOST}`, slug });
}

export interface ConsoleServer {
  readonly plinth: Plinth;
  readonly url: string;
  readonly organizationId: string;
  readonly slug: string;
  readonly userId: string;
  /** The owner's API key, to put data there with. */
  readonly key: string;
  /** A call of the API with the owner's key; throws unless it succeeds. */
  api<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** The address of a one-time link for a person. */
  signInLink(email: string): Promise<string>;
  /** A visit of somebody who is not signed in yet. */
  open(options?: Parameters<Browser['newContext']>[0]): Promise<Visit & { signIn(): Promise<void> }>;
  close(): Promise<void>;
}

/**
 * A server with one organization, Acme, whose owner is `EMAIL` with `PASSWORD`; and a browser. `basePath` (`/plinth`) is
 * where its public address is.
 */
export async function openConsole(engine: Engine, basePath = ''): Promise<ConsoleServer> {
  const masterKeys = { current: new MasterKey(randomBytes(32)), previous: [] };
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${basePath}`;
  const config = loadConfig({ PLINTH_LOG_LEVEL: 'silent', ...(basePath !== '' && { PLINTH_PUBLIC_URL: url }) });
  const plinth = await openPlinth({ engine, masterKeys, config });
  await plinth.listen({ host: '127.0.0.1', port });
  const link = await issueFirstRunLink(plinth.platform);
  const made = await call<{ user_id: string; organization: { id: string; slug: string }; api_key: { key: string } }>(
    url,
    'POST',
    '/v1/first-run',
    { token: link?.token, email: EMAIL, password: PASSWORD, full_name: 'Ada Lovelace', organization_name: 'Acme' },
  );
  const browser = await launch();
  const { slug } = made.organization;
  return {
    plinth,
    url,
    slug,
    organizationId: made.organization.id,
    userId: made.user_id,
    key: made.api_key.key,
    api: (method, path, body) => call(url, method, path, body, made.api_key.key),
    async signInLink(email) {
      const one = await issueSignInLink(plinth.platform, email);
      return `${url}/#${one?.token}`;
    },
    open: async (options) => {
      const opened = await visit(await browser.newContext(options), { url, slug, settles: true });
      return { ...opened, signIn: () => signIn(opened.page, url) };
    },
    async close() {
      await browser.close();
      await plinth.close();
    },
  };
}

async function call<T>(base: string, method: string, path: string, body?: unknown, key?: string): Promise<T> {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/`);
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByLabel('Password', { exact: false }).first().fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/\/o\/[^/]+\//);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
}

/** Chooses of the menu that was opened, by keyboard: once the menu has taken the focus, or it would take it from the item. */
export async function chooseItem(page: Page, name: string): Promise<void> {
  await page.locator('[role=menu]:focus, [role=menu] :focus').waitFor({ state: 'attached' });
  await page.getByRole('menuitem', { name }).press('Enter');
}

/** The dialog that was opened, once it has taken the focus: it would take it from what is pressed or typed in before. */
export async function dialogOn(page: Page, name?: string): Promise<Locator> {
  const dialog = page.getByRole('dialog', name === undefined ? {} : { name });
  await dialog.locator(':focus').waitFor({ state: 'attached' });
  return dialog;
}

/** Presses a button of the dialog that was opened, by keyboard. */
export async function pressInDialog(page: Page, button: string): Promise<void> {
  const pressed = page.getByRole('button', { name: button, exact: true, disabled: false });
  const dialog = page.getByRole('dialog').filter({ has: pressed });
  await dialog.locator(':focus').waitFor({ state: 'attached' });
  await dialog.getByRole('button', { name: button, exact: true }).press('Enter');
}

/** Opens the command palette; what is typed then is a search. */
export async function openPalette(page: Page): Promise<void> {
  await vi.waitFor(
    async () => {
      // a page that was only just loaded may not listen yet
      await page.keyboard.press('Control+k');
      await page.locator('[placeholder="Where to, or what?"]:focus').waitFor({ timeout: 1_000 });
    },
    { timeout: wait_ms_max },
  );
}

/** Keeps the answers of the API that match from the page until what it returns is called. */
export async function holdAnswers({ context }: Visit, path: string): Promise<() => void> {
  const held = Promise.withResolvers<void>();
  await context.route(path, async (route) => {
    await held.promise;
    await route.continue();
  });
  return held.resolve;
}

/** Goes to the page with this heading by the command palette. */
export async function goByPalette(page: Page, words: string, heading: string): Promise<void> {
  await openPalette(page);
  await page.keyboard.type(words);
  // the first that matches is chosen
  await page.getByRole('dialog').locator('[data-selected]').filter({ hasText: heading }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

/** Waits until nothing of the page is read for the first time any more. */
export async function pageIsRead(page: Page): Promise<void> {
  await expect.poll(() => page.getByRole('status', { name: 'Loading' }).count()).toBe(0);
}

let axeSource: Promise<string> | undefined;

interface Animated {
  readonly document: {
    getAnimations(): {
      readonly playState: string;
      readonly effect: { getComputedTiming(): { endTime: number } } | null;
      readonly finished: Promise<unknown>;
    }[];
  };
  requestAnimationFrame(then: () => void): number;
}

/** Waits until colours and places have arrived where they go: axe would measure a colour on its way. */
async function animationsEnd(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { document, requestAnimationFrame } = globalThis as unknown as Animated;
    // a spinner's never ends
    const running = () =>
      document
        .getAnimations()
        .filter(
          ({ playState, effect }) => playState === 'running' && Number.isFinite(effect?.getComputedTiming().endTime),
        );
    do {
      await Promise.allSettled(running().map(({ finished }) => finished));
      // what a new width or scheme sets in motion has begun by the second frame
      for (let frames = 0; frames < 2; frames++) await new Promise<void>((resolve) => requestAnimationFrame(resolve));
    } while (running().length > 0);
  });
}

/** What axe finds wrong with the page as it stands, of at least the impact "serious": one line a finding. */
export async function seriousFindings(page: Page): Promise<string[]> {
  axeSource ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // once a page, not once a look at it
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(await axeSource);
  await animationsEnd(page);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<{
          violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, impact, nodes }) =>
        `${impact} ${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`).join(' | ')}`,
    );
}

/** Fails on what axe finds serious or critical on the page as it stands. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await seriousFindings(page)).toEqual([]);
}

/** How people look at a page: by day, by night, on a telephone. */
const looks = [
  { colorScheme: 'light', width: 1280, height: 800 },
  { colorScheme: 'dark', width: 1280, height: 800 },
  { colorScheme: 'light', width: 390, height: 800 },
] as const;

/** What axe finds serious on the page as it stands, in every look; by look. */
export async function findingsInAllLooks(page: Page, name: string, text = ''): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const { colorScheme, width, height } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height });
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
    if (text !== '') await page.getByText(text).filter({ visible: true }).first().waitFor();
    const look = `${name.replace(/[0-9a-f-]{36}/g, 'id').slice(0, 60)} ${colorScheme} ${width}`;
    await keepPicture(page, look);
    const findings = await seriousFindings(page);
    if (findings.length > 0) found[look] = findings;
  }
  await page.emulateMedia({ colorScheme: looks[0].colorScheme });
  await page.setViewportSize(looks[0]);
  return found;
}

/**
 * Opens each page once, waits for its text, and fails on what axe finds serious, in every look: loading a page takes
 * several times as long as looking at it. The visit must not have chosen a colour scheme in its preferences.
 */
export async function expectPagesAccessible(
  { page, go }: Pick<Visit, 'page' | 'go'>,
  pages: readonly (readonly [path: string, text: string])[],
): Promise<void> {
  const found: Record<string, string[]> = {};
  for (const [path, text] of pages) {
    await go(path);
    Object.assign(found, await findingsInAllLooks(page, path, text));
  }
  expect(found).toEqual({});
}

/** The same in both schemes, without loading the page anew; keeps a picture of each. */
export async function expectAccessibleInBoth(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor();
    await keepPicture(page, `${name} ${colorScheme} ${page.viewportSize()?.width}`);
    await expectAccessible(page);
  }
}

/** Keeps a picture of the whole page where PLINTH_SCREENSHOTS names a folder: for people to look at. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env['PLINTH_SCREENSHOTS'];
  if (!folder) return;
  await animationsEnd(page);
  const path = `${folder}/${name.replace(/[^a-z0-9]+/gi, '-')}.png`;
  // making the window as long as the page sets things in motion once more
  await page.screenshot({ path, fullPage: true, animations: 'disabled' });
}
