/** The page by which a tenant's customer looks after its own endpoints: what it shows, and what it can not reach. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, type Receiver, startReceiver } from '../../src/modules/deliveries/deliveries.fixture.ts';
import { deliverDue } from '../../src/modules/deliveries/send.ts';
import { modules } from '../../src/modules.ts';
import { outbound } from '../../src/platform/net/index.ts';
import { addPerson, type ClockedPlinth, type FirstRun, firstRun, HOST, openPlinthOn } from '../support/plinth.ts';
import { hostileTexts } from './hostile.ts';
import {
  chooseItem,
  chromiumPath,
  describePages,
  expectAccessibleInBoth,
  expectQuiet,
  findingsInAllLooks,
  openBrowser,
  pressInDialog,
  visitAs,
} from './support.ts';

const build_ms_max = 180_000;

/** A page of the tenant's own, with one frame. */
async function startPageWithFrame(): Promise<{ server: Server; origin: string; frames(address: string): void }> {
  let source = '';
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(
      `<!doctype html><title>A tenant</title><iframe title="framed" width="900" height="700" src="${source}"></iframe>`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    frames: (address) => {
      source = address;
    },
  };
}

describe.skipIf(chromiumPath === undefined)('in Chromium', () => {
  describePages('the portal of a customer', (on) => {
    let plinth: ClockedPlinth;
    let owner: FirstRun;
    let browser: Browser;
    let receiver: Receiver;
    let tenant: Awaited<ReturnType<typeof startPageWithFrame>>;
    let stranger: Awaited<ReturnType<typeof startPageWithFrame>>;
    const contexts: BrowserContext[] = [];
    const post = async (path: string, body: unknown = {}) => {
      const made = await plinth.call('POST', path, { key: owner.key, body });
      if (made.status >= 300) throw new Error(made.text);
      return made.body;
    };
    const linkOf = async (customer: string) => {
      const { path } = await post('/v1/event-portal-links', { customer, expires_in_minutes: 15 });
      return `http://${HOST}${path}`;
    };
    beforeAll(async () => {
      [tenant, stranger] = [await startPageWithFrame(), await startPageWithFrame()];
      plinth = await openPlinthOn(on.engine, modules, {
        net: outbound({ allowLoopback: true }),
        config: { portalFrameOrigins: [tenant.origin] },
      });
      owner = await firstRun(plinth);
      receiver = await startReceiver(plinth.clock);
      browser = await openBrowser(plinth);
    }, build_ms_max);
    afterAll(async () => {
      for (const one of contexts) await one.close();
      await browser?.close();
      await plinth?.close();
      await receiver?.close();
      for (const one of [tenant, stranger]) one?.server.close();
    });

    /** A browser that is signed in to the console too: the portal must not act by that. */
    const open = async (): Promise<{ page: Page; asked: { path: string; headers: Record<string, string> }[] }> => {
      const context = await browser.newContext({ reducedMotion: 'reduce' });
      contexts.push(context);
      const [name = '', value = ''] = owner.cookie.split('=');
      await context.addCookies([{ name, value, url: `http://${HOST}` }]);
      context.setDefaultTimeout(15_000);
      const page = await context.newPage();
      const asked: { path: string; headers: Record<string, string> }[] = [];
      page.on('request', async (request) => {
        const { host, pathname } = new URL(request.url());
        if (host === HOST && pathname.startsWith('/v1'))
          asked.push({ path: pathname, headers: await request.allHeaders() });
      });
      return { page, asked };
    };

    it('is opened by a link that is made in the console, and lets a customer do what is its own', async () => {
      const it = await visitAs(browser, { cookie: owner.cookie, slug: owner.slug });
      contexts.push(it.context);
      await it.go('/endpoints');
      await it.page.getByRole('button', { name: 'Customer portal' }).press('Enter');
      await it.page.getByRole('dialog').getByRole('textbox', { name: 'Customer' }).fill('c_1');
      await it.page.keyboard.press('Enter');
      const shown = it.page.getByRole('region', { name: 'Portal link' });
      await shown.waitFor();
      await expectAccessibleInBoth(it.page, 'portal link');
      const href = await shown.innerText();
      expect(href).toMatch(new RegExp(`^http://${HOST}/portal#plp_`));
      expectQuiet(it);

      const { page, asked } = await open();
      await page.goto(href);
      await page.getByText('No endpoints yet').waitFor();
      expect(page.url()).toBe(`http://${HOST}/portal/endpoints`);
      expect(await page.title()).toBe('Endpoints – Webhooks');
      await page.getByRole('link', { name: 'New endpoint' }).first().press('Enter');
      expect(await page.getByLabel(/Rate|Customer|In order by|Timeout/).count()).toBe(0);
      await page.getByLabel('URL').fill(`${receiver.url}/c1`);
      await page.getByLabel('Description').fill(hostileTexts[1]!);
      await page.getByLabel('Event types').fill('order.*');
      await page.getByLabel('URL').press('Enter');
      expect(await page.getByRole('region', { name: 'Signing secret' }).innerText()).toMatch(/^whsec_/);
      await pressInDialog(page, 'I have it');
      await page.getByRole('heading', { level: 1, name: `${receiver.url}/c1` }).waitFor();
      receiver.behave(answer(500, {}, '<b>no</b>'));
      await page.getByRole('button', { name: 'Send a test event' }).press('Enter');
      await page.getByText('No attempt yet').waitFor();
      await deliverDue(plinth.platform);
      await page.getByRole('region', { name: 'Answer to attempt 1' }).getByText('<b>no</b>').waitFor();
      expect(await findingsInAllLooks(page, 'portal delivery')).toEqual({});
      await page.getByRole('link', { name: 'Deliveries' }).press('Enter');
      await page.getByRole('link', { name: 'plinth.endpoint.test (test)' }).waitFor();
      expect(await findingsInAllLooks(page, 'portal deliveries')).toEqual({});
      await page.getByRole('link', { name: 'Endpoints' }).press('Enter');
      await page.getByRole('link', { name: `${receiver.url}/c1` }).waitFor();
      expect(await findingsInAllLooks(page, 'portal endpoints')).toEqual({});
      await page.getByRole('link', { name: `${receiver.url}/c1` }).press('Enter');
      await page.getByText('It is failing').waitFor();
      await page.getByRole('button', { name: 'More' }).press('Enter');
      await chooseItem(page, 'Rotate the secret');
      await pressInDialog(page, 'Rotate');
      await pressInDialog(page, 'I have it');
      await page.getByText('the old secret signs until').waitFor();
      expect(await findingsInAllLooks(page, 'portal endpoint')).toEqual({});
      // loaded anew in this tab it goes on
      await page.reload();
      await page.getByRole('heading', { level: 1, name: `${receiver.url}/c1` }).waitFor();
      expect(asked.length).toBeGreaterThan(5);
      for (const { path, headers } of asked) {
        expect([path, headers['cookie']]).toEqual([expect.stringMatching(/^\/v1\/event-portal/), undefined]);
      }
      expect(await page.evaluate('"hacked" in window')).toBe(false);
    });

    it('shows nothing of another customer or the tenant, and nothing at all without a link or after its time', async () => {
      const { id: theirs } = await post('/v1/event-endpoints', { url: `${receiver.url}/c2`, customer: 'c_2' });
      const { id: own } = await post('/v1/event-endpoints', { url: `${receiver.url}/own` });
      const { page, asked } = await open();
      await page.goto(await linkOf('c_3'));
      await page.getByText('No endpoints yet').waitFor();
      for (const id of [theirs, own]) {
        await page.goto(`http://${HOST}/portal/endpoints/${id}`);
        await page.getByText('There is no such endpoint').waitFor();
      }
      await page.goto(`http://${HOST}/portal`);
      await page.getByText('No endpoints yet').waitFor();
      await page.goto(`http://${HOST}/portal/deliveries`);
      await page.getByText('No deliveries yet').waitFor();
      plinth.clock.advance(16 * 60_000);
      await page.reload();
      await page.getByText('This link is not valid any more').waitFor();
      expect(await findingsInAllLooks(page, 'portal over')).toEqual({});
      for (const hash of ['', '#plp_none', `#${owner.key}`]) {
        const { page: other, asked: theirAsked } = await open();
        await other.goto(`http://${HOST}/portal${hash}`);
        await other.getByText('This link is not valid any more').waitFor();
        expect(new URL(other.url()).hash).toBe('');
        expect(theirAsked.every(({ headers }) => headers['cookie'] === undefined)).toBe(true);
      }
      expect(asked.every(({ path }) => path.startsWith('/v1/event-portal'))).toBe(true);
    });

    it('stands in a frame of the origins that are configured and no others; the console in none', async () => {
      const { page } = await open();
      const framed = page.frameLocator('iframe');
      tenant.frames(await linkOf('c_4'));
      await page.goto(tenant.origin);
      await framed.getByText('No endpoints yet').waitFor();
      await framed.getByRole('link', { name: 'Deliveries' }).press('Enter');
      await framed.getByText('No deliveries yet').waitFor();

      const refused = async (from: typeof tenant, address: string) => {
        const { page: other } = await open();
        const said = other.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
        from.frames(address);
        await other.goto(from.origin);
        await said;
        expect(await other.frameLocator('iframe').getByRole('heading').count()).toBe(0);
      };
      await refused(stranger, await linkOf('c_4'));
      await refused(tenant, `http://${HOST}/o/${owner.slug}/endpoints`);
      await refused(tenant, `http://${HOST}/portals`);
    });

    it('who may only look makes no links', async () => {
      const viewer = await visitAs(browser, {
        cookie: (await addPerson(plinth, owner, 'viewer')).cookie,
        slug: owner.slug,
      });
      contexts.push(viewer.context);
      await viewer.go('/endpoints');
      await viewer.page.getByRole('link', { name: /\/own$/ }).waitFor();
      expect(await viewer.page.getByRole('button', { name: 'Customer portal' }).count()).toBe(0);
    });
  });
});
