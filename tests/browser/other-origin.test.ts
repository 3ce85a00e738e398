/** A page of somebody's own application, on another origin, in a real browser: what it may ask of Plinth and read. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { issueFirstRunLink } from '../../src/modules/tenancy/index.ts';
import { loadConfig } from '../../src/platform/core/config.ts';
import { MasterKey } from '../../src/platform/core/crypto/index.ts';
import { openPlinth, type Plinth } from '../../src/plinth.ts';
import { PASSWORD } from '../support/plinth.ts';
import { chromiumPath, describePages, EMAIL } from './support.ts';

/** A web server with one empty page: the front end of an application. */
async function startApplication(): Promise<{ server: Server; origin: string }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>An application</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

interface PageRequest {
  readonly method?: string;
  readonly credentials?: 'include';
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What the page gets: the answer, or that the browser did not let it read one. */
function fetchIn(page: Page, url: string, init: PageRequest): Promise<{ status: number; body: unknown } | string> {
  return page.evaluate(
    async ([target, options]) => {
      try {
        const response = await fetch(target, options);
        return { status: response.status, body: await response.json() };
      } catch (error) {
        return String(error);
      }
    },
    [url, init] as const,
  );
}

describePages('a page of another origin', (context) => {
  const skip = chromiumPath === undefined;
  let application: { server: Server; origin: string };
  let trusted: { server: Server; origin: string };
  let foreign: { server: Server; origin: string };
  let plinth: Plinth;
  let browser: Browser;
  let url: string;
  let key: string;
  beforeAll(async () => {
    if (skip) return;
    [application, trusted, foreign] = await Promise.all([startApplication(), startApplication(), startApplication()]);
    plinth = await openPlinth({
      engine: context.engine,
      masterKeys: { current: new MasterKey(randomBytes(32)), previous: [] },
      config: loadConfig({
        PLINTH_LOG_LEVEL: 'silent',
        PLINTH_CORS_ORIGINS: application.origin,
        PLINTH_TRUSTED_ORIGINS: trusted.origin,
      }),
    });
    ({ url } = await plinth.listen({ host: '127.0.0.1', port: 0 }));
    const link = await issueFirstRunLink(plinth.platform);
    const made = await fetch(`${url}/v1/first-run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: link?.token, email: EMAIL, password: PASSWORD, organization_name: 'Acme' }),
    });
    key = ((await made.json()) as { api_key: { key: string } }).api_key.key;
    browser = await chromium.launch({ executablePath: chromiumPath as string, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    if (skip) return;
    await browser.close();
    await plinth.close();
    for (const { server } of [application, trusted, foreign]) server.close();
  });

  const open = async (origin: string) => {
    const page = await browser.newPage();
    await page.goto(origin);
    return page;
  };
  const bearer = () => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' });

  it.skipIf(skip)('that is named reads and writes with a key, and is told why something is refused', async () => {
    const page = await open(application.origin);
    const body = JSON.stringify({ name: 'From a page', slug: 'from-a-page' });
    const made = await fetchIn(page, `${url}/v1/projects`, { method: 'POST', headers: bearer(), body });
    expect(made).toMatchObject({ status: 201, body: { slug: 'from-a-page' } });
    expect(await fetchIn(page, `${url}/rest/v1/projects?select=slug`, { headers: bearer() })).toMatchObject({
      body: [{ slug: 'from-a-page' }],
    });
    expect(await fetchIn(page, `${url}/v1/projects`, {})).toMatchObject({ body: { code: 'unauthenticated' } });
  });

  it.skipIf(skip)('that is trusted signs in and has its session', async () => {
    const page = await open(trusted.origin);
    const signIn = await fetchIn(page, `${url}/v1/sign-in`, {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
    });
    expect(signIn).toMatchObject({ status: 200 });
    expect(await fetchIn(page, `${url}/v1/me`, { credentials: 'include' })).toMatchObject({ status: 200 });
    // the same browser, but a page that is not trusted with it
    await page.goto(application.origin);
    expect(await fetchIn(page, `${url}/v1/me`, { credentials: 'include' })).toBe('TypeError: Failed to fetch');
  });

  it.skipIf(skip)('of nobody reads nothing, not even with a key', async () => {
    const page = await open(foreign.origin);
    expect(await fetchIn(page, `${url}/v1/projects`, { headers: bearer() })).toBe('TypeError: Failed to fetch');
  });
});
