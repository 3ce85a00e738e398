/** The console in a real Chromium, over a server of this test's database. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { buildConsole } from '../../src/cli/console-build.ts';
import { issueFirstRunLink, issueSignInLink } from '../../src/modules/tenancy/index.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { MasterKey } from '../../src/platform/core/crypto/index.ts';
import type { Engine } from '../../src/platform/db/engine.ts';
import { consoleFolder } from '../../src/platform/http/console.ts';
import { openPlinth, type Plinth } from '../../src/plinth.ts';
import { freePort } from '../support/processes.ts';

export const PASSWORD = 'correct horse battery staple';
export const EMAIL = 'ada@example.org';

const candidates = [
  process.env['PLINTH_TEST_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Where Chromium is on this machine; undefined where there is none, and then these tests are skipped by name. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path));

const build_wait_ms = 60_000;

/** Builds the console where it is not current, or waits for the process that does. */
export async function ensureBuilt(): Promise<void> {
  const failures: string[] = [];
  await buildConsole({ failed: (why) => failures.push(why) });
  if (failures.length > 0) throw new Error(failures.join('\n'));
  const startedAt = performance.now();
  while (!existsSync(join(consoleFolder, 'index.html'))) {
    if (performance.now() - startedAt > build_wait_ms) throw new Error('the console is not built');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
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
  /** A browser of its own: no cookies, nothing kept. */
  open(options?: Parameters<Browser['newContext']>[0]): Promise<Visit>;
  close(): Promise<void>;
}

export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Requests to anywhere but this server. */
  readonly outside: string[];
  /** Errors of scripts, and what the page's policy refused. */
  readonly faults: string[];
  signIn(): Promise<void>;
  /** Opens a page of the organization ("/members") and waits until it stands still. */
  go(path: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * A server with one organization, Acme, whose owner is `EMAIL` with `PASSWORD`; and a browser. `basePath` (`/plinth`) is
 * where its public address is.
 */
export async function openConsole(engine: Engine, basePath = ''): Promise<ConsoleServer> {
  await ensureBuilt();
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
  const browser = await chromium.launch({ executablePath: chromiumPath as string, args: ['--no-sandbox'] });
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
    open: async (options) => visit(await browser.newContext(options), url, slug),
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

async function visit(context: BrowserContext, url: string, slug: string): Promise<Visit> {
  const page = await context.newPage();
  const outside: string[] = [];
  const faults: string[] = [];
  context.on('request', (request) => {
    const target = request.url();
    if (!target.startsWith(`${url}/`) && !/^(?:data|blob|about):/.test(target)) outside.push(target);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) faults.push(message.text());
  });
  return {
    context,
    page,
    outside,
    faults,
    async signIn() {
      await page.goto(`${url}/`);
      await page.getByLabel('E-mail').fill(EMAIL);
      await page.getByLabel('Password', { exact: false }).first().fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(/\/o\/[^/]+\//);
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    },
    async go(path) {
      await page.goto(`${url}/o/${slug}${path}`, { waitUntil: 'networkidle' });
      await page.getByRole('heading', { level: 1 }).waitFor();
    },
    close: () => context.close(),
  };
}

let axeSource: Promise<string> | undefined;

/** What axe finds wrong with the page as it stands, of at least the impact "serious": one line a finding. */
export async function seriousFindings(page: Page): Promise<string[]> {
  axeSource ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(await axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
}
